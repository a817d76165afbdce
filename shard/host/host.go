package host

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// The keys of the node's settings in the log's database.
const (
	keyIncarnation = "incarnation"
	keyTable       = "slot-table"
)

// Host runs the shards of one node. It implements grid.Shards; its methods may
// be called from any goroutine.
type Host struct {
	pools
	options Options
	clock   clock.Clock
	db      *wal.DB
	table   *shard.Table
	groups  []*Group
	pacer   pacer
	errands *errands
	count   counters
	watcher atomic.Pointer[watch] // nil: nobody watches

	incarnation uint64
	origin      grid.Origin // of the entries that this incarnation proposes
	demands     map[grid.Kind]gate.Demand
	hints       atomic.Pointer[func(*grid.Effects)] // who listens to hints
	numbers     atomic.Uint64                       // of those entries

	dead      atomic.Bool // Fatal was called
	backingUp atomic.Bool // a backup is being taken
	stop      chan struct{}
	pacing    sync.WaitGroup // the pacer
	working   sync.WaitGroup // errands, and the groups' goroutines that wait for Raft's answers
	leading   sync.WaitGroup // the groups' goroutines that follow its leadership
	archiving sync.WaitGroup // the archiver
	closed    sync.Once
	err       error // of Close

	watch struct {
		sync.Mutex
		change chan struct{} // closed and replaced when a group is served, or swept
	}
}

var _ grid.Shards = (*Host)(nil)

// Open opens the data directory and starts its groups. Ready says when they
// serve.
func Open(o Options) (*Host, error) {
	h, err := newHost(o)
	if err != nil {
		return nil, err
	}
	if err := h.start(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// newHost opens the data directory.
func newHost(o Options) (*Host, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	h := &Host{options: o, clock: o.Clock, stop: make(chan struct{}), demands: slot.Demands()}
	var err error
	h.db, err = wal.Open(wal.Options{FS: o.FS, Dir: o.Dir, Clock: o.Clock, Fatal: h.fatal,
		Logger: o.Logger, RetainBytes: o.RetainBytes, Space: o.Space})
	if err != nil {
		return nil, err
	}
	h.pools.recycle = h.putOutcomes
	h.watch.change = make(chan struct{})
	h.pacer = pacer{host: h, wake: make(chan struct{}, 1)}
	return h, nil
}

// fatal ends this node: I7.
func (h *Host) fatal(err error) {
	if h.dead.CompareAndSwap(false, true) {
		h.options.Fatal(err)
	}
}

// start starts the groups.
func (h *Host) start() error {
	if err := h.nextIncarnation(); err != nil {
		return err
	}
	if err := h.loadTable(); err != nil {
		return err
	}
	h.errands = newErrands(h)
	if h.options.Archive != nil {
		h.errands.archiver = newArchiver(h, h.options.Archive)
	}
	for i := range h.table.Shards() {
		g, err := h.openGroup(i)
		if err != nil {
			return fmt.Errorf("open shard %d: %w", i, err)
		}
		h.groups = append(h.groups, g)
	}
	for _, g := range h.groups {
		g.run()
	}
	h.pacing.Go(func() { h.pacer.run(h.stop) })
	h.working.Go(func() { h.errands.run(h.stop) })
	if a := h.errands.archiver; a != nil {
		h.archiving.Go(func() { a.run(h.stop) })
	}
	return nil
}

// nextIncarnation counts this start of the node.
func (h *Host) nextIncarnation() error {
	b, err := h.db.Get(keyIncarnation)
	switch {
	case errors.Is(err, wal.ErrNotFound):
	case err != nil:
		return fmt.Errorf("read the incarnation: %w", err)
	case len(b) != 8:
		return fmt.Errorf("read the incarnation: %d bytes, want 8", len(b))
	default:
		h.incarnation = binary.BigEndian.Uint64(b)
	}
	h.incarnation++
	h.origin = grid.OriginOf(h.options.Node, h.incarnation)
	b = binary.BigEndian.AppendUint64(nil, h.incarnation)
	if err := h.db.Put(keyIncarnation, b); err != nil {
		return fmt.Errorf("store the incarnation: %w", err)
	}
	return nil
}

// loadTable reads the slot table of the data directory, or makes its first.
func (h *Host) loadTable() error {
	b, err := h.db.Get(keyTable)
	if errors.Is(err, wal.ErrNotFound) {
		h.table = shard.NewTable(cmp.Or(h.options.Shards, h.options.NewShards))
		if err := h.db.Put(keyTable, h.table.Append(nil)); err != nil {
			return fmt.Errorf("store the slot table: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the slot table: %w", err)
	}
	if h.table, err = shard.DecodeTable(b); err != nil {
		return err
	}
	if n := h.options.Shards; n != 0 && n != h.table.Shards() {
		return fmt.Errorf("the data directory %s has %d shards, not %d: leave --shards out",
			h.options.Dir, h.table.Shards(), n)
	}
	return nil
}

// Open returns a new lane whose outcomes go to deliver. Its commands pass the gate.
func (h *Host) Open(deliver grid.Deliver) grid.Lane {
	return &lane{host: h, deliver: deliver, stages: make([]stage, len(h.groups)),
		gate: h.options.Gate}
}

// openOwn returns a lane for what the node proposes by itself, which passes no gate:
// without it a node that is short of room would stay so.
func (h *Host) openOwn(deliver grid.Deliver) grid.Lane {
	return &lane{host: h, deliver: deliver, stages: make([]stage, len(h.groups))}
}

// Listen lets hints go to a function from now on.
func (h *Host) Listen(hints func(*grid.Effects)) { h.hints.Store(&hints) }

// Origin returns this incarnation of the node.
func (h *Host) Origin() grid.Origin { return h.origin }

func (h *Host) group(s grid.Slot) *Group { return h.groups[h.table.Shard(s)] }

// ShardOf returns the number of the shard that serves a slot.
func (h *Host) ShardOf(s grid.Slot) int { return h.table.Shard(s) }

// home returns the first slot of a shard.
func (h *Host) home(number int) grid.Slot {
	for s := range grid.Slot(grid.Slots) {
		if h.table.Shard(s) == number {
			return s
		}
	}
	return 0 // a shard without slots owes and sweeps nothing: any slot will do
}

// Groups returns the node's groups, in the order of their shards.
func (h *Host) Groups() []*Group { return h.groups }

// Incarnation returns the number of this start of the node.
func (h *Host) Incarnation() uint64 { return h.incarnation }

// changed tells who waits in Ready that a group is served, or swept.
func (h *Host) changed() {
	h.watch.Lock()
	defer h.watch.Unlock()
	close(h.watch.change)
	h.watch.change = make(chan struct{})
}

// Ready waits until this node leads all its groups, as a node of one does once
// its logs are replayed, and the sessions of its earlier incarnations are swept.
// It logs how far they are.
func (h *Host) Ready(ctx context.Context) error {
	h.reportReplay()
	for {
		h.watch.Lock()
		change := h.watch.change
		h.watch.Unlock()
		if h.leads() {
			return nil
		}
		select {
		case <-change:
		case <-h.stop:
			return errors.New("wait for the shards: the node is stopping")
		case <-ctx.Done():
			return fmt.Errorf("wait for the shards to serve: %w", ctx.Err())
		}
	}
}

func (h *Host) leads() bool {
	for _, g := range h.groups {
		if !g.Serving() || !g.swept.Load() {
			return false
		}
	}
	return true
}

// Close stops all groups and closes the log. Commands that were not
// acknowledged get an outcome: failed or unknown. If Options.Archive is storing
// something, Close waits for it.
func (h *Host) Close() error {
	h.closed.Do(func() { h.err = h.close() })
	return h.err
}

// close stops everything in an order that leaves nobody waiting: Raft never
// answers what it still holds when it is shut down, so it is first asked nothing
// more, then given the time to answer. A leader without a quorum steps down by
// itself, which answers too.
func (h *Host) close() error {
	close(h.stop)
	for _, g := range h.groups {
		g.quiesce()
	}
	h.pacing.Wait()
	for _, g := range h.groups {
		close(g.flights)
		for _, b := range g.queue.drain() {
			g.fail(b, errNotServing)
		}
	}
	h.working.Wait()
	for _, g := range h.groups {
		for _, b := range g.pending.drain() { // of a node that died: nobody applied them
			g.fail(b, errUnknown)
		}
	}
	var errs []error
	for _, g := range h.groups {
		errs = append(errs, g.shutDown())
	}
	h.leading.Wait()
	h.archiving.Wait()
	return errors.Join(append(errs, h.db.Close())...)
}
