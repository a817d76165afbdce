package host

import (
	"errors"
	"math"
	"sync"

	"github.com/hashicorp/raft"
)

// freshness knows, for a follower, how old its state may be: by what its leader said
// was committed, when that was heard, and since when all of it is applied.
//
// Time counts from when a request was received, so what a request took on its way is
// not in it, nor that a leader may have been deposed which has not noticed yet: that
// lasts at most as long as a lease. Its methods may be called from any goroutine.
type freshness struct {
	mu      sync.Mutex
	settled uint64 // all up to this entry is applied
	asOf    int64  // µs: all that was committed then is applied
	// first and last are the oldest and the newest that a leader said was committed,
	// of what was not seen to be applied yet; index 0: nothing.
	first, last heard
}

// heard is a commit index, and when a leader was heard to name it, µs.
type heard struct {
	index uint64
	at    int64
}

// hear takes the commit index that a leader names. Applied is the last command that is
// applied here.
func (f *freshness) hear(index uint64, at int64, applied uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle(func(index uint64) bool { return index <= applied })
	switch {
	case index <= f.settled:
		f.asOf = at
	case f.first.index == 0:
		f.first = heard{index, at}
	default:
		f.last = heard{index, at}
	}
}

// settle takes note of what is applied. Called under mu.
func (f *freshness) settle(applied func(index uint64) bool) {
	for f.first.index != 0 && (f.first.index <= f.settled || applied(f.first.index)) {
		f.settled = max(f.settled, f.first.index)
		f.asOf = max(f.asOf, f.first.at)
		f.first, f.last = f.last, heard{}
	}
}

// since returns the time, µs, as of which all that was committed is applied.
func (f *freshness) since(applied func(index uint64) bool) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle(applied)
	return f.asOf
}

// age returns how old this replica's state may be, µs: 0 for a leader under its lease.
func (g *Group) age() int64 {
	r, until := g.serving.Load(), g.lease.until.Load()
	if r != nil && g.lease.holds(r.term) {
		return 0
	}
	since := g.trans.fresh.since(g.hasApplied)
	if r != nil && until != 0 && until != math.MaxInt64 {
		since = max(since, until-g.lease.span)
	}
	return g.host.clock.Micros() - since
}

// hasApplied says whether all up to an index is applied. Entries that Raft keeps to
// itself never are, so the log is asked for their kind; what it has no more, a snapshot
// has.
func (g *Group) hasApplied(index uint64) bool {
	for i := g.fsm.applied() + 1; i <= index; i++ {
		var l raft.Log
		err := g.log.GetLog(i, &l)
		if errors.Is(err, raft.ErrLogNotFound) && i <= g.raft.Load().AppliedIndex() {
			continue
		}
		if err != nil || l.Type == raft.LogCommand {
			return false
		}
	}
	return true
}
