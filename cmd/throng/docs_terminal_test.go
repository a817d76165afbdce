package main

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serverTerminal is the name of the terminal that a block "sh server" runs in.
const serverTerminal = "server"

// lineIn is how long a line may take to come that the docs show.
const lineIn = time.Minute

// A terminal runs one command of a page beside the others, as a reader does who
// has several windows.
type terminal struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // closed when the command has ended
	seen  []string
	ended bool
}

// open runs a command in a terminal, in place of what ran there.
func (r *reader) open(name, command string) *terminal {
	r.t.Helper()
	if old := r.terminals[name]; old != nil {
		old.stop()
	}
	cmd := r.command(context.Background(), r.ports.Replace(command))
	stdin, err := cmd.StdinPipe()
	r.must(err)
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	r.must(cmd.Start())
	t := &terminal{t: r.t, cmd: cmd, stdin: stdin, lines: make(chan string, 1<<16)}
	go func() {
		_ = cmd.Wait()
		w.Close()
	}()
	go func() {
		defer close(t.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			t.lines <- in.Text()
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	r.terminals[name] = t
	return t
}

// serve runs a block in the server's terminal, which stays in the checkout, and waits
// until it serves.
func (r *reader) serve(b *block) {
	r.t.Helper()
	r.open(serverTerminal, b.text).expect(b, "ready client=…", true)
}

// console runs what a terminal shows: "$ " begins a command, "> " what is typed,
// ^C and ^D are keys, and the rest must be printed.
func (r *reader) console(b *block) {
	r.t.Helper()
	skip := false
	for _, line := range lines(r.ports.Replace(b.text)) {
		command, starts := strings.CutPrefix(line, "$ ")
		typed, types := strings.CutPrefix(line, "> ")
		t := r.terminals[b.word]
		if t == nil && !starts {
			r.t.Fatalf("%s: nothing runs in the terminal %q", b.at(), b.word)
		}
		switch {
		case starts:
			r.open(b.word, r.resume()+command)
		case types:
			if _, err := io.WriteString(t.stdin, typed+"\n"); err != nil {
				r.t.Fatalf("%s: type %q: %v", b.at(), typed, err)
			}
		case line == "^C":
			t.signal(syscall.SIGINT)
		case line == "^D":
			t.stdin.Close()
		case line == "…":
			skip = true
			continue
		default:
			t.expect(b, line, skip)
		}
		skip = false
	}
}

// expect waits for the next line to be what is shown, or with skip for any line
// that is.
func (t *terminal) expect(b *block, shown string, skip bool) {
	t.t.Helper()
	timeout := time.NewTimer(lineIn)
	defer timeout.Stop()
	for {
		select {
		case line, ok := <-t.lines:
			t.seen = append(t.seen, line)
			switch {
			case ok && lineMatches(shown, line):
				return
			case !ok || !skip:
				t.t.Fatalf("%s shows %q; it printed\n%s", b.at(), shown, strings.Join(t.seen, "\n"))
			}
		case <-timeout.C:
			t.t.Fatalf("%s shows %q, which does not come; it printed\n%s", b.at(), shown,
				strings.Join(t.seen, "\n"))
		}
	}
}

// signal sends a signal to all that the command started.
func (t *terminal) signal(sig syscall.Signal) { _ = syscall.Kill(-t.cmd.Process.Pid, sig) }

// kill ends the command the hard way.
func (t *terminal) kill() {
	t.signal(syscall.SIGKILL)
	t.wait(0)
}

// stop ends the command as Ctrl-C does.
func (t *terminal) stop() {
	if !t.ended {
		t.signal(syscall.SIGINT)
		t.wait(20 * time.Second)
	}
}

func (t *terminal) wait(patience time.Duration) {
	if patience > 0 {
		kill := time.AfterFunc(patience, func() { t.signal(syscall.SIGKILL) })
		defer kill.Stop()
	}
	for range t.lines {
	}
	t.ended = true
}
