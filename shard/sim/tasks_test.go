package sim

import "sync"

// tasks counts what goes on in the background. Unlike a sync.WaitGroup it may be
// given more while somebody waits: a crash can come from any goroutine of a node.
type tasks struct {
	mu   sync.Mutex
	n    int
	idle *sync.Cond
}

func newTasks() *tasks {
	t := &tasks{}
	t.idle = sync.NewCond(&t.mu)
	return t
}

// Go runs f in a goroutine of its own.
func (t *tasks) Go(f func()) {
	t.add(1)
	go func() {
		defer t.add(-1)
		f()
	}()
}

func (t *tasks) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n += n; t.n == 0 {
		t.idle.Broadcast()
	}
}

// Wait returns at a moment when nothing goes on.
func (t *tasks) Wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n > 0 {
		t.idle.Wait()
	}
}
