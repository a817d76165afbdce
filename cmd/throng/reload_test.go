package main

import (
	"bufio"
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// TestReload: what may be is taken over, the rest named, and of a bad
// configuration nothing.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "throng.yaml")
	var out bytes.Buffer
	var levels []string
	r := &reloader{
		load: func() (*config.Config, error) {
			text, err := os.ReadFile(file)
			if err == nil && string(text) == "gone" {
				return nil, errors.New("read the configuration: gone")
			}
			return loadConfig(config.Sources{File: file})
		},
		now:   config.Default(),
		apply: func(was, is *config.Config) { levels = append(levels, was.Logs.LevelName+" "+is.Logs.LevelName) },
		log:   slog.New(slog.NewTextHandler(&out, nil)),
	}
	const took, refused = "reloaded a key", "the configuration was not reloaded"
	for _, step := range []struct {
		file  string
		level string // before and after; "" when nothing is applied
		said  []string
	}{
		{"log_level: debug", "info debug", []string{took + ` of the configuration" key=log_level old=info new=debug`}},
		{"log_level: debug", "debug debug", []string{"nothing has changed"}},
		{"log_level: warn\nshards: x\nfoo: 1", "", []string{refused, "shards x", refused, "no key"}},
		{"gone", "", []string{refused, "gone"}},
		{"shards: 3", "debug info",
			[]string{"next start only", "key=shards now=0 then=3", "key=log_level old=debug new=info"}},
		{"shards: 3", "info info", []string{"next start only", "key=shards now=0 then=3"}},
	} {
		if err := os.WriteFile(file, []byte(step.file), 0o600); err != nil {
			t.Fatal(err)
		}
		levels = nil
		out.Reset()
		r.reload()
		if got := strings.Join(levels, "|"); got != step.level {
			t.Errorf("%q: applied %q, want %q", step.file, got, step.level)
		}
		rest := out.String()
		for _, want := range step.said {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%q: said %s, which lacks %q, in this order", step.file, out.String(), want)
			}
			rest = after
		}
	}
	if r.now.Node.Shards != 0 || r.now.Logs.LevelName != "info" {
		t.Errorf("in the end it is %+v", r.now)
	}
}

// TestServeReloads sends SIGHUP to a node.
func TestServeReloads(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "throng.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("log_level: warn")
	lines, process := startLogged(t, filepath.Join(dir, "data"), "--config", file)
	for _, step := range []struct{ file, want string }{
		{"log_level: loud", "not reloaded"},
		{"log_level: info\nshards: 1000", "next start only"},
		{"log_level: debug\nshards: 1000", `"key":"log_level","old":"info","new":"debug"`},
	} {
		write(step.file)
		if err := process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for !strings.Contains(lines.Text(), step.want) && lines.Scan() {
		}
		if err := lines.Err(); err != nil || !strings.Contains(lines.Text(), step.want) {
			t.Fatalf("after %q the last line was %q (%v)", step.file, lines.Text(), err)
		}
	}
}

// TestReloadRates: a rate of requests that comes by SIGHUP is in force.
func TestReloadRates(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "throng.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("session_requests_per_second: 0\nuser_requests_per_second: 0")
	v := &victim{t: t, dir: filepath.Join(dir, "data")}
	v.addr, v.process = startProcess(t, v.dir, "--config", file)
	g := (&abuser{T: t, victim: v}).login()
	for range 100 {
		g.works()
	}
	write("session_requests_per_second: 1\nsession_requests_burst: 1")
	if err := v.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for code := fault.OK; code != fault.ResourceExhausted; { // or the patience is over
		code = g.code(g.reply(g.send(wire.KindPing, []byte{0x90})))
	}
}

// startLogged is startProcess, and returns the log of the process.
func startLogged(t *testing.T, dir string, flags ...string) (*bufio.Scanner, *os.Process) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	_, process := startProcessTo(t, w, dir, flags...)
	w.Close()
	return bufio.NewScanner(r), process
}
