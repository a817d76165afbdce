package host

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard"
)

// Group is this node's replica of one group.
type Group struct {
	host    *Host
	number  int
	state   Machine        // what Raft keeps alike on all replicas
	machine *shard.Machine // the same of a shard; nil for the meta group
	log     *wal.Log
	// snapshots are Raft's; kept for what they have counted.
	snapshots *snapshot.Store
	lease     *lease
	trans     *transport
	raft      atomic.Pointer[raft.Raft]
	fsm       *fsm

	// snapshotIndex and snapshotBytes are of the snapshot that it was started
	// from: 0 without one.
	snapshotIndex uint64
	snapshotBytes int64

	queue    queue
	confirms confirms
	// flying counts entries that are proposed and not yet answered.
	flying  atomic.Int32
	pending pending
	flights flights

	crew    crew          // its goroutines, but for lead
	stop    chan struct{} // closed when nothing may begin any more
	leading chan bool     // from Raft: leadership won and lost
	again   chan struct{} // asks lead to look whether it may reign after all
	led     chan struct{} // closed when lead has ended
	// reigning holds a token, which is out while a reign begins, and for good once
	// none may any more. A mutex would do, but for the
	// simulation: its time stands still while a goroutine waits for one.
	reigning chan struct{}
	course   course // where Steer wants its configuration
	// serving is set while this node leads and has applied all that its
	// predecessors committed.
	serving  atomic.Pointer[reign]
	caughtUp atomic.Bool
	// swept is set once the sweep of this incarnation is committed.
	swept atomic.Bool
}

// errUnknown is the outcome of a command that may yet be committed.
var errUnknown = &fault.Error{Code: fault.Unavailable, Unknown: true, Retry: 200 * time.Millisecond,
	Message: "the shard lost its leader before the command was acknowledged; " +
		"ask again with the same request id to learn the outcome"}

// pending holds the batches whose entries are proposed, by their numbers.
type pending struct {
	mu      sync.Mutex
	batches map[uint64]*batch
}

func (p *pending) add(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.batches == nil {
		p.batches = make(map[uint64]*batch)
	}
	p.batches[b.number] = b
}

// take removes a batch: who gets it answers it. nil if somebody else did.
func (p *pending) take(number uint64) *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.batches[number]
	delete(p.batches, number)
	return b
}

// drain removes all batches.
func (p *pending) drain() []*batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Collect(maps.Values(p.batches))
	p.batches = nil
	return all
}

// propose makes a batch an entry. Called by the pacer.
func (g *Group) propose(b *batch) {
	b.number, b.proposed = g.host.numbers.Add(1), g.host.clock.Micros()
	e := shard.Entry{Level: g.host.level.Load(), At: b.proposed,
		Origin: uint64(g.host.origin), Number: b.number, Count: b.count}
	data := b.encode(&e)
	g.host.count.left(b, len(data))
	g.pending.add(b)
	if ackEarly {
		g.fsm.early(data)
	}
	f := g.raft.Load().ApplyLog(raft.Log{Data: data}, 0)
	g.flights.add(flight{f, e.Number})
	g.flights.watcher.call(&g.crew, g.watch)
}

// fail answers all commands of a batch with one error, and gives them back.
func (g *Group) fail(b *batch, err error) {
	g.host.count.failed(b, err)
	for i := range b.parts {
		p := &b.parts[i]
		p.out.Err = err
		p.out.Bytes, p.commands = p.commands, p.out.Bytes
		p.lane.deliver(p.out)
	}
	g.host.putBatch(b)
}

// voters returns the voters of the latest configuration.
func (g *Group) voters() []raft.ServerID {
	r := g.raft.Load()
	if r == nil {
		return nil
	}
	var ids []raft.ServerID
	for _, s := range r.GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// readLeader answers a query if this node leads: the state first, then the
// lease, so that a pause in between cannot make an old answer look fresh. The
// lease speaks for the other voters; that this node itself has not voted for
// another since, only Raft can say.
func (g *Group) readLeader(s grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	r := g.serving.Load()
	if r == nil {
		return out, errNotServing
	}
	reply, err := g.machine.Query(s, kind, body, out)
	if !g.lease.holds(r.term) || !g.leads(r) {
		return out, errLeaseOver
	}
	return reply, err
}

// readStale answers a query from what this replica has applied, once that is at
// least what was committed when it first heard of a leader.
func (g *Group) readStale(s grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	if !g.caughtUp.Load() && !g.catchUp() {
		return out, errNotUpToDate
	}
	reply, err := g.machine.Query(s, kind, body, grid.BeginStale(out, g.age()))
	if err != nil && err != grid.ErrPartial {
		return out, err
	}
	return reply, err
}

// catchUp works out whether this replica has applied what its leader first said
// was committed.
func (g *Group) catchUp() bool {
	if g.serving.Load() == nil {
		target := g.trans.leaderCommit.Load()
		if target == 0 || !g.hasApplied(target) {
			return false
		}
	}
	g.caughtUp.Store(true)
	return true
}

// Digest returns the index of the last command applied and the state's digest.
// It is for tests and tools, on a group to which nothing is being written.
func (g *Group) Digest() (applied, digest uint64) {
	return g.fsm.applied(), g.machine.Digest()
}

// Raft returns the group's Raft, for tests and tools.
func (g *Group) Raft() *raft.Raft { return g.raft.Load() }

// Serving says whether this node leads the group and answers for it.
func (g *Group) Serving() bool { return g.serving.Load() != nil }
