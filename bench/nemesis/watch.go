package nemesis

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// watch sees every write that is acknowledged and every error, and tells what happened
// in each window of a fault. Any goroutine may use it.
type watch struct {
	mu      sync.Mutex
	windows map[*window]struct{} // those that are open
	acked   int64
	unknown int64
	errors  map[string]int // all, by code
	odd     []string       // answers that must not be, the first few
	odds    int
}

// window is what is seen from the begin of a fault until the cluster is whole again.
type window struct {
	begin  time.Time
	ops    int64                    // writes acknowledged
	first  map[string]time.Duration // by board and room: to the first of those called since
	errors map[string]int           // that clients saw, by code
}

const oddMax = 5

func newWatch() *watch {
	return &watch{windows: map[*window]struct{}{}, errors: map[string]int{}}
}

// open begins a window.
func (w *watch) open() *window {
	x := &window{begin: time.Now(), first: map[string]time.Duration{}, errors: map[string]int{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.windows[x] = struct{}{}
	return x
}

// close ends a window, which is the caller's from then on.
func (w *watch) close(x *window) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.windows, x)
}

// ack notes that a write to a board or room, called at a time, was acknowledged.
func (w *watch) ack(key string, called time.Time) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acked++
	for x := range w.windows {
		x.ops++
		if _, known := x.first[key]; !known && !called.Before(x.begin) {
			x.first[key] = now.Sub(x.begin)
		}
	}
}

// lacks returns one of the keys to which nothing was written in a window, "" when all were.
func (w *watch) lacks(x *window, keys []string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range keys {
		if _, known := x.first[k]; !known {
			return k
		}
	}
	return ""
}

// failed notes an error and says whether its request may have been done.
func (w *watch) failed(what string, err error) (unknown bool) {
	f := fault.Of(err)
	unknown = f.Unknown
	w.mu.Lock()
	defer w.mu.Unlock()
	code := f.Code.String()
	if unknown {
		code += " (unknown)"
		w.unknown++
	}
	w.errors[code]++
	for x := range w.windows {
		x.errors[code]++
	}
	if !mayBe(f) {
		w.note("%s: %v", what, err)
	}
	return unknown
}

// mayBe says whether an answer may be: while shards have no leader, disks are full, and
// nobody knows what became of a write.
func mayBe(f *fault.Error) bool {
	switch f.Code {
	case fault.Unavailable, fault.DeadlineExceeded, fault.ResourceExhausted, fault.Cancelled,
		fault.Aborted:
		return true
	}
	return f.Unknown
}

// strange notes something that must not be.
func (w *watch) strange(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(format, args...)
}

func (w *watch) note(format string, args ...any) {
	if w.odds++; len(w.odd) < oddMax {
		w.odd = append(w.odd, fmt.Sprintf(format, args...))
	}
}

// totals returns what was seen so far.
func (w *watch) totals() (acked, unknown int64, errs map[string]int, odds int, odd []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acked, w.unknown, maps.Clone(w.errors), w.odds, append([]string(nil), w.odd...)
}
