package netio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// Server serves clients until Shutdown. Its methods may be called from any
// goroutine.
type Server struct {
	options     Options
	ops         []*grid.Op // by kind
	rows        *replyRows
	connections int // the most at once
	addr        net.Addr
	engine      gnet.Engine
	booted      chan struct{} // gnet listens
	ended       chan struct{} // gnet has ended; err is set before
	err         error
	bells       sync.WaitGroup

	bounds    atomic.Pointer[grid.Limits]
	limits    atomic.Pointer[limits]
	addresses addresses
	users     users
	began     time.Time

	fan       *fan
	readers   *workers // finish reads,
	gatherers *workers // and those that other nodes are asked for
	waiters   waiters  // theirs
	checkers  *workers // check tokens, so that who logs in does not wait for reads
	policy    *websocket.Policy
	slow      *slowLog

	open      atomic.Int64
	detaching atomic.Int64  // ends of connections that are not stored yet
	leaving   atomic.Bool   // Shutdown was called
	cut       atomic.Bool   // see Cut
	empty     chan struct{} // closed when no connection is left after that
	emptied   sync.Once
	accepted  atomic.Uint64
	turned    atomic.Uint64 // connections refused at the door
	crowded   atomic.Uint64 // of these, those whose network had too many
	lost      atomic.Uint64 // pushes for whole streams that were dropped
	panics    atomic.Uint64 // in workers

	mu struct {
		sync.Mutex
		loops  map[gnet.EventLoop]*loop
		closed bool // gnet runs no more tasks
	}
}

// Start listens and serves; it returns once connections are taken.
func Start(o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("the options of the listener: %w", err)
	}
	o.defaults()
	policy, err := websocket.NewPolicy(o.Origins)
	if err != nil {
		return nil, fmt.Errorf("the options of the listener: %w", err)
	}
	most, err := connectionsMax(o.ConnectionsMax)
	if err != nil {
		return nil, fmt.Errorf("make room for connections: %w", err)
	}
	addr, free, err := reserve(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	defer free()
	s := &Server{
		options:     o,
		ops:         opTable(o.Ops),
		rows:        newReplyRows(o.Ops),
		connections: most,
		policy:      policy,
		began:       time.Now(),
		booted:      make(chan struct{}),
		ended:       make(chan struct{}),
		empty:       make(chan struct{}),
	}
	s.limits.Store(newLimits(o.Limits))
	s.mu.loops = make(map[gnet.EventLoop]*loop)
	s.warnOfFew()
	s.fan = newFan(s)
	s.readers, s.gatherers, s.checkers = newWorkers(s), newWorkers(s), newWorkers(s)
	s.waiters.server = s
	s.slow = startSlowLog(s)
	go s.run(addr)
	select {
	case <-s.booted:
		return s, nil
	case <-s.ended:
		s.waitForWorkers()
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, s.err)
	}
}

// run runs gnet; whatever it returns, nobody serves any more afterwards. Each loop has a
// socket of its own that listens, so it has seen a connection before it accepts another.
// With one that accepts for all, loops would see a flood only after the last file
// descriptor was taken by it, and that ends gnet.
func (s *Server) run(addr string) {
	err := gnet.Run(&events{Server: s}, "tcp://"+addr,
		gnet.WithNumEventLoop(s.options.Loops),
		gnet.WithReuseAddr(true),
		gnet.WithReusePort(true),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithTCPKeepAlive(keepAlive),
		gnet.WithLogger(engineLog{s.options.Logger}),
	)
	if err == nil && !s.leaving.Load() {
		err = errors.New("the event loops ended unasked: " +
			"out of file descriptors, or a fault named in the log")
	}
	s.err = err
	s.fan.close()
	close(s.ended)
}

// Addr is where the server listens; with port 0 in the options, the real one.
func (s *Server) Addr() net.Addr { return s.addr }

// Done is closed when the server has ended, asked to or not.
func (s *Server) Done() <-chan struct{} { return s.ended }

// Err says why the server ended: nil when Shutdown asked it to. It may be called
// once Done is closed.
func (s *Server) Err() error { return s.err }

// op returns what serves a kind, nil when nothing does.
func (s *Server) op(kind grid.Kind) *grid.Op {
	if int(kind) >= len(s.ops) {
		return nil
	}
	return s.ops[kind]
}

// loopOf returns what we keep beside an event loop, made when it first accepts.
func (s *Server) loopOf(e gnet.EventLoop) *loop {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.mu.loops[e]
	if l == nil {
		l = s.newLoop(e, len(s.mu.loops))
		s.mu.loops[e] = l
		s.fan.loops[l.number()].Store(l)
		s.bells.Add(1)
		go l.attend(s.options.HelloTimeout / ticksPerHello)
	}
	return l
}

// loopFor returns the loop of a connection.
func (s *Server) loopFor(k *conn) *loop { return s.fan.loops[loopOfNumber(k.number())].Load() }

func (s *Server) newLoop(e gnet.EventLoop, number int) *loop {
	l := &loop{server: s, events: e, bell: newBell(), budget: s.options.ReadsPerTurn}
	l.table.loop = uint64(number)
	l.replies = s.rows.newReplies()
	l.rooms.byKey = make(map[string]*room)
	l.detaching = make(map[uint64]*detach)
	l.inbox.closed = s.mu.closed
	l.lane = s.options.Shards.Open(l.deliver)
	return l
}

// events is what gnet calls.
type events struct {
	gnet.BuiltinEventEngine
	*Server
}

func (s *events) OnBoot(e gnet.Engine) gnet.Action {
	s.engine = e
	fd, err := e.Dup()
	if err == nil {
		s.addr, err = addrOf(fd)
	}
	if err != nil {
		s.options.Logger.Error("ask for the address listened on", "error", err)
		return gnet.Shutdown
	}
	s.options.Shards.Listen(s.fan.hints) // nobody is served yet
	close(s.booted)
	return gnet.None
}

func (s *events) OnOpen(c gnet.Conn) (out []byte, action gnet.Action) {
	l := s.loopOf(c.EventLoop())
	s.endUnread(c.Fd())
	open := s.open.Add(1)
	if why := s.closing(); why != 0 {
		s.turned.Add(1)
		g := wire.Goodbye{Reason: why, After: s.options.ReconnectAfter}
		g.Text = g.Reason.Text()
		return wire.End(g.Append(wire.Begin(nil, wire.KindGoodbye, 0, 0)), 0), gnet.Close
	}
	k := &conn{conn: c}
	room := s.fits(l, k, open)
	l.table.add(k)
	c.SetContext(k)
	l.stranger(k)
	if room {
		s.accepted.Add(1)
	} else {
		l.turnAway(k)
	}
	if why := s.closing(); why != 0 { // the loop may have said goodbye to all before
		l.dismiss(k, why)
		l.endEvent()
	}
	return nil, gnet.None
}

func (s *events) OnTraffic(c gnet.Conn) gnet.Action {
	k, ok := c.Context().(*conn)
	if !ok {
		return gnet.Close
	}
	l := s.loopFor(k)
	defer l.survive()
	l.now = k
	l.serve(k)
	l.endEvent()
	return gnet.None
}

func (s *events) OnClose(c gnet.Conn, _ error) gnet.Action {
	if k, ok := c.Context().(*conn); ok {
		n, _ := networkOf(c.RemoteAddr())
		s.addresses.remove(n)
		s.loopFor(k).closed(k)
	}
	s.open.Add(-1)
	s.checkEmpty()
	return gnet.None
}

// checkEmpty sees whether the last connection of a server that shuts down has
// ended, and its session was detached.
func (s *Server) checkEmpty() {
	if s.leaving.Load() && s.open.Load() == 0 && s.detaching.Load() == 0 {
		s.emptied.Do(func() { close(s.empty) })
	}
}

// OnShutdown is called before the loops end, asked to or not.
func (s *events) OnShutdown(gnet.Engine) {
	s.mu.Lock()
	s.mu.closed = true
	loops := slices.Collect(maps.Values(s.mu.loops))
	s.mu.Unlock()
	for _, l := range loops {
		l.closeInbox()
	}
}

var _ gnet.Runnable = (*loop)(nil)

// stop ends gnet. Its Stop looks only twice a second whether it has; run knows
// at once.
func (s *Server) stop() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.engine.Stop(now) // the error is always that of the ended context
	<-s.ended
	s.bells.Wait()
	s.waitForWorkers()
}

func (s *Server) waitForWorkers() {
	s.readers.all.Wait()
	s.gatherers.all.Wait()
	s.checkers.all.Wait()
	s.slow.done.Wait()
}
