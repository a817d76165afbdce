package sim

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/thronggrid/throng/shard/peer"
)

// Between two nodes a connection comes up or is given up at one of the network's looks.
const lookEvery = 40 * time.Millisecond

// network is all machines and the ways between them, as package mesh would have it over
// TCP: what cannot go its way waits, arrives late if the way is mended in time, and is lost
// with the connection if not. Machines are named by their addresses.
type network struct {
	stop chan struct{}

	mu       sync.Mutex
	rand     *rand.Rand
	stations map[string]*station // the newest start on each machine
	links    map[[2]*station]*link
	serial   uint64 // of links
	cut      map[[2]string]bool
	paused   map[string]bool
	late     map[string]time.Duration // how late what a machine is sent reaches it
	breaks   float64                  // share of messages with which a connection breaks
	slow     time.Duration
}

// link is a connection between two starts of nodes.
type link struct {
	serial uint64
	ends   [2]*station
	held   time.Time // since when nothing gets through, one way or both; zero: all does
	due    [2]time.Time
}

func newNetwork(seed uint64) *network {
	return &network{rand: rand.New(rand.NewPCG(seed, 1)), slow: 2 * time.Millisecond,
		stop: make(chan struct{}), stations: make(map[string]*station),
		links: make(map[[2]*station]*link), cut: make(map[[2]string]bool),
		paused: make(map[string]bool), late: make(map[string]time.Duration)}
}

// run looks after the connections until the network is closed.
func (n *network) run() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.look()
		case <-n.stop:
			return
		}
	}
}

func (n *network) close() { close(n.stop) }

// look gives up connections that are silent or broken, and opens those that are missing.
func (n *network) look() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, l := range n.links {
		a, b := l.ends[0], l.ends[1]
		blocked := n.blocked(a.address, b.address)
		switch {
		case !blocked:
			l.held = time.Time{}
		case l.held.IsZero():
			l.held = now
		}
		switch {
		case blocked && now.Sub(l.held) >= peer.SilenceMax, !a.knows(b) && !b.knows(a):
			n.drop(l, peer.Down, peer.Down)
		case !blocked && (a.closed || b.closed):
			n.drop(l, goneIf(b.closed), goneIf(a.closed))
		}
	}
	for _, a := range n.stations {
		for _, b := range n.stations {
			if a.address < b.address && n.rand.IntN(4) > 0 {
				n.connect(a, b)
			}
		}
	}
}

func goneIf(closed bool) peer.State {
	if closed {
		return peer.Gone
	}
	return peer.Down
}

// connect opens the connection between two nodes, if it can and must be.
func (n *network) connect(a, b *station) {
	key := [2]*station{a, b}
	if n.links[key] != nil || a.closed || b.closed || a.origin == 0 || b.origin == 0 ||
		n.blocked(a.address, b.address) || !a.knows(b) && !b.knows(a) {
		return
	}
	n.serial++
	l := &link{serial: n.serial, ends: key}
	n.links[key] = l
	a.enter(b, item{event: peer.Up, link: l})
	b.enter(a, item{event: peer.Up, link: l})
}

// drop ends a connection, of which its ends hear different things.
func (n *network) drop(l *link, a, b peer.State) {
	delete(n.links, l.ends)
	l.ends[0].enter(l.ends[1], item{event: a, link: l})
	l.ends[1].enter(l.ends[0], item{event: b, link: l})
}

// link returns the connection between two nodes, nil if there is none.
func (n *network) link(a, b *station) *link {
	if a.address > b.address {
		a, b = b, a
	}
	return n.links[[2]*station{a, b}]
}

// blocked says whether nothing gets from one machine to another, or back.
func (n *network) blocked(a, b string) bool { return n.stuck(a, b) || n.stuck(b, a) }

// stuck says whether nothing gets from one machine to another.
func (n *network) stuck(from, to string) bool {
	return n.cut[[2]string{from, to}] || n.paused[from] || n.paused[to]
}

// delay is how long a message is on its way.
func (n *network) delay(to string) time.Duration {
	return time.Duration(n.rand.Int64N(int64(n.slow))) + n.late[to]
}

// change changes the network, and lets what waits look again.
func (n *network) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	for _, s := range n.stations {
		for _, b := range s.boxes {
			b.kick()
		}
	}
}

// setCut cuts or mends the way from one machine to another.
func (n *network) setCut(from, to string, cut bool) {
	n.change(func() { n.cut[[2]string{from, to}] = cut })
}

// setPaused lets whatever a machine sends, and what it is sent, wait.
func (n *network) setPaused(address string, paused bool) {
	n.change(func() { n.paused[address] = paused })
}

// setLate lets what a machine is sent from now on reach it late.
func (n *network) setLate(to string, by time.Duration) {
	n.change(func() { n.late[to] = by })
}

func (n *network) setWeather(breaks float64, slow time.Duration) {
	n.change(func() { n.breaks, n.slow = breaks, slow })
}

func (n *network) heal() {
	n.change(func() {
		clear(n.cut)
		clear(n.paused)
		clear(n.late)
		n.breaks, n.slow = 0, 2*time.Millisecond
	})
}
