package host

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/clock"
)

// driftShare is the part of HeartbeatTimeout by which the clocks of two nodes
// are assumed to drift apart at the most while a lease runs.
const driftShare = 10

// lease knows, for one group, until when this node may answer reads as leader
// without asking.
//
// A follower that answered a request with success refuses to vote for anybody
// else for HeartbeatTimeout after it received it, and it received it after it
// was sent. So while less than that has passed since the sending of requests
// that a quorum answered, nobody else can have been elected without this node's
// own vote, of which only its Raft knows (Group.leads). Answers count from their
// sending, per term, and a term in which leadership was handed over (its votes
// ignore the rule) has no lease.
//
// A sole voter's lease never ends: nobody else can be elected. Its methods may be
// called from any goroutine.
type lease struct {
	clock clock.Clock
	self  raft.ServerID
	span  int64 // µs
	// voters returns the voters of the latest configuration.
	voters func() []raft.ServerID

	// until is the end of the lease in µs, 0 without one, forever for a sole
	// voter; term is the newest term that this node leads in. Written under mu.
	until atomic.Int64
	term  atomic.Uint64

	mu struct {
		sync.Mutex
		acks   map[raft.ServerID]ack // of term
		ended  uint64                // the last term that has no lease any more
		change *sync.Cond            // an answer came, the term changed, or the lease was closed
		closed bool
	}
}

// ack is what a server has answered with success.
type ack struct {
	sent   int64  // µs: the newest sending
	stored uint64 // log index up to which it has the leader's log
}

const forever = math.MaxInt64

func newLease(
	c clock.Clock, self raft.ServerID, heartbeat time.Duration, voters func() []raft.ServerID,
) *lease {
	l := &lease{clock: c, self: self, voters: voters,
		span: (heartbeat - heartbeat/driftShare).Microseconds()}
	l.mu.acks = make(map[raft.ServerID]ack)
	l.mu.change = sync.NewCond(&l.mu)
	return l
}

// enter notes that this node leads in a term, or sends requests in it now.
func (l *lease) enter(term uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if term < l.term.Load() {
		return
	}
	if term > l.term.Load() {
		l.until.Store(0)
		l.term.Store(term)
		clear(l.mu.acks)
	}
	l.update()
}

// answered notes that a server answered a request of a term, sent at a time in
// µs, with success: its log is the leader's up to an index at the least.
func (l *lease) answered(id raft.ServerID, term uint64, sent int64, stored uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if term != l.term.Load() {
		return
	}
	was := l.mu.acks[id]
	l.mu.acks[id] = ack{max(was.sent, sent), max(was.stored, stored)}
	if sent > was.sent {
		l.update()
	}
}

// stored returns up to which log index a server has this leader's log, as far as is
// known, and when it was sent, µs, what it answered last.
func (l *lease) stored(id raft.ServerID) (index uint64, sent int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.mu.acks[id]
	return a.stored, a.sent
}

// refresh works the lease out anew: the voters may have changed.
func (l *lease) refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
}

// handOver ends the lease of the present term for good.
func (l *lease) handOver() { l.end(l.term.Load()) }

// end ends the leases of a term and all before it for good.
func (l *lease) end(term uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.ended = max(l.mu.ended, term)
	l.update()
}

// ended says whether a term has no lease any more, for good.
func (l *lease) ended(term uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return term <= l.mu.ended
}

// close ends the lease and lets all who wait give up.
func (l *lease) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.closed = true
	l.update()
}

// update works out until when the lease runs. Called under mu. The voters are
// those of the latest configuration; a change of one voter at a time keeps any
// quorum of the older configuration in touch with any of the newer.
func (l *lease) update() {
	until := int64(0)
	if l.alive() {
		if sent := l.quorumSent(); sent == forever {
			until = forever
		} else if sent > 0 {
			until = sent + l.span
		}
	}
	l.until.Store(until)
	l.mu.change.Broadcast()
}

func (l *lease) alive() bool { return !l.mu.closed && l.term.Load() > l.mu.ended }

// holds says whether the lease of a term still holds.
func (l *lease) holds(term uint64) bool {
	until := l.until.Load()
	return l.term.Load() == term && (leaseForever || until == forever || l.clock.Micros() < until)
}

// quorumSent returns the newest time such that a quorum of the voters, this one
// among them, answered requests sent then or later: forever for a sole voter, 0
// when there is none. Called under mu.
func (l *lease) quorumSent() int64 {
	voters := l.voters()
	if !slices.Contains(voters, l.self) {
		return 0
	}
	others := make([]int64, 0, len(voters))
	for _, v := range voters {
		if v != l.self {
			others = append(others, l.mu.acks[v].sent)
		}
	}
	if len(others) == 0 {
		return forever
	}
	slices.Sort(others)
	need := len(voters) / 2 // answers besides this node's own
	return others[len(others)-need]
}

// waitRound waits until a quorum has answered requests of a term sent after a
// time in µs. It returns false once the term is over.
func (l *lease) waitRound(term uint64, after int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.term.Load() == term && l.alive() {
		if l.quorumSent() > after {
			return true
		}
		l.mu.change.Wait()
	}
	return false
}
