package host

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
)

// fsm is the applier of a group: Raft calls it on one goroutine of its own, but
// for Persist.
type fsm struct {
	g        *Group
	collect  collector
	effects  grid.Effects // of the entry that is being applied
	restored error        // why the last Restore failed
	took     int64        // µs: when it was given the entries that are being applied

	// between is held while an entry is executed or a snapshot restored: who holds it
	// finds the state between two entries, the last of which was of term.
	between sync.Mutex
	term    uint64 // 0: nothing was applied since a snapshot was restored

	progress struct {
		sync.Mutex
		index  uint64 // of the last command or configuration applied
		moved  *sync.Cond
		closed bool
	}

	// sinceSnapshot counts bytes of entries applied after the last snapshot
	// began; stateBytes is the size of its state, before compression.
	sinceSnapshot atomic.Int64
	stateBytes    atomic.Int64
	snapshooting  atomic.Bool // a snapshot is being taken
}

var _ raft.BatchingFSM = (*fsm)(nil)

func newFSM(g *Group) *fsm {
	f := &fsm{g: g}
	f.progress.moved = sync.NewCond(&f.progress)
	return f
}

// ApplyBatch applies committed entries.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	f.took = f.g.host.clock.Micros()
	for _, l := range logs {
		switch {
		case f.g.host.dead.Load():
		case l.Type == raft.LogCommand:
			f.apply(l.Term, l.Index, l.Data)
		case l.Type == raft.LogConfiguration:
			f.g.lease.refresh() // other voters are asked for it from now on
		}
	}
	f.advance(logs[len(logs)-1].Index)
	if f.sinceSnapshot.Load() > max(f.g.host.options.LogBytesMax, LogPerState*f.stateBytes.Load()) {
		f.askSnapshot()
	}
	return make([]any, len(logs))
}

// askSnapshot has a snapshot taken, unless one is. Any goroutine may call it.
func (f *fsm) askSnapshot() {
	if f.snapshooting.CompareAndSwap(false, true) && !f.g.crew.hire(f.g.keepLogShort) {
		f.snapshooting.Store(false)
	}
}

// Apply applies one committed entry.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// apply executes one entry, and hands on its outcomes and its effects if this
// incarnation of the node proposed it.
func (f *fsm) apply(term, index uint64, data []byte) {
	f.sinceSnapshot.Add(int64(len(data)))
	var e shard.Entry
	if err := e.Decode(data); err != nil {
		f.fatal(index, err)
		return
	}
	var b *batch
	if e.Origin == uint64(f.g.host.origin) {
		if ackEarly && index != 0 {
			return
		}
		b = f.g.pending.take(e.Number)
	}
	f.collect.begin(b)
	effects := f.effectsOf(grid.Origin(e.Origin))
	if err := f.execute(term, index, &e, effects); err != nil {
		f.fatal(index, err)
		if b != nil {
			f.g.pending.add(b) // nobody is told that it was done: Close says unknown
		}
		return
	}
	if b != nil {
		f.g.host.pacer.landed(f.g)
		now := f.g.host.clock.Micros()
		f.g.host.count.applied(b, &f.collect.tally, f.took, now)
		steps := b.steps(f.took, now)
		for i := range b.parts {
			b.parts[i].out.Steps = steps
			b.parts[i].lane.deliver(b.parts[i].out)
		}
		f.g.host.putBatch(b)
	}
	f.act(effects, len(data))
	if w := f.g.host.watcher.Load(); w != nil && f.g.machine != nil {
		w.note(f.g.number, data)
	}
}

// execute executes the commands of an entry.
func (f *fsm) execute(term, index uint64, e *shard.Entry, effects *grid.Effects) error {
	f.between.Lock()
	defer f.between.Unlock()
	f.term = term
	return f.g.state.Apply(index, e, &f.collect, effects)
}

func (f *fsm) fatal(index uint64, err error) {
	f.g.host.fatal(fmt.Errorf("apply entry %d of %s: %w", index, groupName(f.g.number), err))
}

// advance notes what was applied and wakes who waits for it.
func (f *fsm) advance(index uint64) {
	f.progress.Lock()
	defer f.progress.Unlock()
	f.progress.index = index
	f.progress.moved.Broadcast()
}

func (f *fsm) applied() uint64 {
	f.progress.Lock()
	defer f.progress.Unlock()
	return f.progress.index
}

// wait waits until an index is applied; false if the group is closed before.
func (f *fsm) wait(index uint64) bool {
	f.progress.Lock()
	defer f.progress.Unlock()
	for f.progress.index < index && !f.progress.closed {
		f.progress.moved.Wait()
	}
	return f.progress.index >= index
}

func (f *fsm) close() {
	f.progress.Lock()
	defer f.progress.Unlock()
	f.progress.closed = true
	f.progress.moved.Broadcast()
}

// Snapshot clones the state, in a moment; it is written while writes go on.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.sinceSnapshot.Store(0)
	return &frozen{g: f.g, write: f.g.state.Freeze()}, nil
}

// Restore puts a snapshot in place of the state. Raft closes the reader.
func (f *fsm) Restore(r io.ReadCloser) error {
	f.between.Lock()
	defer f.between.Unlock()
	f.term = 0
	size, err := f.g.state.Decode(f.g.loading(r))
	if err == nil {
		f.stateBytes.Store(size)
		f.advance(f.g.state.Applied())
	}
	f.restored = err
	return err
}

// frozen is a clone that Raft writes to its snapshot store.
type frozen struct {
	g     *Group
	write func(io.Writer) (int64, error) // holds the clone
}

// Persist writes the clone. Called by Raft on a goroutine of its own.
func (s *frozen) Persist(sink raft.SnapshotSink) error {
	size, err := s.write(newGentle(sink, s.g))
	if err != nil {
		if cancel := sink.Cancel(); cancel != nil {
			return fmt.Errorf("write a snapshot: %w; and cancel it: %v", err, cancel)
		}
		return fmt.Errorf("write a snapshot: %w", err)
	}
	if err := sink.Close(); err != nil {
		return fmt.Errorf("finish a snapshot: %w", err)
	}
	s.g.fsm.stateBytes.Store(size)
	return nil
}

// Release lets the clone go. What only it still held is garbage now, up to the
// size of the state.
func (s *frozen) Release() {
	s.write = nil
	if trim := s.g.host.options.Trim; trim != nil {
		trim()
	}
}

// collector gathers outcomes into the parts of a batch, in the order in which
// the batch was encoded. Without a batch it drops them.
type collector struct {
	batch   *batch
	part    int
	scratch []byte
	tally   tally
}

func (c *collector) begin(b *batch) { c.batch, c.part, c.tally = b, 0, tally{} }

// Buffer returns where the next outcome is appended.
func (c *collector) Buffer() []byte {
	if c.batch == nil {
		return c.scratch[:0]
	}
	for o := c.out(); len(o.Ends) == len(o.Refs); o = c.out() {
		c.part++
	}
	return c.out().Bytes
}

func (c *collector) out() *grid.Outcomes { return c.batch.parts[c.part].out }

// Done takes the buffer back.
func (c *collector) Done(b []byte) {
	if c.batch == nil {
		c.scratch = b
		return
	}
	o := c.out()
	c.tally.note(b[len(o.Bytes)])
	o.Bytes = b
	o.Ends = append(o.Ends, uint32(len(b)))
}
