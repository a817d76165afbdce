package host

import (
	"errors"
	"sync"

	"github.com/hashicorp/raft"
)

// flight is a proposal in Raft's hands.
type flight struct {
	future raft.ApplyFuture
	number uint64
}

// flights are the proposals of a group whose end the watcher waits for, in order.
type flights struct {
	watcher worker

	mu      sync.Mutex
	waiting []flight
}

func (f *flights) add(one flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, one)
}

// take removes all; they come in the place of old ones, whose array is used again.
func (f *flights) take(old []flight) []flight {
	clear(old)
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.waiting
	f.waiting = old[:0]
	return all
}

func (f *flights) none() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting) == 0
}

// watch waits for the ends of proposals and answers those that failed; the
// applier has answered the others. It is a worker: it goes when the group is not led.
func (g *Group) watch() {
	var all []flight
	for {
		all = g.flights.take(all)
		for i := range all {
			g.landed(&all[i])
		}
		if len(all) > 0 {
			continue
		}
		if g.flights.watcher.leave(func() bool { return !g.Serving() && g.flights.none() }) {
			return
		}
		<-g.flights.watcher.wake
	}
}

func (g *Group) landed(f *flight) {
	err := f.future.Error()
	if err == nil {
		return
	}
	g.log.Retract()
	if b := g.pending.take(f.number); b != nil {
		g.host.pacer.landed(g)
		g.fail(b, outcome(err))
	}
}

// outcome says what an error of Raft means for a command: failed only if Raft
// never accepted it.
func outcome(err error) error {
	switch {
	case failUnknown, errors.Is(err, raft.ErrNotLeader),
		errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return errNotServing
	}
	return errUnknown
}
