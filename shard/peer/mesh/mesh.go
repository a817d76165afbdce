package mesh

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// Mesh is a node's connections to the others. It implements peer.Peers.
type Mesh struct {
	o        Options
	instance uint64 // drawn for this process
	listener net.Listener
	handlers [peer.ChannelsEnd]peer.Handler // not changed after Start
	watchers []func(peer.Event)             // neither

	self  atomic.Pointer[self]
	nodes atomic.Pointer[map[uint32]*node] // replaced under mu
	fails failures
	guests
	running sync.WaitGroup // all goroutines

	mu struct {
		sync.Mutex
		started, closed bool
		leaving         map[uint32]*node // removed, and perhaps still being read
		pulse           clock.Timer
	}
}

var _ peer.Peers = (*Mesh)(nil)

// A self is who this node is; nothing until it has joined.
type self struct {
	number  uint32
	cluster grid.ID
}

// Open listens, and takes connections from Start on.
func Open(o Options) (*Mesh, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	m := &Mesh{o: o}
	var b [8]byte
	o.Random(b[:])
	m.instance = binary.BigEndian.Uint64(b[:])
	m.self.Store(&self{o.Number, o.Cluster})
	m.nodes.Store(&map[uint32]*node{})
	m.mu.leaving = map[uint32]*node{}
	m.guests.open()
	if o.Listen != "" {
		var err error
		if m.listener, err = o.Network.Listen(o.Listen); err != nil {
			return nil, fmt.Errorf("listen for other nodes at %s: %w", o.Listen, err)
		}
	}
	return m, nil
}

// Addr returns the address that the mesh listens at; nil if it does not.
func (m *Mesh) Addr() net.Addr {
	if m.listener == nil {
		return nil
	}
	return m.listener.Addr()
}

// Serve implements peer.Peers.
func (m *Mesh) Serve(c peer.Channel, h peer.Handler) { m.handlers[c] = h }

// Watch implements peer.Peers. It may be called more than once.
func (m *Mesh) Watch(f func(peer.Event)) { m.watchers = append(m.watchers, f) }

// Start lets messages come and go. It is called once, after Serve and Watch.
func (m *Mesh) Start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.closed || m.mu.started {
		return
	}
	m.mu.started = true
	for _, n := range *m.nodes.Load() {
		m.keep(n)
	}
	if m.listener != nil {
		m.running.Add(1)
		go m.accept()
	}
	m.mu.pulse = m.o.Clock.AfterFunc(pulseEvery, m.newPulse())
}

// keep starts the keepers of a node.
func (m *Mesh) keep(n *node) {
	m.running.Add(len(n.lines))
	for _, l := range n.lines {
		go l.keep()
	}
}

// Close ends all connections and waits for all goroutines: so no handler, watcher or done
// may call it. What waits for an answer gets peer.ErrLost. No event is reported of it.
func (m *Mesh) Close() {
	m.mu.Lock()
	closed := m.mu.closed
	m.mu.closed = true
	if m.mu.pulse != nil {
		m.mu.pulse.Stop()
	}
	nodes := *m.nodes.Load()
	m.nodes.Store(&map[uint32]*node{})
	m.mu.Unlock()
	if closed {
		return
	}
	if m.listener != nil {
		m.listener.Close()
	}
	m.guests.close()
	for _, n := range nodes {
		n.close(errClosing)
	}
	m.running.Wait()
	m.fails.wait()
}

// closing says whether Close was called.
func (m *Mesh) closing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mu.closed
}

// SetSelf says who this node is, once it knows: before, it is a stranger to the others.
// SetNodes comes after it.
func (m *Mesh) SetSelf(number uint32, cluster grid.ID) {
	m.self.Store(&self{number, cluster})
	for _, n := range *m.nodes.Load() {
		for _, l := range n.lines {
			l.nudge()
		}
	}
}

// SetNodes implements peer.Peers. This node itself may be among them, and is passed over.
func (m *Mesh) SetNodes(nodes []peer.Node) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.closed {
		return
	}
	old := *m.nodes.Load()
	next := make(map[uint32]*node, len(nodes))
	for _, n := range nodes {
		if n.Number == m.self.Load().number || n.Number == 0 || n.Number > numberMax {
			continue
		}
		if have := old[n.Number]; have != nil {
			have.move(n.Address)
			next[n.Number] = have
			continue
		}
		next[n.Number] = newNode(m, n)
		next[n.Number].follow(m.mu.leaving[n.Number])
		if m.mu.started {
			m.keep(next[n.Number])
		}
	}
	m.nodes.Store(&next)
	gone := maps.Clone(old)
	for number := range next {
		delete(gone, number)
	}
	for number, n := range gone {
		n.close(errRemoved)
		if m.mu.started {
			m.mu.leaving[number] = n
		}
	}
	maps.DeleteFunc(m.mu.leaving, func(_ uint32, n *node) bool { return n.left() })
}

// node returns a node of the topology, or nil.
func (m *Mesh) node(number uint32) *node { return (*m.nodes.Load())[number] }

// Tell implements peer.Peers.
func (m *Mesh) Tell(node uint32, c peer.Channel, body []byte) error {
	return m.send(node, c, body, nil)
}

// Call implements peer.Peers. It does not call done itself: failures come on a goroutine
// of their own.
func (m *Mesh) Call(node uint32, c peer.Channel, body []byte, done peer.Done) {
	if err := m.send(node, c, body, done); err != nil {
		m.fails.add(done, err)
	}
}

func (m *Mesh) send(node uint32, c peer.Channel, body []byte, done peer.Done) error {
	if len(body) > peer.BodyBytesMax {
		return peer.ErrTooLarge
	}
	n := m.node(node)
	if n == nil {
		return peer.ErrUnreachable
	}
	if c == peer.Snapshot {
		return n.lines[forBulk].tell(c, body, done)
	}
	return n.lines[forMain].tell(c, body, done)
}
