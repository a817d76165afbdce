package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/bench/demo"
)

// lineEvery is how often a line is printed where there is no terminal.
const lineEvery = 5 * time.Second

// What a terminal is told: the other screen, without a cursor, lines cut at its edge;
// and back; the first place; the rest of a line, and of the screen, empty.
const (
	screenOn  = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	screenOff = "\x1b[?7h\x1b[?25h\x1b[?1049l"
	topLeft   = "\x1b[H"
	lineEnd   = "\x1b[K\r\n"
	rest      = "\x1b[K\x1b[J"
)

// screen is a terminal that frames are drawn on.
type screen struct {
	out   *os.File
	in    *os.File
	saved *unix.Termios // nil: the input is no terminal

	mu     sync.Mutex
	closed bool
}

// screenOf returns the terminal behind out, if it is one that can move its cursor.
func screenOf(out io.Writer) (*os.File, bool) {
	f, ok := out.(*os.File)
	if !ok || slices.Contains([]string{"", "dumb"}, os.Getenv("TERM")) {
		return nil, false
	}
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return f, err == nil
}

// openScreen takes the terminal. The context that it returns ends with ctx, or when q
// is typed; the terminal is then given back. Who waits for keys does so until the
// process ends: a read of a terminal cannot be ended otherwise.
func openScreen(
	ctx context.Context, out, in *os.File,
) (context.Context, *screen, error) {
	s := &screen{out: out, in: in}
	saved, err := unix.IoctlGetTermios(int(in.Fd()), unix.TCGETS)
	switch {
	case err == nil:
		now := *saved
		now.Lflag &^= unix.ICANON | unix.ECHO // keys at once, and unseen
		if err := unix.IoctlSetTermios(int(in.Fd()), unix.TCSETS, &now); err != nil {
			return nil, nil, fmt.Errorf("set the terminal: %w", err)
		}
		s.saved = saved
		var quit context.CancelFunc
		ctx, quit = context.WithCancel(ctx)
		go waitForQ(in, quit)
	case !errors.Is(err, unix.ENOTTY):
		return nil, nil, fmt.Errorf("ask for the terminal's settings: %w", err)
	}
	fmt.Fprint(out, screenOn)
	// What follows the show takes a while, and a second signal ends the process.
	context.AfterFunc(ctx, s.close)
	return ctx, s, nil
}

func waitForQ(in io.Reader, quit func()) {
	key := make([]byte, 1)
	for {
		if _, err := in.Read(key); err != nil {
			return
		}
		if key[0] == 'q' || key[0] == 'Q' {
			quit()
			return
		}
	}
}

// close gives the terminal back as it was. It may be called more than once.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	fmt.Fprint(s.out, screenOff)
	if s.saved != nil {
		_ = unix.IoctlSetTermios(int(s.in.Fd()), unix.TCSETS, s.saved)
	}
}

func (s *screen) draw(f demo.Frame) {
	rows := 0
	if size, err := unix.IoctlGetWinsize(int(s.out.Fd()), unix.TIOCGWINSZ); err == nil {
		rows = int(size.Row)
	}
	text := strings.Join(fitting(demoScreen(&f), rows), lineEnd)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		fmt.Fprint(s.out, topLeft+text+rest)
	}
}

// fitting returns the lines of a screen that there are rows for, 0 of them being any
// number: the first ones, and the last two, which say where to connect.
func fitting(text string, rows int) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if rows <= 0 || len(lines) <= rows {
		return lines
	}
	last := min(2, rows-1)
	return slices.Concat(lines[:rows-last], lines[len(lines)-last:])
}

// demoScreen is a frame as people read it.
func demoScreen(f *demo.Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "throng demo   %s   q ends it\n\n", f.Elapsed.Round(time.Second))
	fmt.Fprintf(&b, "  sessions          %8d\n", f.Sessions)
	fmt.Fprintf(&b, "  messages          %8.0f /s   on disk before they are acknowledged\n",
		f.Messages)
	fmt.Fprintf(&b, "  scores            %8.0f /s\n", f.Scores)
	fmt.Fprintf(&b, "  pushes            %8.0f /s\n", f.Pushes)
	fmt.Fprintf(&b, "  acknowledged in   %8s p50   %s p99\n\n", inMillis(f.P50), inMillis(f.P99))
	b.WriteString("  the best\n")
	for i := range demo.TopMax {
		if i < len(f.Top) {
			r := f.Top[i]
			fmt.Fprintf(&b, "  %3d  %-12s %10d", r.Rank, printable(r.Name), r.Score)
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n  in one of the rooms\n")
	for i := range demo.LinesMax {
		if i < len(f.Lines) {
			b.WriteString("  " + printable(f.Lines[i]))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n  your own client:  %s\n", f.Addr)
	if f.KeyFile != "" {
		fmt.Fprintf(&b, "  the server key:   %s\n", f.KeyFile)
	}
	return b.String()
}

// demoLine is a frame where there is no terminal.
func demoLine(f *demo.Frame) string {
	return fmt.Sprintf("%3.0f s  sessions=%d messages/s=%.0f scores/s=%.0f pushes/s=%.0f "+
		"p50=%s p99=%s addr=%s", f.Elapsed.Seconds(), f.Sessions, f.Messages, f.Scores, f.Pushes,
		inMillis(f.P50), inMillis(f.P99), f.Addr)
}

func inMillis(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// printable is a text without what would move the cursor: on a server that others
// use, a line may be anybody's.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
