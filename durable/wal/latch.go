package wal

import (
	"errors"
	"sync/atomic"
)

// latch remembers the first failure for ever. After a failed sync the page
// cache may lie, so nothing is retried: who asks afterwards gets that failure.
type latch struct {
	first atomic.Pointer[failure]
	armed atomic.Bool // Open has returned: failures go to fatal
	fatal func(error)
}

type failure struct{ err error }

// fail latches err if nothing is latched yet, and returns what is latched.
// Any goroutine may call it, also below Pebble's locks.
func (l *latch) fail(err error) error {
	if l.first.CompareAndSwap(nil, &failure{err: err}) && l.armed.Load() {
		l.fatal(err)
	}
	return l.err()
}

// err returns the latched failure, or nil.
func (l *latch) err() error {
	if f := l.first.Load(); f != nil {
		return f.err
	}
	return nil
}

// Errors that callers tell apart.
var (
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("the log is closed")
	// ErrNotFound is returned by Get and GetUint64 for a key that was never
	// set. Raft compares its text, so it must stay as it is.
	ErrNotFound = errors.New("not found")
)

// CorruptionError says that stored bytes are not what was written. It is
// latched like a failed sync, and what it speaks of is never returned as data.
type CorruptionError struct {
	What   string // what is damaged: the file, or the group and index
	Detail string // what is wrong with it
}

func (e *CorruptionError) Error() string {
	return e.What + " is corrupt: " + e.Detail +
		"; restore this node from its peers or from a copy of its data directory"
}
