package sim

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/raftnet"
)

// node is one node of the cluster, through all its lives.
type node struct {
	w      *world
	number uint32
	addr   string // of its machine

	mu    sync.Mutex
	disk  *simDisk
	space *disk.Space // of the present life
	on    *station    // of the present life
	life  int         // counts starts
	alive bool
	host  *host.Host // nil while the node is down or opens its data directory
}

// driftMax is the share by which a node's clock runs fast or slow at the most:
// two nodes drift apart by less than the tenth that leases allow for.
const driftMax = 0.02

// oddClock is the bubble's clock, set wrong and not quite as fast.
type oddClock struct {
	clock.Clock
	start int64 // µs
	off   time.Duration
	drift float64 // of the time since start
}

func newOddClock(r *rand.Rand) oddClock {
	c := clock.Real()
	return oddClock{c, c.Micros(), between(r, -200*time.Millisecond, 200*time.Millisecond),
		driftMax * (2*r.Float64() - 1)}
}

func (c oddClock) Micros() int64 {
	now := c.Clock.Micros()
	return now + c.off.Microseconds() + int64(c.drift*float64(now-c.start))
}

// running returns the node's present life, nil when it is down.
func (n *node) running() (*host.Host, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.host, n.life
}

// whileAlive calls f if the given life of the node has not ended. A crash waits
// for it: nothing is seen of a node after its disk was cloned.
func (n *node) whileAlive(life int, f func()) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.host == nil || n.life != life {
		return false
	}
	f()
	return true
}

// start begins a new life on what the disk holds, which may end before it has
// begun to serve.
func (n *node) start() {
	n.mu.Lock()
	if n.alive || n.w.closing() {
		n.mu.Unlock()
		return
	}
	n.alive = true
	n.life++
	life := n.life
	o, err := n.prepare(life)
	n.mu.Unlock()
	var h *host.Host
	if err == nil {
		h, err = host.Open(o)
	}
	if err == nil {
		err = n.startShards(h)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.alive && n.life == life {
		if disk.IsFull(err) { // as an operator would, who frees some first
			n.alive = false
			n.space.Close()
			n.w.count(func(s *stats) { s.startless++ })
			n.w.restartLater(n)
			return
		}
		n.w.failIf(err != nil, "node %d does not start: %v", n.number, err)
		n.host = h
		if err == nil {
			h.Listen(func(e *grid.Effects) { n.whileAlive(life, func() { n.w.post.deliver(e) }) })
		}
		return
	}
	n.w.count(func(s *stats) { s.stillborn++ })
	if err == nil {
		n.w.background.Go(func() { _ = h.Close() })
	}
}

// startShards starts a replica of each shard.
func (n *node) startShards(h *host.Host) error {
	n.mu.Lock()
	n.on.SetNodes(n.w.others(n))
	n.on.begin(h.Origin())
	n.mu.Unlock()
	h.SetTable(shard.NewTable(n.w.shards))
	n.w.raise(h)
	for i := range n.w.shards {
		if err := h.Start(i, n.w.voters()); err != nil {
			return errors.Join(err, h.Close())
		}
	}
	return nil
}

// prepare returns the options of a life. Called under mu.
func (n *node) prepare(life int) (o host.Options, err error) {
	r, d := n.w.chance(), n.disk
	if n.w.stormy() && r.IntN(3) == 0 {
		d.cutAt(1+r.IntN(60), func() { n.crash(life) })
	}
	n.on = n.w.net.join(n.addr)
	c, g := newOddClock(r), new(gate.Gate)
	rafts := raftnet.New(raftnet.Options{Peers: n.on, Clock: c, Random: n.w.dice})
	if n.space, err = d.watch("/", c, g); err != nil {
		return o, err
	}
	return host.Options{
		FS: countingFS{d.fs(), n.w}, Dir: "data", Node: n.number, Clock: c, Gate: g, Space: n.space,
		Logger:    slog.New(slog.DiscardHandler),
		Transport: func(group uint32) raft.Transport { return rafts.Transport(n.number, group) },
		Archive:   n.w.archive, SessionGrace: grace,
		LogBytesMax: 2 << 10, RetainBytes: 4 << 10,
		// Nothing is heard of the node once this has returned.
		Fatal: func(err error) {
			failing := d.failing()
			if n.crash(life) {
				n.w.failIf(!failing, "node %d stops on a healthy disk: %v", n.number, err)
			}
		},
	}, nil
}

// crash ends a life as a power cut does: what was not synced is lost. The node
// starts again later; the old process is shut down behind the scenes, cut off
// from all, by whoever opened it if it was not open yet. It returns false if
// that life had ended already.
func (n *node) crash(life int) bool {
	n.mu.Lock()
	if !n.alive || n.life != life {
		n.mu.Unlock()
		return false
	}
	n.on.close() // first: nobody may hear of what the clone lacks
	h, old, space := n.host, n.disk, n.space
	n.alive, n.host = false, nil
	n.disk = old.crash(n.w.chance())
	n.mu.Unlock()
	n.w.count(func(s *stats) { s.crashes++ })
	old.release()
	space.Close()
	if h != nil {
		n.w.background.Go(func() { _ = h.Close() })
	}
	n.w.restartLater(n)
	return true
}

// countingFS counts the snapshots that become durable.
type countingFS struct {
	vfs.FS
	w *world
}

func (f countingFS) Rename(from, to string) error {
	if strings.HasSuffix(to, ".snap") {
		f.w.count(func(s *stats) { s.snapshots++ })
	}
	return f.FS.Rename(from, to)
}

// chance returns a source of its own for who needs one from another goroutine.
func (w *world) chance() *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	return rand.New(rand.NewPCG(w.rand.Uint64(), 7))
}

// dice returns a number below n, to any goroutine.
func (w *world) dice(n int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.Int64N(n)
}
