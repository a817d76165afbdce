package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/bench/demo"
)

// openTerminal returns both ends of a terminal of a size: what a person has, and what a
// program.
func openTerminal(t *testing.T, rows, columns uint16) (person, program *os.File) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	must(err)
	t.Cleanup(func() { person.Close() })
	must(unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	must(err)
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(err)
	t.Cleanup(func() { program.Close() })
	must(unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ,
		&unix.Winsize{Row: rows, Col: columns}))
	return person, program
}

// readUntil reads what a person sees, up to a text.
func readUntil(t *testing.T, person *os.File, end string) string {
	t.Helper()
	var seen strings.Builder
	b := make([]byte, 1)
	for !strings.HasSuffix(seen.String(), end) {
		if _, err := person.Read(b); err != nil {
			t.Fatalf("%v behind %q", err, seen.String())
		}
		seen.Write(b)
	}
	return seen.String()
}

// TestScreenFits: what is drawn is no longer than the terminal, so that it does not
// scroll, and begins with what ends it.
func TestScreenFits(t *testing.T) {
	f := demo.Frame{Addr: "127.0.0.1:7400", KeyFile: "/tmp/server.key"}
	for _, rows := range []uint16{1, 2, 5, 23, 24, 60} {
		person, program := openTerminal(t, rows, 80)
		_, s, err := openScreen(t.Context(), program, program)
		if err != nil {
			t.Fatal(err)
		}
		s.draw(f)
		text := readUntil(t, person, rest)
		if n := strings.Count(text, "\n"); n >= int(rows) || rows >= 24 && n != 23 {
			t.Errorf("%d line ends on a terminal of %d rows", n, rows)
		}
		if !strings.Contains(text, "q ends it") || rows > 2 && !strings.Contains(text, f.Addr) {
			t.Errorf("%d rows have %q", rows, text)
		}
		s.close()
	}
}

// TestScreenIsGivenBack: once the show has ended, however, the terminal is as it was, and
// nothing is drawn any more. A second signal may then end the process at once.
func TestScreenIsGivenBack(t *testing.T) {
	for name, end := range map[string]func(cancel func(), person *os.File){
		"a signal": func(cancel func(), _ *os.File) { cancel() },
		"q":        func(_ func(), person *os.File) { _, _ = person.WriteString("xq") },
	} {
		person, program := openTerminal(t, 24, 80)
		before, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		showing, s, err := openScreen(ctx, program, program)
		if err != nil {
			t.Fatal(err)
		}
		readUntil(t, person, screenOn)
		end(cancel, person)
		<-showing.Done()
		readUntil(t, person, screenOff)
		s.draw(demo.Frame{})
		s.close()
		fmt.Fprint(program, "said")
		if text := readUntil(t, person, "said"); text != "said" {
			t.Errorf("%s: drawn after the end: %q", name, text)
		}
		after, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		if err != nil || *after != *before {
			t.Errorf("%s: the terminal is %+v, was %+v, %v", name, after, before, err)
		}
		cancel()
	}
}

// TestScreenOf: a screen is drawn on terminals alone that can move their cursor.
func TestScreenOf(t *testing.T) {
	_, program := openTerminal(t, 24, 80)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Setenv("TERM", "xterm")
	if _, ok := screenOf(program); !ok {
		t.Error("a terminal was not taken for one")
	}
	if _, ok := screenOf(null); ok {
		t.Error("the null device was taken for a terminal")
	}
	t.Setenv("TERM", "dumb")
	if _, ok := screenOf(program); ok {
		t.Error("a dumb terminal was taken for one that moves its cursor")
	}
}
