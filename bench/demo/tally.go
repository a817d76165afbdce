package demo

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally is what all bots did together.
type tally struct {
	sessions, messages, scores, pushes, unknown atomic.Int64

	mu    sync.Mutex
	took  *hdrhistogram.Histogram // acknowledgements since the last frame, in µs
	total *hdrhistogram.Histogram // and those before
	lines []string                // the last of the room that is shown
}

func newTally() *tally {
	return &tally{took: newTimes(), total: newTimes()}
}

// newTimes returns a histogram of times from a microsecond to a minute.
func newTimes() *hdrhistogram.Histogram { return hdrhistogram.New(1, 60_000_000, 2) }

// acked notes an acknowledgement that was waited for since begin.
func (t *tally) acked(begin time.Time) {
	micros := min(max(time.Since(begin).Microseconds(), 1), t.took.HighestTrackableValue())
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.took.RecordValue(micros) // it is within the bounds
}

// heard notes a chat line.
func (t *tally) heard(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines = append(t.lines, line); len(t.lines) > LinesMax {
		t.lines = t.lines[1:]
	}
}

// marks are counts at the time of a frame.
type marks struct {
	at                       time.Time
	messages, scores, pushes int64
}

func (t *tally) mark() marks {
	return marks{time.Now(), t.messages.Load(), t.scores.Load(), t.pushes.Load()}
}

// frame returns what happened since the frame before.
func (t *tally) frame(before, now marks) Frame {
	seconds := max(now.at.Sub(before.at).Seconds(), 1e-3)
	f := Frame{
		Sessions: int(t.sessions.Load()),
		Messages: float64(now.messages-before.messages) / seconds,
		Scores:   float64(now.scores-before.scores) / seconds,
		Pushes:   float64(now.pushes-before.pushes) / seconds,
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f.P50 = time.Duration(t.took.ValueAtQuantile(50)) * time.Microsecond
	f.P99 = time.Duration(t.took.ValueAtQuantile(99)) * time.Microsecond
	t.total.Merge(t.took)
	t.took.Reset()
	f.Lines = append(f.Lines, t.lines...)
	return f
}
