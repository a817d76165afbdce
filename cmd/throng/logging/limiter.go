package logging

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Window is how long a message is counted before it may be written again.
	Window = 10 * time.Second
	// MessagesMax is how many messages are told apart within a window.
	MessagesMax = 256
)

// A Limiter keeps messages from being written too often.
type Limiter struct {
	out  slog.Handler
	now  func() time.Time
	most atomic.Int64 // records of a message within a window; 0: all

	mu      sync.Mutex
	windows map[message]*window
	order   []*window // the same, those that end first in front
}

// A message is what records have in common that are counted together. The zero
// value stands for all that are not told apart.
type message struct {
	level slog.Level
	text  string
}

// A window counts one message.
type window struct {
	message message
	ends    time.Time
	written int64
	dropped int64
}

// NewLimiter returns a limiter before out that lets most records of a message
// through in each Window; 0 is all of them.
func NewLimiter(out slog.Handler, most int, now func() time.Time) *Limiter {
	l := &Limiter{out: out, now: now, windows: map[message]*window{}}
	l.Allow(most)
	return l
}

// Allow changes how many records of a message are let through; 0 is all of them.
func (l *Limiter) Allow(most int) { l.most.Store(int64(most)) }

// Handler returns the handler that loggers write to.
func (l *Limiter) Handler() slog.Handler { return &handler{limiter: l, out: l.out} }

// Flush writes the counts of the windows that have ended.
func (l *Limiter) Flush() { l.say(l.take(l.now())) }

// Close writes the counts of all windows. What is logged afterwards is counted anew.
func (l *Limiter) Close() { l.say(l.take(l.now().Add(Window))) }

// take forgets the windows that have ended by then, and returns them.
func (l *Limiter) take(by time.Time) []*window {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended(by)
}

// ended is take for who holds the lock.
func (l *Limiter) ended(by time.Time) []*window {
	n := 0
	for n < len(l.order) && !l.order[n].ends.After(by) {
		delete(l.windows, l.order[n].message)
		n++
	}
	ended := l.order[:n:n]
	l.order = l.order[n:]
	return ended
}

// admit counts a record, and says whether it may be written. The windows have
// ended, and are to be told first.
func (l *Limiter) admit(m message) (may bool, ended []*window) {
	now := l.now()
	most := l.most.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	ended = l.ended(now)
	if most == 0 {
		return true, ended
	}
	w := l.windows[m]
	if w == nil && len(l.windows) >= MessagesMax-1 { // one is for all others
		m = message{}
		w = l.windows[m]
	}
	if w == nil {
		w = &window{message: m, ends: now.Add(Window)}
		l.windows[m] = w
		l.order = append(l.order, w)
	}
	if w.written >= most {
		w.dropped++
		return false, ended
	}
	w.written++
	return true, ended
}

// say writes what was dropped in windows.
func (l *Limiter) say(ended []*window) {
	for _, w := range ended {
		if w.dropped == 0 {
			continue
		}
		level, text := w.message.level, w.message.text
		if w.message == (message{}) {
			level, text = slog.LevelWarn, "one of many messages"
		}
		r := slog.NewRecord(l.now(), level,
			fmt.Sprintf("… and %d more like it were dropped", w.dropped), 0)
		r.AddAttrs(slog.String("message", text))
		_ = l.out.Handle(context.Background(), r) // who would be told
	}
}

// handler is a slog.Handler behind a limiter. Those derived from it write to
// handlers of their own and share the limiter.
type handler struct {
	limiter *Limiter
	out     slog.Handler
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.out.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	may, ended := h.limiter.admit(message{r.Level, r.Message})
	h.limiter.say(ended)
	if !may {
		return nil
	}
	return h.out.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.limiter, h.out.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.limiter, h.out.WithGroup(name)}
}
