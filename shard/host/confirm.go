package host

import (
	"sync"

	"github.com/thronggrid/throng/grid"
)

// ConfirmsMax is how many linearizable reads of a shard may wait for a round.
const ConfirmsMax = 64 << 10

// confirms holds the linearizable reads of one group that wait for the next
// round.
type confirms struct {
	worker worker

	mu      sync.Mutex
	waiting []waiting
	count   int
	closed  error // why none is accepted any more
}

// waiting are the reads of one lane.
type waiting struct {
	lane *lane
	out  *grid.Outcomes
}

// addConfirms appends what a lane has staged. Called on the lane's goroutine.
func (g *Group) addConfirms(l *lane, refs []grid.Ref) {
	if err := g.confirms.push(l, refs); err != nil {
		o := l.host.takeOutcomes()
		o.Refs = append(o.Refs, refs...)
		o.Err, o.Confirmed = err, true
		l.deliver(o)
		return
	}
	if !g.confirms.worker.call(&g.crew, g.confirmReads) {
		g.answerConfirms(g.confirms.take(), errNotServing)
	}
}

func (c *confirms) push(l *lane, refs []grid.Ref) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed != nil {
		return c.closed
	}
	if c.count+len(refs) > ConfirmsMax {
		return errQueueFull
	}
	c.count += len(refs)
	for i := range c.waiting {
		if w := &c.waiting[i]; w.lane == l {
			w.out.Refs = append(w.out.Refs, refs...)
			return nil
		}
	}
	o := l.host.takeOutcomes()
	o.Refs = append(o.Refs, refs...)
	c.waiting = append(c.waiting, waiting{l, o})
	return nil
}

// close refuses whatever is added from now on, with an error.
func (c *confirms) close(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = err
}

func (c *confirms) take() []waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.waiting
	c.waiting, c.count = nil, 0
	return w
}

func (c *confirms) none() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) == 0
}

// confirmReads serves rounds: one round for all reads that have come meanwhile. It is a
// worker: it goes when the group is not led.
func (g *Group) confirmReads() {
	for {
		if w := g.confirms.take(); len(w) > 0 {
			g.answerConfirms(w, g.confirm())
			continue
		}
		if g.confirms.worker.leave(func() bool { return !g.Serving() && g.confirms.none() }) {
			return
		}
		<-g.confirms.worker.wake
	}
}

func (g *Group) answerConfirms(all []waiting, err error) {
	for _, w := range all {
		w.out.Err, w.out.Confirmed = err, true
		w.lane.deliver(w.out)
	}
}

// confirm returns nil once it is certain that this node led after it was called
// and has applied all that was committed when it was called.
//
// VerifyLeader alone would not do: it can be satisfied by the answer to a
// request that was sent before. It is used to provoke a round; the lease knows
// when the requests were sent that a quorum answered.
func (g *Group) confirm() error {
	r := g.serving.Load()
	if r == nil {
		return errNotServing
	}
	now := g.host.clock.Micros()
	index := g.raft.Load().CommitIndex()
	if g.raft.Load().VerifyLeader().Error() != nil || !g.lease.waitRound(r.term, now) {
		return errLeaseOver
	}
	if index > r.barrier && !g.fsm.wait(index) {
		return errNotServing
	}
	return nil
}
