// Package peertest is a network of nodes in memory, for tests: an implementation of
// peer.Peers that can delay, lose, cut and end. It runs in a testing/synctest bubble, too.
//
// Each direction between two nodes has one goroutine, which hands messages on in the order
// in which they were sent. A cut loses what is on its way, in that direction; calls whose
// question or answer is lost fail with peer.ErrLost at once when both directions are cut,
// or when the connection is given up, after Silence.
package peertest

import (
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// Silence is how long a direction may be cut before the connection is given up.
const Silence = 4 * time.Second

// Network is all nodes and the ways between them. Its methods may be called from any
// goroutine.
type Network struct {
	// Delay returns how long a message is on its way; nil: no time. It is set before the
	// first node joins.
	Delay func() time.Duration
	// Loss says whether a message is lost on its way, which happens to none by default. What
	// it was to be answered with is not heard before the connection ends. It is set before
	// the first node joins, and called on any goroutine.
	Loss func() bool

	clock clock.Clock

	mu    sync.Mutex
	nodes map[uint32]*Node
	cut   map[[2]uint32]bool
}

// New returns a network without nodes.
func New(c clock.Clock) *Network {
	return &Network{clock: c, nodes: make(map[uint32]*Node), cut: make(map[[2]uint32]bool)}
}

// Node is one start of a node: its peer.Peers.
type Node struct {
	net    *Network
	origin grid.Origin
	stop   chan struct{}
	once   sync.Once
	links  sync.WaitGroup

	handlers [peer.ChannelsEnd]peer.Handler
	watchers []func(peer.Event)

	mu    sync.Mutex
	ways  map[uint32]*way // to other nodes
	calls map[uint64]call
	last  uint64
	ended bool
}

var _ peer.Peers = (*Node)(nil)

// call waits for its answer.
type call struct {
	to   uint32
	done peer.Done
}

// parcel is a message on its way.
type parcel struct {
	channel peer.Channel
	id      uint64 // of a call, or of the call that it answers; 0: nobody waits
	answer  bool
	body    []byte
}

// way is one direction between two nodes.
type way struct {
	queue []parcel
	wake  chan struct{}
	down  bool // the connection was given up
}

// Join adds a node. Its Serve and Watch come next, then Start.
func (n *Network) Join(origin grid.Origin) *Node {
	return &Node{net: n, origin: origin, stop: make(chan struct{}),
		ways: make(map[uint32]*way), calls: make(map[uint64]call)}
}

// Start connects the node with all others; one of the same number must have ended.
func (d *Node) Start() {
	d.net.mu.Lock()
	others := make([]*Node, 0, len(d.net.nodes))
	for number, o := range d.net.nodes {
		if number != d.origin.Node() {
			others = append(others, o)
		}
	}
	d.net.nodes[d.origin.Node()] = d
	d.net.mu.Unlock()
	for _, o := range others {
		d.open(o)
		o.open(d)
		d.say(peer.Event{Node: o.origin, State: peer.Up})
		o.say(peer.Event{Node: d.origin, State: peer.Up})
	}
}

// open begins the way to another node.
func (d *Node) open(to *Node) {
	w := &way{wake: make(chan struct{}, 1)}
	d.mu.Lock()
	d.ways[to.origin.Node()] = w
	d.mu.Unlock()
	d.links.Go(func() { d.carry(w, to) })
}

// carry hands messages on until either node ends.
func (d *Node) carry(w *way, to *Node) {
	for {
		select {
		case <-w.wake:
		case <-d.stop:
			return
		case <-to.stop:
			return
		}
		for {
			d.mu.Lock()
			if len(w.queue) == 0 {
				d.mu.Unlock()
				break
			}
			p := w.queue[0]
			w.queue = w.queue[1:]
			d.mu.Unlock()
			if d.net.Delay != nil {
				d.net.wait(d.net.Delay())
			}
			if !d.net.loses(d.origin.Node(), to.origin.Node()) {
				to.take(d.origin, p)
			}
		}
	}
}

// wait returns after a time.
func (n *Network) wait(d time.Duration) {
	over := make(chan struct{})
	n.clock.AfterFunc(d, func() { close(over) })
	<-over
}

// take serves a message that has come.
func (d *Node) take(from grid.Origin, p parcel) {
	select {
	case <-d.stop:
		return
	default:
	}
	if p.answer {
		if c, ok := d.answered(p.id); ok {
			c.done(p.body, nil)
		}
		return
	}
	h := d.handlers[p.channel]
	if h == nil {
		return
	}
	var answer func([]byte)
	if p.id != 0 {
		answer = func(body []byte) {
			_ = d.send(from.Node(), parcel{channel: p.channel, id: p.id, answer: true, body: body})
		}
	}
	h(from, p.body, answer)
}

// answered removes a call.
func (d *Node) answered(id uint64) (call, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.calls[id]
	delete(d.calls, id)
	return c, ok
}

func (d *Node) send(to uint32, p parcel) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.ways[to]
	if w == nil || w.down || d.ended {
		return peer.ErrUnreachable
	}
	w.queue = append(w.queue, p)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

// Tell implements peer.Peers.
func (d *Node) Tell(node uint32, c peer.Channel, body []byte) error {
	return d.send(node, parcel{channel: c, body: body})
}

// Call implements peer.Peers.
func (d *Node) Call(node uint32, c peer.Channel, body []byte, done peer.Done) {
	d.mu.Lock()
	d.last++
	id := d.last
	d.calls[id] = call{node, done}
	d.mu.Unlock()
	if err := d.send(node, parcel{channel: c, id: id, body: body}); err != nil {
		if _, ok := d.answered(id); ok {
			done(nil, err)
		}
	}
}

// Ask implements peer.Peers; there are no addresses here.
func (d *Node) Ask(_ string, _ peer.Channel, _ []byte, done peer.Done) {
	done(nil, peer.ErrUnreachable)
}

// Serve implements peer.Peers.
func (d *Node) Serve(c peer.Channel, h peer.Handler) { d.handlers[c] = h }

// Watch implements peer.Peers.
func (d *Node) Watch(f func(peer.Event)) { d.watchers = append(d.watchers, f) }

// SetNodes implements peer.Peers: all nodes reach each other anyway.
func (d *Node) SetNodes([]peer.Node) {}

func (d *Node) say(e peer.Event) {
	for _, f := range d.watchers {
		f(e)
	}
}

// lose ends the connection to another node, as far as this one knows.
func (d *Node) lose(other grid.Origin, state peer.State) {
	d.mu.Lock()
	var lost []peer.Done
	for id, c := range d.calls {
		if c.to == other.Node() {
			lost = append(lost, c.done)
			delete(d.calls, id)
		}
	}
	if state == peer.Gone {
		delete(d.ways, other.Node())
	} else if w := d.ways[other.Node()]; w != nil {
		w.queue, w.down = nil, true
	}
	d.mu.Unlock()
	for _, done := range lost {
		done(nil, peer.ErrLost)
	}
	d.say(peer.Event{Node: other, State: state})
}

// End ends the node as a crash does: the others see that its process is gone.
func (d *Node) End() {
	d.once.Do(func() {
		d.net.mu.Lock()
		if d.net.nodes[d.origin.Node()] == d {
			delete(d.net.nodes, d.origin.Node())
		}
		others := make([]*Node, 0, len(d.net.nodes))
		for _, o := range d.net.nodes {
			others = append(others, o)
		}
		d.net.mu.Unlock()
		d.mu.Lock()
		d.ended = true
		d.mu.Unlock()
		close(d.stop)
		for _, o := range others {
			d.lose(o.origin, peer.Down)
			o.lose(d.origin, peer.Gone)
		}
	})
}

// Wait returns when no goroutine of the node runs any more, after End.
func (d *Node) Wait() { d.links.Wait() }

// Cut cuts or mends the way from one node to another. When both ways are cut both nodes
// notice at once, else after Silence.
func (n *Network) Cut(from, to uint32, cut bool) {
	n.mu.Lock()
	was := n.cut[[2]uint32{from, to}]
	n.cut[[2]uint32{from, to}] = cut
	both := cut && n.cut[[2]uint32{to, from}]
	a, b := n.nodes[from], n.nodes[to]
	n.mu.Unlock()
	if was == cut || a == nil || b == nil {
		return
	}
	switch {
	case both:
		n.part(a, b)
	case cut:
		n.clock.AfterFunc(Silence, func() {
			if n.isCut(from, to) {
				n.part(a, b)
			}
		})
	case !n.isCut(to, from):
		a.regain(b.origin)
		b.regain(a.origin)
	}
}

// regain opens the connection to another node again, if it was given up.
func (d *Node) regain(other grid.Origin) {
	d.mu.Lock()
	w := d.ways[other.Node()]
	was := w != nil && w.down
	if was {
		w.down = false
	}
	d.mu.Unlock()
	if was {
		d.say(peer.Event{Node: other, State: peer.Up})
	}
}

// part lets two nodes know that they have lost each other.
func (n *Network) part(a, b *Node) {
	a.lose(b.origin, peer.Down)
	b.lose(a.origin, peer.Down)
}

// loses says whether a message from one node to another is lost.
func (n *Network) loses(from, to uint32) bool {
	return n.isCut(from, to) || n.Loss != nil && n.Loss()
}

func (n *Network) isCut(from, to uint32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cut[[2]uint32{from, to}]
}
