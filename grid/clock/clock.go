// Package clock is the port through which the grid reads time. The folders
// grid, shard and durable take a Clock and never call package time for the time
// of day or to wait, so that a simulation can offset and hasten it.
package clock

import "time"

// Clock gives time. Its methods may be called from any goroutine.
type Clock interface {
	// Micros is the wall time at the process's start plus the monotonic time
	// since, in microseconds since 1970: it never steps back while a process
	// lives, whatever is done to the machine's clock.
	Micros() int64
	// AfterFunc calls f in a goroutine of its own after d.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending call of AfterFunc.
type Timer interface {
	// Stop prevents the call if it has not begun, and says whether it did.
	Stop() bool
	// Reset lets the call happen d from now.
	Reset(d time.Duration) bool
}

// Real returns the machine's clock, begun now. Inside a testing/synctest bubble
// it is the bubble's.
func Real() Clock { return real{start: time.Now()} }

type real struct{ start time.Time }

// Micros uses the monotonic reading that start carries.
func (r real) Micros() int64 {
	return r.start.UnixMicro() + time.Since(r.start).Microseconds()
}

func (r real) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }
