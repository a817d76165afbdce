package router

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/peer"
)

const (
	// NodeBytesMax is how many bytes of requests may be under way to one other node.
	NodeBytesMax = 64 << 20
	// HeldBytesMax is how many bytes of requests may wait to be tried again, each with
	// what it takes to keep it.
	HeldBytesMax = 64 << 20
	// ReadBytesMax is how many bytes of other nodes' queries may wait, likewise.
	ReadBytesMax = 16 << 20

	defaultPatience = 10 * time.Second
	// pause is how long what failed waits, unless a new leader is known before.
	pause = 100 * time.Millisecond
	// messageBytes is about how large a message grows.
	messageBytes = 256 << 10
)

// Host is what the router needs of the shards of this node: package host.
type Host interface {
	grid.Shards
	// OpenOwn opens a lane for what nodes propose by themselves.
	OpenOwn(deliver grid.Deliver) grid.Lane
	// Table returns the slot table; nil: there is none yet.
	Table() *shard.Table
	// Leader returns the node that leads a group, as a replica here knows; 0: none does.
	Leader(number int) uint32
}

// Options say how requests find their shards. Host, Peers and Clock must be given.
type Options struct {
	Host  Host
	Peers peer.Peers
	Clock clock.Clock
	// Again says whether a kind of command may be done again without harm when it has no
	// request id; nil: none may.
	Again func(grid.Kind) bool
	// Replicas appends the nodes that have a replica of a shard, for stale reads of one
	// that nobody is known to lead; nil: none are known.
	Replicas func(number int, out []uint32) []uint32
	// Moved hears that a shard is led by another node, or in another term, than was known;
	// nil: nobody does. It is called on any goroutine, and must not block.
	Moved func(number int)
	// Patience is how long a request is tried after it was sent; default 10 s.
	Patience time.Duration
}

// Router implements grid.Shards for all slots of the cluster. Its methods may be called
// from any goroutine.
type Router struct {
	Options
	leaders [shard.ShardsMax]atomic.Uint64 // see leadership
	wake    chan struct{}                  // of run
	moved   atomic.Bool                    // a shard has another leader
	armed   atomic.Bool                    // a timer will wake run
	stop    chan struct{}
	closing sync.Once
	running sync.WaitGroup
	again   *lane // run's
	reads   reads
	turn    atomic.Uint32 // which replica is asked next
	pool    sync.Pool     // of *grid.Outcomes
	recycle func(*grid.Outcomes)

	mu struct {
		sync.Mutex
		lanes  []*lane
		guests map[uint32]*guest
		up     map[uint32]bool
		roads  map[uint32]*road
		lost   []uint32 // nodes whose connection was lost, for run
		tasks  map[uint64]*task
		serial uint64
		bytes  int // of tasks
		closed bool
	}
}

var _ grid.Shards = (*Router)(nil)

// New returns a router, which serves the other nodes from now on; peers are started
// later. Close stops it.
func New(o Options) *Router {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	r := &Router{Options: o, wake: make(chan struct{}, 1), stop: make(chan struct{})}
	r.mu.guests, r.mu.up = make(map[uint32]*guest), make(map[uint32]bool)
	r.mu.tasks, r.mu.roads = make(map[uint64]*task), make(map[uint32]*road)
	r.recycle = r.wipe
	r.again = r.open(r.retried, true)
	r.reads.start(r)
	o.Peers.Serve(peer.Requests, r.takeRequests)
	o.Peers.Serve(peer.Outcomes, r.takeOutcomes)
	o.Peers.Watch(r.happened)
	r.running.Go(r.run)
	return r
}

// Open returns a lane to all slots, whose commands pass the gate where they are served.
func (r *Router) Open(deliver grid.Deliver) grid.Lane { return r.open(deliver, false) }

// OpenOwn returns a lane for what nodes propose by themselves, which passes no gate.
func (r *Router) OpenOwn(deliver grid.Deliver) grid.Lane { return r.open(deliver, true) }

func (r *Router) open(deliver grid.Deliver, own bool) *lane {
	l := &lane{router: r, deliver: deliver, own: own}
	l.flying.batches = make(map[uint32]*batch)
	if own {
		l.local = r.Host.OpenOwn(l.delivered)
	} else {
		l.local = r.Host.Open(l.delivered)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l.number = uint32(len(r.mu.lanes))
	r.mu.lanes = append(r.mu.lanes, l)
	return l
}

// Listen lets the hints of the shards that this node leads go to a function.
func (r *Router) Listen(hints func(*grid.Effects)) { r.Host.Listen(hints) }

// Origin returns this incarnation of the node.
func (r *Router) Origin() grid.Origin { return r.Host.Origin() }

func (r *Router) self() uint32 { return r.Host.Origin().Node() }

// Close answers all that waits, and ends the router's goroutines. What fails from now on
// is answered as it failed.
func (r *Router) Close() {
	r.closing.Do(func() {
		close(r.stop)
		r.running.Wait()
		r.mu.Lock()
		r.mu.closed = true
		left := make([]*task, 0, len(r.mu.tasks))
		for _, t := range r.mu.tasks {
			left = append(left, t)
		}
		clear(r.mu.tasks)
		r.mu.bytes = 0
		lanes := r.mu.lanes
		r.mu.Unlock()
		for _, t := range left {
			t.lane.fail(t.ref, t.outcome())
		}
		for _, l := range lanes {
			l.takeBack(func(*batch, *item) bool { return true })
		}
	})
}

// kick wakes run.
func (r *Router) kick() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// arm sees to it that run looks after a pause.
func (r *Router) arm() {
	if !r.armed.Load() && r.armed.CompareAndSwap(false, true) {
		r.Clock.AfterFunc(pause, func() {
			r.armed.Store(false)
			r.kick()
		})
	}
}

var (
	errNoLeader = &fault.Error{Code: fault.Unavailable, Retry: 500 * time.Millisecond,
		Message: "the shard has had no leader that could be reached for too long; ask again"}
	errUnknown = &fault.Error{Code: fault.Unavailable, Unknown: true, Retry: 500 * time.Millisecond,
		Message: "the shard's leader was lost before the command was acknowledged; " +
			"ask again with the same request id to learn the outcome"}
	errPeerFull = &fault.Error{Code: fault.ResourceExhausted, Retry: 100 * time.Millisecond,
		Message: "too many requests are under way to the node that leads this shard; " +
			"send fewer at a time and ask again"}
)

// leaderless says whether an error is one of those that another try may cure.
func leaderless(err error) bool {
	return err == grid.ErrAway || fault.CodeOf(err) == fault.Unavailable
}
