package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var quiet = slog.New(slog.DiscardHandler)

func TestServerKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first, err := serverSecret.open(quiet, "", dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := serverSecret.open(quiet, "", dir)
	if err != nil || again != first {
		t.Errorf("the second start has another key (%v)", err)
	}
	if len(first) != 2*keyBytes || strings.Trim(first, "0123456789abcdef") != "" {
		t.Errorf("the key %q is not %d hexadecimal digits", first, 2*keyBytes)
	}
	info, err := os.Stat(filepath.Join(dir, "server.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file is %v, want -rw------- (%v)", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left, want the key alone", len(files))
	}
}

// TestServerKeyRace: starts at the same moment agree on one key.
func TestServerKeyRace(t *testing.T) {
	dir := t.TempDir()
	keys := make([]string, 8)
	var starts sync.WaitGroup
	for i := range keys {
		starts.Go(func() {
			key, err := serverSecret.open(quiet, "", dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	starts.Wait()
	for _, key := range keys {
		if key != keys[0] {
			t.Fatalf("two keys: %s and %s", key, keys[0])
		}
	}
}

func TestServerKeyFromFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "key")
	if _, err := serverSecret.open(quiet, file, dir); err == nil {
		t.Error("a key file that is not there was made")
	}
	for _, bad := range []string{"", "secret", strings.Repeat("ab", keyBytes-1), strings.Repeat("xy", keyBytes)} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := serverSecret.open(quiet, file, dir); err == nil || !strings.Contains(err.Error(), "openssl rand") {
			t.Errorf("the key %q: %v, want an error that says how to make one", bad, err)
		}
	}
	want := strings.Repeat("5a", keyBytes)
	if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := serverSecret.open(quiet, file, dir); err != nil || got != want {
		t.Errorf("the key came back as %q, %v", got, err)
	}
}

// TestWarnOpen: only a file that everybody can read is warned of, by its name alone.
func TestWarnOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("what is in it"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := configIn(t.TempDir())
	c.Node.ServerKeyFile = file
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		warnOpen(slog.New(slog.NewTextHandler(&out, nil)), c)
		if got := strings.Contains(out.String(), "key=server_key_file"); got != want ||
			strings.Contains(out.String(), "what") {
			t.Errorf("mode %v: %s", mode, out.String())
		}
	}
}
