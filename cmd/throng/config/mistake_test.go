package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOddFiles: what is in a file and should not be has its line.
func TestOddFiles(t *testing.T) {
	for text, want := range map[string]string{
		"shards: 1\ndata_dir: caf\xe9\n":            ":2: this is no YAML",
		"shards: 1\nlog_level: info\x00\n":          ":2: this is no YAML",
		"jwt_issuer: !env ISSUER":                   ":1: jwt_issuer has a tag, !env: write the value alone",
		"server_key: x":                             `:1: there is no key "server_key": did you mean server_key_file?`,
		"client_addr: '127.0.0.1:'":                 `:1: client_addr "127.0.0.1:": there is no port ""`,
		"http_addr: 127.0.0.1:7400":                 ":1: http_addr 127.0.0.1:7400: clients are served on port 7400",
		"client_addr: :80\nhttp_addr: 127.0.0.1:80": ":2: http_addr 127.0.0.1:80: clients are served on port 80 of :80",
	} {
		file := written(t, text)
		if _, err := Load(Sources{File: file}); err == nil || !strings.Contains(err.Error(), file+want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestNoFile: what would be waited for is refused, so that a reload does not hang.
func TestNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{pipe, t.TempDir()} {
		if _, err := Load(Sources{File: file}); err == nil || !strings.Contains(err.Error(), file+" is no file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestPortsApart: the same port of other addresses, any free one, and no HTTP are right.
func TestPortsApart(t *testing.T) {
	for _, text := range []string{
		"client_addr: 127.0.0.1:0\nhttp_addr: 127.0.0.1:0", "client_addr: 127.0.0.1:80\nhttp_addr: 127.0.0.2:80",
		"client_addr: 127.0.0.1:80\nhttp_addr: ''", "client_addr: :80\nhttp_addr: :81",
	} {
		if _, err := Load(Sources{File: written(t, text)}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestManyMistakes: of the file of another program not every line is told.
func TestManyMistakes(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	_, err := Load(Sources{File: written(t, b.String())})
	if err == nil {
		t.Fatal("20,000 unknown keys were taken")
	}
	text := err.Error()
	if !strings.HasPrefix(text, "20000 mistakes") || !strings.HasSuffix(text, "… and 19900 more") ||
		strings.Count(text, "\n") != toldMax+1 {
		t.Errorf("%d bytes, beginning with %.200s", len(text), text)
	}
}
