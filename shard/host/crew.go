package host

import "sync"

// crew are the goroutines of a group that come and go.
type crew struct {
	mu   sync.Mutex
	gone bool
	busy sync.WaitGroup
}

// hire starts a goroutine; false once the crew is dismissed.
func (c *crew) hire(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return false
	}
	c.busy.Go(f)
	return true
}

// dismiss waits until all are done, and lets no more begin.
func (c *crew) dismiss() {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	c.busy.Wait()
}

// worker is a goroutine that is there only while its group is led, or there is work: idle
// replicas are many. Who has work for it calls; it asks whether it may go.
type worker struct {
	wake chan struct{}

	mu   sync.Mutex
	here bool
}

func newWorker() worker { return worker{wake: make(chan struct{}, 1)} }

// call wakes the worker for what was left for it, or hires it. It returns false if there
// is none to be had any more.
func (w *worker) call(c *crew, work func()) bool {
	w.mu.Lock()
	if !w.here {
		w.here = c.hire(work)
	}
	here := w.here
	w.mu.Unlock()
	w.kick()
	return here
}

// kick lets the worker, if it is there, look for work and whether it may go.
func (w *worker) kick() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// leave says whether the worker goes, as it may if done is true. What is called for later
// finds another.
func (w *worker) leave(done func() bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.here = !done()
	return !w.here
}
