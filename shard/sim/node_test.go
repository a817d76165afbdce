package sim

import (
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/host"
)

// node is one node of the cluster, through all its lives.
type node struct {
	w      *world
	number uint32
	addr   raft.ServerAddress

	mu   sync.Mutex
	disk *disk
	host *host.Host // nil while the node is down
	end  *endpoint
	life int // counts starts
	// starting says that a new life is about to begin.
	starting bool
}

// offsetClock is the bubble's clock, off by a fixed time.
type offsetClock struct {
	clock.Clock
	off time.Duration
}

func (c offsetClock) Micros() int64 { return c.Clock.Micros() + c.off.Microseconds() }

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

// start begins a new life on what the disk holds.
func (n *node) start(off time.Duration) {
	n.mu.Lock()
	if n.host != nil || n.starting {
		n.mu.Unlock()
		return
	}
	n.starting = true
	n.life++
	life := n.life
	end := n.w.net.join(n.addr)
	n.end = end
	o := host.Options{
		FS: countingFS{n.disk.fs(), n.w}, Dir: "data", Node: n.number, Voters: n.w.voters(),
		Clock:       offsetClock{clock.Real(), off},
		Logger:      slog.New(slog.DiscardHandler),
		Transport:   func(uint32) raft.Transport { return end },
		LogBytesMax: 2 << 10, RetainBytes: 4 << 10,
		// Nothing is heard of the node once this has returned.
		Fatal: func(error) {
			n.crash(life)
			n.w.restartLater(n)
		},
	}
	n.mu.Unlock()
	h, err := host.Open(o)
	n.w.failIf(err != nil, "node %d does not start again: %v", n.number, err)
	n.mu.Lock()
	n.host, n.starting = h, false
	n.mu.Unlock()
}

// crash ends a life as a power cut does: what was not synced is lost. The old
// process is then shut down behind the scenes, cut off from all.
func (n *node) crash(life int) {
	n.mu.Lock()
	h, old, end := n.host, n.disk, n.end
	if h == nil || n.life != life {
		n.mu.Unlock()
		return
	}
	n.host = nil
	n.disk = old.crash(n.w.chance())
	n.mu.Unlock()
	n.w.count(func(s *stats) { s.crashes++ })
	_ = end.Close()
	old.release()
	n.w.background.Go(func() { _ = h.Close() })
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
