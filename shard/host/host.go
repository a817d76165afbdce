package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// MetaGroup is the number of the meta group, whose machine is Options.Meta.
const MetaGroup = shard.ShardsMax

// Host runs the replicas of one node. It implements grid.Shards; its methods may
// be called from any goroutine.
type Host struct {
	pools
	options Options
	clock   clock.Clock
	db      *wal.DB
	pacer   pacer
	errands *errands
	helm    helm
	count   counters
	watcher atomic.Pointer[watch] // nil: nobody watches

	// table is nil until SetTable; groups are the replicas that are there, by their
	// numbers; roster is a list of the same, in order. Whoever changes groups and
	// roster holds the token of changing.
	table    atomic.Pointer[shard.Table]
	groups   [MetaGroup + 1]atomic.Pointer[Group]
	roster   atomic.Pointer[[]*Group]
	changing chan struct{}
	running  bool // the host's own goroutines are; under changing

	node        uint32 // 0 until it is known; set before the first replica starts
	incarnation uint64
	origin      grid.Origin // of the entries that this incarnation proposes
	demands     map[grid.Kind]gate.Demand
	hints       atomic.Pointer[func(*grid.Effects)] // who listens to hints
	lanes       func(grid.Deliver) grid.Lane        // of duties; nil: they reach this node alone
	floors      atomic.Pointer[grid.Floors]         // that slots are to be swept against
	level       atomic.Uint64                       // feature level that entries need
	numbers     atomic.Uint64                       // of those entries

	dead      atomic.Bool // Fatal was called
	backingUp atomic.Bool // a backup is being taken
	stop      chan struct{}
	pacing    sync.WaitGroup // the pacer
	working   sync.WaitGroup // errands and the helm
	archiving sync.WaitGroup // the archiver
	closed    sync.Once
	err       error // of Close

	watch struct {
		sync.Mutex
		change chan struct{} // closed and replaced when a group is served, or swept
	}
}

var _ grid.Shards = (*Host)(nil)

// Open opens the data directory and counts this start of the node. It starts no replica:
// see Start.
func Open(o Options) (*Host, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	h := &Host{options: o, clock: o.Clock, stop: make(chan struct{}), demands: slot.Demands(),
		changing: make(chan struct{}, 1)}
	var err error
	h.db, err = wal.Open(wal.Options{FS: o.FS, Dir: o.Dir, Clock: o.Clock, Fatal: h.fatal,
		Logger: o.Logger, RetainBytes: o.RetainBytes, Space: o.Space})
	if err != nil {
		return nil, err
	}
	h.pools.recycle = h.putOutcomes
	h.watch.change = make(chan struct{})
	h.pacer = newPacer(h)
	h.helm = newHelm(h)
	h.level.Store(1)
	h.roster.Store(new([]*Group))
	h.errands = newErrands(h)
	if o.Archive != nil {
		h.errands.archiver = newArchiver(h, o.Archive)
	}
	if err := h.nextIncarnation(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.SetNode(o.Node)
	return h, nil
}

// fatal ends this node: I7.
func (h *Host) fatal(err error) {
	if h.dead.CompareAndSwap(false, true) {
		h.options.Fatal(err)
	}
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
	b = binary.BigEndian.AppendUint64(nil, h.incarnation)
	if err := h.db.Put(keyIncarnation, b); err != nil {
		return fmt.Errorf("store the incarnation: %w", err)
	}
	return nil
}

// SetNode says which number this node has, where Options.Node did not: one that joins
// learns it only then. It is called before the first Start, and before Origin.
func (h *Host) SetNode(number uint32) {
	h.node = number
	h.origin = grid.OriginOf(number, h.incarnation)
}

// UseLanes lets duties, and what the archiver has to say, take lanes that reach all shards
// of the cluster; without, they reach those that this node leads. It is called before the
// first Start.
func (h *Host) UseLanes(open func(grid.Deliver) grid.Lane) { h.lanes = open }

// UseArchive names what takes the messages of chat channels from the first Start on, in
// place of Options.Archive: whether there is one may depend on what the data directory says.
func (h *Host) UseArchive(a chat.Archive) { h.errands.archiver = newArchiver(h, a) }

// Open returns a new lane whose outcomes go to deliver. Its commands pass the gate.
func (h *Host) Open(deliver grid.Deliver) grid.Lane {
	return &lane{host: h, deliver: deliver, gate: h.options.Gate}
}

// OpenOwn returns a lane for what nodes propose by themselves, which passes no gate:
// without it a node that is short of room would stay so.
func (h *Host) OpenOwn(deliver grid.Deliver) grid.Lane { return &lane{host: h, deliver: deliver} }

// openFar returns a lane for duties.
func (h *Host) openFar(deliver grid.Deliver) grid.Lane {
	if h.lanes != nil {
		return h.lanes(deliver)
	}
	return h.OpenOwn(deliver)
}

// Listen lets hints go to a function from now on.
func (h *Host) Listen(hints func(*grid.Effects)) { h.hints.Store(&hints) }

// Origin returns this incarnation of the node.
func (h *Host) Origin() grid.Origin { return h.origin }

// Incarnation returns the number of this start of the node.
func (h *Host) Incarnation() uint64 { return h.incarnation }

// group returns the replica of the shard that serves a slot; nil if there is none here.
func (h *Host) group(s grid.Slot) *Group {
	t := h.table.Load()
	if t == nil {
		return nil
	}
	return h.groups[t.Shard(s)].Load()
}

// leader returns the group of a slot if this node leads it, and answers for it.
func (h *Host) leader(s grid.Slot) *Group {
	if g := h.group(s); g != nil && g.Serving() {
		return g
	}
	return nil
}

// Group returns the node's replica of a group; nil: there is none.
func (h *Host) Group(number int) *Group {
	if number < 0 || number > MetaGroup {
		return nil
	}
	return h.groups[number].Load()
}

// Groups returns the node's replicas of shards, in order of their numbers: not of the
// meta group.
func (h *Host) Groups() []*Group {
	all := *h.roster.Load()
	if n := len(all); n > 0 && all[n-1].number == MetaGroup {
		return all[:n-1]
	}
	return all
}

// changed tells who waits in Ready that a group is served, or swept.
func (h *Host) changed() {
	h.watch.Lock()
	defer h.watch.Unlock()
	close(h.watch.change)
	h.watch.change = make(chan struct{})
}

// Ready waits until this node leads all groups that it has replicas of, as a node of
// one does once its logs are replayed, and has swept them. It logs how far they are.
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
	for _, g := range *h.roster.Load() {
		if !g.Serving() || !g.swept.Load() {
			return false
		}
	}
	return true
}
