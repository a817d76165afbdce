package logging

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// notes is a handler that keeps what it is given.
type notes struct{ records []slog.Record }

func (n *notes) Enabled(context.Context, slog.Level) bool { return true }
func (n *notes) WithAttrs([]slog.Attr) slog.Handler       { return n }
func (n *notes) WithGroup(string) slog.Handler            { return n }
func (n *notes) Handle(_ context.Context, r slog.Record) error {
	n.records = append(n.records, r)
	return nil
}

// take returns what was written, and forgets it.
func (n *notes) take() (said []string) {
	for _, r := range n.records {
		line := r.Message
		r.Attrs(func(a slog.Attr) bool {
			line += " " + a.String()
			return true
		})
		said = append(said, line)
	}
	n.records = nil
	return said
}

func TestLimiter(t *testing.T) {
	now := time.Unix(1000, 0)
	out := &notes{}
	limiter := NewLimiter(out, 2, func() time.Time { return now })
	log := slog.New(limiter.Handler())
	expect := func(want ...string) {
		t.Helper()
		if got := out.take(); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("written %q, want %q", got, want)
		}
	}
	for i := range 5 {
		log.With("of", i).Info("a", "i", i)
	}
	log.Warn("a") // another level is another message
	log.Info("b")
	expect("a i=0", "a i=1", "a", "b")

	now = now.Add(Window - 1)
	limiter.Flush()
	log.Info("a")
	expect()
	now = now.Add(1)
	log.Info("b") // any record tells what was dropped
	expect("… and 4 more like it were dropped message=a", "b")
	log.Info("a")
	log.Info("a")
	log.Info("a")
	expect("a", "a")
	now = now.Add(Window)
	limiter.Flush()
	limiter.Flush()
	expect("… and 1 more like it were dropped message=a")

	for range 3 {
		log.Info("c")
	}
	limiter.Close()
	expect("c", "c", "… and 1 more like it were dropped message=c")
	limiter.Allow(0)
	for range 3 {
		log.Info("d")
	}
	expect("d", "d", "d")
}

// TestLimiterCounts: whatever is logged, all of it is written or counted, no message
// more often than allowed, and what is remembered is bounded.
func TestLimiterCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1000, 0)
		out := &notes{}
		most := rapid.IntRange(1, 3).Draw(t, "most")
		limiter := NewLimiter(out, most, func() time.Time { return now })
		log := slog.New(limiter.Handler())
		kinds := rapid.SampledFrom([]int{1, 3, 2 * MessagesMax}).Draw(t, "kinds")
		logged, writtenMax := 0, most
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			for range rapid.IntRange(0, 40).Draw(t, "records") {
				log.Info(fmt.Sprint(rapid.IntRange(1, kinds).Draw(t, "kind")))
				logged++
			}
			if len(limiter.windows) > MessagesMax || len(limiter.order) != len(limiter.windows) {
				t.Fatalf("%d windows, %d in order", len(limiter.windows), len(limiter.order))
			}
			if rapid.Bool().Draw(t, "later") {
				now = now.Add(Window)
				writtenMax += most
			}
		}
		limiter.Close()
		written, dropped := map[string]int{}, 0
		for _, r := range out.records {
			var n int
			if _, err := fmt.Sscanf(r.Message, "… and %d more", &n); err == nil {
				dropped += n
			} else {
				written[r.Message]++
			}
		}
		for text, n := range written {
			if n > writtenMax {
				t.Fatalf("%s was written %d times, want at most %d", text, n, writtenMax)
			}
			logged -= n
		}
		if logged != dropped {
			t.Fatalf("%d were not written, and %d counted", logged, dropped)
		}
	})
}

func TestLimiterForgetsNoneAtTheBound(t *testing.T) {
	now := time.Unix(1000, 0)
	out := &notes{}
	limiter := NewLimiter(out, 1, func() time.Time { return now })
	log := slog.New(limiter.Handler())
	for i := range 3 * MessagesMax {
		log.Info(fmt.Sprint(i))
	}
	if len(limiter.windows) != MessagesMax || len(out.take()) != MessagesMax {
		t.Errorf("%d windows, want %d", len(limiter.windows), MessagesMax)
	}
	limiter.Close()
	want := fmt.Sprintf("… and %d more like it were dropped message=one of many messages", 2*MessagesMax)
	if got := out.take(); len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
}
