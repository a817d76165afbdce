package mesh

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// A memory is a network within a synctest bubble. Addresses are names of machines with
// any port.
type memory struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
	open      map[*memoryConn]struct{} // both ends of all connections
	most      int                      // connections at once, since it was last set
	delay     func() time.Duration     // of a dial; nil: none
	cut       chan struct{}            // not nil: nothing passes until it is closed
}

func newMemory() *memory {
	return &memory{listeners: map[string]*memoryListener{}, open: map[*memoryConn]struct{}{}}
}

// A memoryListener has a backlog, as a kernel's has.
type memoryListener struct {
	network *memory
	address string
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

type memoryAddr string

func (a memoryAddr) Network() string { return "memory" }
func (a memoryAddr) String() string  { return string(a) }

func (n *memory) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &memoryListener{network: n, address: address, backlog: make(chan net.Conn, 16),
		closed: make(chan struct{})}
	n.listeners[address] = l
	return l, nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr(l.address) }

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		if l.network.listeners[l.address] == l {
			delete(l.network.listeners, l.address)
		}
		l.network.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.backlog:
				c.Close()
			default:
				return
			}
		}
	})
	return nil
}

func (n *memory) Dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	delay, cut := time.Duration(0), n.cut
	if n.delay != nil {
		delay = n.delay()
	}
	n.mu.Unlock()
	if cut == nil {
		cut = make(chan struct{})
		close(cut)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for range 2 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			timer.Reset(0)
			<-cut
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.listeners[address]
	if l == nil {
		return nil, ErrRefused
	}
	a, b := net.Pipe()
	near, far := &memoryConn{Conn: a, network: n}, &memoryConn{Conn: b, network: n}
	near.read.L, far.read.L = &near.gate, &far.gate
	n.open[near], n.open[far] = struct{}{}, struct{}{}
	n.most = max(n.most, len(n.open)/2)
	l.backlog <- far
	return near, nil
}

// A memoryConn is one end of a connection.
type memoryConn struct {
	net.Conn
	network *memory
	gate    sync.Mutex
	read    sync.Cond
	deaf    bool // what is read stays where it is
	closed  bool
}

func (c *memoryConn) RemoteAddr() net.Addr { return memoryAddr("there:1") }

func (c *memoryConn) Read(b []byte) (int, error) {
	k, err := c.Conn.Read(b)
	c.gate.Lock()
	defer c.gate.Unlock()
	for c.deaf && !c.closed {
		c.read.Wait()
	}
	return k, err
}

func (c *memoryConn) Close() error {
	c.Conn.Close()
	c.network.mu.Lock()
	delete(c.network.open, c)
	c.network.mu.Unlock()
	c.gate.Lock()
	c.closed = true
	c.gate.Unlock()
	c.read.Broadcast()
	return nil
}

// connections returns all ends that are open.
func (n *memory) connections() []*memoryConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []*memoryConn
	for c := range n.open {
		out = append(out, c)
	}
	return out
}

// reset breaks all connections.
func (n *memory) reset() {
	for _, c := range n.connections() {
		c.Close()
	}
}

// part lets nothing pass any more; heal ends that.
func (n *memory) part() {
	n.mu.Lock()
	n.cut = make(chan struct{})
	n.mu.Unlock()
	for _, c := range n.connections() {
		c.setDeaf(true)
	}
}

func (n *memory) heal() {
	n.mu.Lock()
	close(n.cut)
	n.cut = nil
	n.mu.Unlock()
	for _, c := range n.connections() {
		c.setDeaf(false)
	}
}

func (c *memoryConn) setDeaf(deaf bool) {
	c.gate.Lock()
	c.deaf = deaf
	c.gate.Unlock()
	c.read.Broadcast()
}

// offsetClock is a clock that is wrong.
type offsetClock struct {
	clock.Clock
	offset time.Duration
}

func (c offsetClock) Micros() int64 { return c.Clock.Micros() + c.offset.Microseconds() }

// bubble runs a test in simulated time, over a network in memory.
func bubble(t *testing.T, f func(t *testing.T, n *memory)) {
	synctest.Test(t, func(t *testing.T) { f(t, newMemory()) })
}

// memoryOptions are those of a node on a machine of the network in memory.
func memoryOptions(n *memory, number uint32) Options {
	o := options(number)
	o.Network, o.Listen, o.Clock = n, string(rune('a'+number))+":1", clock.Real()
	o.Address = o.Listen
	return o
}

// start opens a mesh that echoes, and starts it.
func start(t testing.TB, o Options) (*Mesh, *seen) {
	m := open(t, o)
	s := watch(m)
	for c := range peer.Channel(peer.ChannelsEnd) {
		m.Serve(c, echo)
	}
	m.Start()
	return m, s
}
