package netio

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// audience is a fan-out over loops that take a turn when they are told to, and whose
// connections are no sockets, but know what their client must have heard. It is used
// within synctest.
type audience struct {
	t       fataler
	fan     *fan
	loops   []*loop
	clients []*client
	told    [audienceStreams]int // messages there were on each stream
	asked   map[uint32]asking    // relays that are not answered
	id      uint32               // of the latest
}

type fataler interface{ Fatalf(string, ...any) }

const audienceStreams = 7

// message is the n-th one of a stream.
type message struct{ stream, n int }

// asking is a request to pass on a message.
type asking struct {
	message
	by *client
}

// client is a connection, and its client.
type client struct {
	gnet.Conn
	*audience
	k       *conn
	loop    *loop
	streams [audienceStreams]listening
	unread  int  // bytes that wait for it
	choked  bool // it has not read for a while, once
	broken  bool // the next write finds it gone
	fault   bool // the next write panics
	ended   bool
}

// listening is what a client has of a stream.
type listening struct {
	is, was bool // on it
	from    int  // all messages from this one on are for it
	heard   int  // 1 + the latest
	missed  bool // was told so, and has heard nothing since
	owed    bool // was not told yet that it has missed some
}

type noShards struct{ grid.Shards }

func (noShards) Origin() grid.Origin { return grid.OriginOf(1, 7) }

// noEvents is an event loop that takes no turns by itself.
type noEvents struct{ gnet.EventLoop }

func (noEvents) Execute(context.Context, gnet.Runnable) error { return nil }

func (noEvents) Close(c gnet.Conn) error {
	c.(*client).end()
	return nil
}

func newAudience(t fataler, loops int) *audience {
	o := Options{Shards: noShards{}, Loops: loops, Logger: slog.New(slog.DiscardHandler)}
	o.defaults()
	s := &Server{options: o, ops: opTable(fakeOps(nil))}
	s.fan = newFan(s)
	a := &audience{t: t, fan: s.fan, asked: make(map[uint32]asking)}
	for i := range loops {
		l := &loop{server: s, events: noEvents{}, bell: newBell()}
		l.table.loop = uint64(i)
		l.rooms.byKey = make(map[string]*room)
		a.loops = append(a.loops, l)
		s.fan.loops[i].Store(l)
	}
	return a
}

// connect adds a client that is on some streams. Every second one speaks WebSocket.
func (a *audience) connect(l *loop, streams ...int) *client {
	c := &client{audience: a, loop: l}
	c.k = &conn{conn: c, state: open}
	if len(a.clients)%2 == 1 {
		c.k.ws = new(webSocket)
	}
	l.table.add(c.k)
	a.clients = append(a.clients, c)
	for _, stream := range streams {
		c.join(stream)
	}
	return c
}

func streamKey(stream int) []byte { return []byte(roomKey(fmt.Sprint(stream))) }

func (c *client) join(stream int) {
	if s := &c.streams[stream]; !c.ended && !s.is {
		c.loop.enter(c.k, streamKey(stream))
		s.is, s.was, s.from = true, true, c.told[stream]
	}
}

func (c *client) leave(stream int) {
	if !c.ended {
		c.loop.leave(c.k, streamKey(stream))
		c.streams[stream].is, c.streams[stream].owed = false, false // who has left need not be told
	}
}

func (c *client) end() {
	if !c.ended {
		c.ended = true
		c.loop.closed(c.k)
	}
}

// choke makes it seem that the client does not read.
func (c *client) choke() { c.unread, c.choked = c.fan.server.options.OutBytesMax/2, true }

func (c *client) OutboundBuffered() int { return c.unread }
func (c *client) Fd() int               { return -1 }

func (c *client) Writev(parts [][]byte) (int, error) {
	if len(parts) == 1 {
		return c.Write(nil) // control frames without a message
	}
	return c.Write(parts[len(parts)-1])
}

func (c *client) Write(b []byte) (int, error) {
	switch {
	case c.fault:
		c.fault = false
		panic("planted in Write")
	case c.ended:
		c.t.Fatalf("who has gone was written to")
	case c.broken:
		c.end()
		return 0, net.ErrClosed
	}
	var replies []uint32
	for len(b) > 0 {
		f, size, err := wire.Next(b, wire.ReplyBytesMax)
		if err != nil || size > len(b) {
			c.t.Fatalf("no whole frame in %d bytes: %v", len(b), err)
		}
		b = b[size:]
		switch {
		case f.Flags&wire.Reply != 0:
			replies = append(replies, f.ID)
		case f.Kind == wire.KindMissed && !c.choked && !c.lossy():
			c.t.Fatalf("was told that it missed something")
		case f.Kind == wire.KindMissed:
			for i := range c.streams {
				c.streams[i].missed, c.streams[i].owed = true, false
			}
		case f.Kind == kindSaid:
			c.hear(message{int(f.Body[0]), int(binary.BigEndian.Uint32(f.Body[1:]))})
		}
	}
	for _, id := range replies {
		c.answered(id)
	}
	return 0, nil
}

// hear checks a message against what the client has of its stream.
func (c *client) hear(m message) {
	switch s := &c.streams[m.stream]; {
	case !s.was || m.n >= c.told[m.stream]:
		c.t.Fatalf("heard %+v, which nobody has told it", m)
	case m.n < s.heard:
		c.t.Fatalf("heard %+v again, or late: %+v", m, *s)
	case !c.lossy() && s.is && !s.missed && m.n > max(s.heard, s.from):
		c.t.Fatalf("heard %+v, and not what came before: %+v", m, *s)
	default:
		s.owed = s.owed || s.is && !s.missed && m.n > max(s.heard, s.from)
		s.heard, s.missed = m.n+1, false
	}
}

// has says whether a client has heard a message, or need not, or knows that it has
// missed some, or will be told so.
func (c *client) has(m message) bool {
	s := &c.streams[m.stream]
	if c.k.state != open || !s.is || m.n < s.from || m.n < s.heard || s.missed || c.k.is(missed) {
		return true
	}
	for b := c.k.waiting(); len(b) > 0; {
		f, size, _ := wire.Next(b, wire.ReplyBytesMax)
		if f.Kind == wire.KindMissed {
			return true
		}
		b = b[size:]
	}
	return false
}

// answered checks that a message has reached all, when who has sent it is told so.
func (a *audience) answered(id uint32) {
	r, is := a.asked[id]
	if !is {
		a.t.Fatalf("request %d was answered twice", id)
	}
	delete(a.asked, id)
	for i, c := range a.clients {
		if !c.has(r.message) {
			a.t.Fatalf("request %d was answered, and client %d has not heard %+v", id, i, r.message)
		}
	}
}

// message returns the next message of a stream.
func (a *audience) message(stream, size int) []byte {
	b := append(make([]byte, 0, 5+size), byte(stream))
	b = binary.BigEndian.AppendUint32(b, uint32(a.told[stream]))
	a.told[stream]++
	return b[:cap(b)]
}

// tell hints a message to all on a stream.
func (a *audience) tell(stream, size int) {
	key := streamKey(stream)
	a.fan.mu.Lock()
	a.fan.push(grid.SlotOf(key), key, kindSaid, a.message(stream, size))
	a.fan.mu.Unlock()
	a.fan.start()
}

// lossy says whether there was no room for some message, so that all on its stream
// have missed it.
func (a *audience) lossy() bool { return a.fan.server.lost.Load() > 0 }

// full leaves no room for more that is to be pushed, until the next round.
func (a *audience) full() {
	a.fan.mu.Lock()
	a.fan.mu.next.bytes = PendingBytesMax
	a.fan.mu.Unlock()
}

// say passes on a message of a client.
func (c *client) say(stream, size int) {
	if c.k.state != open || c.k.asking() == grid.RequestsMax {
		return
	}
	c.id++
	key := streamKey(stream)
	ref := grid.Ref{Conn: c.k.number(), ID: c.id, Kind: kindSay}
	if c.fan.relay(grid.SlotOf(key), key, kindSaid, c.message(stream, size), ref) == nil {
		c.asked[c.id] = asking{message{stream, c.told[stream] - 1}, c}
		c.k.errands++
	} else {
		c.told[stream]--
	}
	c.fan.start()
}

// turn has a loop take a turn.
func (a *audience) turn(l *loop) {
	for _, bell := range []chan struct{}{l.bell.now, l.bell.later} {
		select {
		case <-bell:
		default:
		}
	}
	_ = l.Run(context.Background())
}

// wanted says whether a loop is to take a turn.
func (l *loop) wanted() bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	return l.inbox.posted || len(l.bell.now)+len(l.bell.later) > 0
}

// rest lets time pass, in which rounds may begin.
func (a *audience) rest() {
	time.Sleep(2 * roundPatience)
	synctest.Wait()
}

// idle says whether there are no rounds, and no answers on their way.
func (a *audience) idle() bool {
	f := a.fan
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := len(f.mu.next.segments) + len(f.mu.held.segments)
	idle := len(f.mu.under) == 0 && waiting == 0 && f.mu.begins.IsZero()
	for _, l := range a.loops {
		idle = idle && !l.wanted()
	}
	return idle
}

// checkRounds checks that of one stream something is in one round at a time, and no
// more than its share, and that all is counted.
func (a *audience) checkRounds() {
	f := &a.fan.mu
	f.Lock()
	defer f.Unlock()
	under := make(map[string]bool)
	for _, r := range f.under {
		for i := range r.segments {
			s := &r.segments[i]
			if !s.empty() && under[s.key] {
				a.t.Fatalf("%q is in two rounds", s.key)
			}
			n, count := wholeFrames(s.frames, a.fan.share)
			if n < len(s.frames) || count != s.count {
				a.t.Fatalf("%q has %d bytes, said to be %d frames, in a round", s.key, len(s.frames), s.count)
			}
			under[s.key] = under[s.key] || !s.empty()
		}
	}
	bytes, frames := 0, 0
	for i := range f.held.segments {
		s := &f.held.segments[i]
		if bytes, frames = bytes+len(s.frames), frames+s.count; !under[s.key] {
			a.t.Fatalf("%q is held by nothing", s.key)
		}
	}
	if bytes != f.held.bytes || frames != f.held.frames {
		a.t.Fatalf("%d bytes in %d frames are held: counted are %d in %d",
			bytes, frames, f.held.bytes, f.held.frames)
	}
}

// settle has the loops go on until nothing is left to do, and checks that nothing is
// left undone.
func (a *audience) settle() {
	for n := 0; !a.idle(); n++ {
		if n == 100 {
			f := &a.fan.mu
			a.t.Fatalf("%d rounds are under way, %d segments wait, %d are held, the pause ends %v",
				len(f.under), len(f.next.segments), len(f.held.segments), f.begins)
		}
		for _, l := range a.loops {
			if l.wanted() {
				a.turn(l)
			}
		}
		a.rest()
	}
	if n := len(a.fan.mu.spares); n > RoundsMax {
		a.t.Fatalf("%d rounds are kept", n)
	}
	for i, c := range a.clients {
		if c.k.links != 0 {
			a.t.Fatalf("client %d has links that nobody follows", i)
		}
		for stream, n := range a.told {
			if n > 0 && !c.has(message{stream, n - 1}) || c.k.state == open && c.streams[stream].owed {
				a.t.Fatalf("client %d has not heard the last of stream %d", i, stream)
			}
		}
	}
	for id, r := range a.asked {
		if r.by.k.state == open {
			a.t.Fatalf("request %d was not answered: %+v", id, r.message)
		}
	}
	for _, l := range a.loops {
		l.checkIdle(a.t)
	}
}

// checkIdle checks that a loop has nothing to do with rounds, and that each of its
// buffers is used by one at a time.
func (l *loop) checkIdle(t fataler) {
	if len(l.parts) > 0 || len(l.links) > 0 || l.unlinked != 0 {
		t.Fatalf("%d parts, %d links, the first free one %d", len(l.parts), len(l.links), l.unlinked)
	}
	used := map[*byte]bool{unsafe.SliceData(l.gathered): true}
	for _, o := range l.buffers {
		if b := unsafe.SliceData(o.frames); used[b] {
			t.Fatalf("a buffer is there twice")
		} else {
			used[b] = true
		}
	}
}
