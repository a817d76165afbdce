package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/demo"
)

// TestDemo: a small crowd, on a server of its own and on one that runs; all that was
// acknowledged is found, and a server of its own leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		o := demo.Defaults()
		frames := 0
		o.Bots, o.Seconds, o.Every, o.Server.Own = 25, 1.2, 300*time.Millisecond, own(t)
		if running {
			dir := t.TempDir()
			o.Server.Addr, o.Server.ServerKeyFile = startServer(t, dir), dir+"/server.key"
		}
		o.Draw = func(f demo.Frame) {
			if frames++; f.Sessions != o.Bots || f.Addr == "" || (f.KeyFile == "") != running {
				t.Errorf("frame %d: %+v", frames, f)
			}
		}
		s, err := demo.Run(context.Background(), o)
		if err != nil || len(s.Wrong) > 0 || s.Unknown > 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		if frames < 2 || s.Messages == 0 || s.MessagesRead != s.Messages || s.PointsRead != s.PointsAcked ||
			s.PointsRead == 0 || s.Pushes < s.Messages {
			t.Errorf("%d frames, %+v", frames, s)
		}
	}
}

func TestDemoScreen(t *testing.T) {
	f := demo.Frame{
		Addr: "127.0.0.1:7400", Sessions: 200, Scores: 512, P99: 3200 * time.Microsecond,
		Top: []demo.Standing{{Rank: 1, Name: "ada-0", Score: 70}}, Lines: []string{"ada: \x1b[2Jhello"},
	}
	text := demoScreen(&f)
	for _, want := range []string{"200\n", "512 /s", "3.2 ms p99", "ada-0", "ada: ?[2Jhello", "127.0.0.1:7400\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	empty := demoScreen(&demo.Frame{})
	if strings.Count(text, "\n") != strings.Count(empty, "\n") {
		t.Error("the screen jumps when there is less to show")
	}
}

func TestDemoSummary(t *testing.T) {
	s := demo.Summary{Messages: 3, MessagesRead: 2, Unknown: 1, Wrong: []string{"room x"}}
	for _, want := range []string{"2 of 3 messages", "WRONG: room x", "1 calls had an unknown"} {
		if text := demoSummary(&s); !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}
