package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	// blockIn is how long a block may run.
	blockIn = 2 * time.Minute
	// clientPort and httpPort are the ports that the docs speak of.
	clientPort, httpPort = "127.0.0.1:7400", "127.0.0.1:7401"
)

// A reader does what one page says, block by block, in a directory like a checkout of the
// repository whose bin/throng is the test binary. The ports of the docs are
// replaced by free ones.
type reader struct {
	t         *testing.T
	dir       string // the checkout; a page may make directories beside it
	env       []string
	state     string // a script that brings a shell back to where the last one was
	ports     *strings.Replacer
	printed   string // by the last block of sh
	terminals map[string]*terminal
}

func newReader(t *testing.T) *reader {
	t.Helper()
	top := t.TempDir()
	r := &reader{
		t: t, dir: filepath.Join(top, "throng"), state: filepath.Join(top, "state.sh"),
		terminals: map[string]*terminal{},
	}
	client, http := freeAddr(t), freeAddr(t)
	_, clientNumber, _ := net.SplitHostPort(client)
	_, httpNumber, _ := net.SplitHostPort(http)
	r.ports = strings.NewReplacer(clientPort, client, httpPort, http,
		"localhost:7400", client, "localhost:7401", http, ":7400", ":"+clientNumber, ":7401", ":"+httpNumber)
	r.env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -trimpath"),
		"GOPROXY=off", "CGO_ENABLED=0", "HOME="+home(t, top), "PATH="+filepath.Join(top, "path")+":"+os.Getenv("PATH"))
	r.checkout(top, client, http)
	t.Cleanup(r.end)
	return r
}

// checkout makes a directory like the repository's.
func (r *reader) checkout(top, client, http string) {
	entries, err := os.ReadDir(root)
	r.must(err)
	bin := filepath.Join(r.dir, "bin")
	r.must(os.MkdirAll(bin, 0o700), os.Mkdir(filepath.Join(top, "path"), 0o700))
	for _, e := range entries {
		switch e.Name() {
		case ".git", "bin", "data", "dist":
		default:
			target, err := filepath.Abs(filepath.Join(root, e.Name()))
			r.must(err, os.Symlink(target, filepath.Join(r.dir, e.Name())))
		}
	}
	throng, err := exec.LookPath("throng")
	r.must(err)
	script(r.t, filepath.Join(bin, "throng"), `case $1 in
serve) shift; exec `+throng+` serve --client-addr `+client+` --http-addr `+http+` "$@" ;;
*) exec `+throng+` "$@" ;;
esac`)
	// What make would build is there.
	script(r.t, filepath.Join(top, "path", "make"), `exec `+lookPath(r.t, "make")+` -o build "$@"`)
}

func (r *reader) must(errs ...error) {
	r.t.Helper()
	if err := errors.Join(errs...); err != nil {
		r.t.Fatal(err)
	}
}

// run does with a block what its fence says.
func (r *reader) run(b *block) {
	r.t.Helper()
	switch {
	case b.word == "crash":
		r.terminals[serverTerminal].kill()
	case b.why != "":
	case b.lang == "sh" && b.word == "server":
		r.serve(b)
	case b.lang == "sh":
		r.shell(b)
	case b.lang == "console":
		r.console(b)
	case b.lang == "output":
		if shown := r.ports.Replace(b.text); !matches(lines(shown), lines(r.printed)) {
			r.t.Fatalf("%s shows\n%swhere this was printed\n%s", b.at(), shown, r.printed)
		}
	case b.opts["file"] != "":
		r.file(b)
	}
}

// shell runs a block where the last one ended: its directory and its exported
// variables are kept.
func (r *reader) shell(b *block) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), blockIn)
	defer cancel()
	text := r.ports.Replace(b.text) + "{ export -p; printf 'OLDPWD=%q; cd %q\\n' \"$OLDPWD\" \"$PWD\"; } >" + r.state
	cmd := r.command(ctx, r.resume()+text)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		r.t.Fatalf("%s: %v\n%s\n%s%s", b.at(), err, b.text, &stdout, &stderr)
	}
	r.printed = stdout.String()
}

// command is bash with a script, in a process group of its own.
func (r *reader) command(ctx context.Context, text string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-eu", "-o", "pipefail", "-c", text)
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// resume is what brings a shell to where the last one ended.
func (r *reader) resume() string {
	if _, err := os.Stat(r.state); err != nil {
		return ""
	}
	return ". " + r.state + "\n"
}

// file writes a block to the file that its fence names; the page must have named
// it, or who copies does not know where to.
func (r *reader) file(b *block) {
	r.t.Helper()
	page, err := os.ReadFile(filepath.Join(root, b.page))
	r.must(err)
	before := strings.Join(strings.SplitAfter(string(page), "\n")[:b.line-1], "")
	if !strings.Contains(before, "`"+b.opts["file"]+"`") {
		r.t.Fatalf("%s: the page does not say above that this is `%s`", b.at(), b.opts["file"])
	}
	r.must(os.WriteFile(filepath.Join(r.here(), b.opts["file"]), []byte(r.ports.Replace(b.text)), 0o600))
}

// here is the directory in which the next block of sh runs.
func (r *reader) here() string {
	out, err := r.command(context.Background(), r.resume()+"pwd").Output()
	r.must(err)
	return strings.TrimSpace(string(out))
}

func (r *reader) end() {
	for _, t := range r.terminals {
		t.stop()
	}
}

// home is a directory for what tools keep, where Go finds its caches again.
func home(t *testing.T, top string) string {
	t.Helper()
	dir := filepath.Join(top, "home")
	if err := os.MkdirAll(filepath.Join(dir, ".config", "go"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	found := lines(string(out))
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	settings := fmt.Sprintf("GOCACHE=%s\nGOMODCACHE=%s\n", found[0], found[1])
	if err := os.WriteFile(filepath.Join(dir, ".config", "go", "env"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// lastPort counts the ports that freeAddr has given out.
var lastPort atomic.Int32

// freeAddr returns an address on which nothing listens, with a port below those
// that the system gives out by itself: nobody else takes it meanwhile.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := 18000 + (int32(os.Getpid())*16+lastPort.Add(1))%14000
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

func script(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
