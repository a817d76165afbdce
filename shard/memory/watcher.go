package memory

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
)

// lookEvery is how often a Watcher looks.
const lookEvery = 250 * time.Millisecond

// While the gate is closed, collections are asked for at most so often, and for at
// most the collectShare-th part of the time.
const (
	collectEvery = time.Second
	collectShare = 20
)

// refuseRetry is when a client may ask again what was refused.
const refuseRetry = 2 * time.Second

// Options say what to watch. Clock and Gate must be set.
type Options struct {
	Clock  clock.Clock
	Gate   *gate.Gate
	Logger *slog.Logger // nil: nothing is logged

	// LimitBytes is how much may be in use; 0: four fifths of what the machine, or the
	// control group of the process, has.
	LimitBytes int64

	// InUse returns how many bytes are in use, and Collect collects garbage; nil: those
	// of this process.
	InUse   func() int64
	Collect func()
}

// Watcher watches the memory of the process.
type Watcher struct {
	o Options

	mu struct {
		sync.Mutex
		used      int64 // at the last look
		high      bool
		since     int64 // of high, µs
		collectAt int64 // when to ask for the next collection, µs
		timer     clock.Timer
		closed    bool
	}
}

// Watch begins to watch. Without InUse it also sets the runtime's soft limit, unless
// that is lower already.
func Watch(o Options) (*Watcher, error) {
	if o.Clock == nil || o.Gate == nil {
		return nil, errors.New("watch the memory: Clock and Gate must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LimitBytes == 0 {
		total, err := Total()
		if err != nil {
			return nil, fmt.Errorf("find how much memory there is: %w; set memory_limit", err)
		}
		o.LimitBytes = total / 5 * 4
	}
	if o.InUse == nil {
		o.InUse = newSampler().inUse
		if soft := o.LimitBytes + o.LimitBytes/10; soft < debug.SetMemoryLimit(-1) {
			debug.SetMemoryLimit(soft)
		}
	}
	if o.Collect == nil {
		o.Collect = runtime.GC
	}
	w := &Watcher{o: o}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.timer = o.Clock.AfterFunc(lookEvery, w.look)
	return w, nil
}

// look measures and acts on it. Only one runs at a time: it lets the timer go on at
// its end.
func (w *Watcher) look() {
	used := w.o.InUse()
	if w.judge(used) {
		begin := w.o.Clock.Micros()
		w.o.Collect()
		end := w.o.Clock.Micros()
		w.judge(w.o.InUse())
		w.mu.Lock()
		w.mu.collectAt = end + max(collectEvery.Microseconds(), collectShare*(end-begin))
		w.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.mu.closed {
		w.mu.timer.Reset(lookEvery)
	}
}

// judge opens or closes the gate, and says whether to collect garbage now.
func (w *Watcher) judge(used int64) (collect bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.closed {
		return false
	}
	limit := w.o.LimitBytes
	w.mu.used = used
	log := w.o.Logger.With("in_use", size(used), "memory_limit", size(limit))
	switch {
	case !w.mu.high && used > limit:
		w.mu.high, w.mu.since = true, w.o.Clock.Micros()
		w.o.Gate.Close(gate.MemoryHigh, &fault.Error{
			Code: fault.ResourceExhausted, Retry: refuseRetry, Message: fmt.Sprintf(
				"the node's memory is full and takes nothing new: memory_limit is %s; delete "+
					"what is not needed, or let the operator raise it", size(limit)),
		})
		log.Warn("the memory in use is above its limit: writes and new sessions are refused, " +
			"and reads and deletions served, until a tenth of it is free; delete boards or " +
			"records that are not needed, or raise memory_limit")
	case w.mu.high && used < limit/10*9:
		w.mu.high = false
		w.o.Gate.Open(gate.MemoryHigh)
		log.Info("the memory in use is below its limit again: writes are taken again")
	}
	return w.mu.high && w.o.Clock.Micros() >= w.mu.collectAt
}

// Close ends the watch and opens the gate. A nil Watcher may be closed.
func (w *Watcher) Close() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mu.closed = true
	w.mu.timer.Stop()
	w.o.Gate.Open(gate.MemoryHigh)
}

// Stats is what a Watcher has last seen and does.
type Stats struct {
	UsedBytes  int64         // in use at the last look, a quarter of a second ago
	LimitBytes int64         // memory_limit
	High       bool          // what makes the state larger is refused,
	HighFor    time.Duration // for so long
}

// Stats returns what was last seen.
func (w *Watcher) Stats() Stats {
	if w == nil {
		return Stats{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Stats{UsedBytes: w.mu.used, LimitBytes: w.o.LimitBytes, High: w.mu.high}
	if w.mu.high {
		s.HighFor = time.Duration(w.o.Clock.Micros()-w.mu.since) * time.Microsecond
	}
	return s
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
