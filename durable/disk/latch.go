package disk

import "sync/atomic"

// Latch remembers the first failure for ever. After a failed sync the page
// cache may lie, so nothing is retried: who asks afterwards gets that failure.
type Latch struct {
	first atomic.Pointer[failure]
	armed atomic.Bool
	fatal func(error)
}

type failure struct{ err error }

// NewLatch returns a latch that hands the first failure to fatal once it is
// armed: what fails while something is being opened is for its caller to hear.
func NewLatch(fatal func(error)) *Latch { return &Latch{fatal: fatal} }

// Arm lets failures go to fatal from now on.
func (l *Latch) Arm() { l.armed.Store(true) }

// Armed says whether Arm was called.
func (l *Latch) Armed() bool { return l.armed.Load() }

// Fail latches err if nothing is latched yet, and returns what is latched.
// Any goroutine may call it, also below Pebble's locks.
func (l *Latch) Fail(err error) error {
	if l.first.CompareAndSwap(nil, &failure{err: err}) && l.armed.Load() {
		l.fatal(err)
	}
	return l.Err()
}

// Err returns the latched failure, or nil.
func (l *Latch) Err() error {
	if f := l.first.Load(); f != nil {
		return f.err
	}
	return nil
}

// CorruptionError says that stored bytes are not what was written. It is
// latched like a failed sync, and what it speaks of is never returned as data.
type CorruptionError struct {
	What   string // what is damaged: the file, or what is stored in it
	Detail string // what is wrong with it
}

// Corrupt returns a *CorruptionError.
func Corrupt(what, detail string) error { return &CorruptionError{What: what, Detail: detail} }

func (e *CorruptionError) Error() string {
	return e.What + " is corrupt: " + e.Detail +
		"; restore this node from its peers or from a copy of its data directory"
}
