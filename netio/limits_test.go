package netio

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// A connection may have as many writes in flight as its welcome says, and no more; and as
// many linearizable reads.
func TestRequestsInFlight(t *testing.T) {
	for _, most := range []int{1, 2, grid.RequestsMax} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			s := serve(t, func(o *Options) { o.PendingMax = most })
			p := s.login()
			if n := int(p.welcome.RequestsMax); n != most {
				t.Fatalf("welcome says that %d requests may be unanswered", n)
			}
			writesInFlight(s, p, most)
			readsInFlight(s, p, most)
		})
	}
	if _, err := Start(Options{Addr: "127.0.0.1:0", Shards: noShards{}, PendingMax: grid.RequestsMax + 1}); err == nil {
		t.Error("a server began that takes more than slots can remember")
	}
}

// tooMany reads the refusal of a request too many.
func (p *peer) tooMany(id uint32) {
	p.t.Helper()
	in := pack.NewCursor(p.reply(id).Body)
	e, err := fault.Decode(&in)
	if err != nil || e.Code != fault.ResourceExhausted || e.Retry == 0 ||
		!strings.Contains(e.Message, "pending_requests_max") {
		p.t.Fatalf("one request too many was answered with %v, %v", e, err)
	}
}

func writesInFlight(s *serving, p *peer, most int) {
	t := s.t
	s.shards.hold()
	ids := make([]uint32, most)
	for i := range ids {
		ids[i] = p.send(kindPut, 0, put(uint64(i)+1, 1, "a", int64(i)))
	}
	// Numbers may repeat, so the window alone would not bound them.
	p.tooMany(p.send(kindPut, 0, put(1, 1, "a", 1)))
	s.shards.release()
	for i, id := range ids {
		if got := p.number(id); got != max(0, int64(i)-1) {
			t.Fatalf("put %d: %d before it", i, got)
		}
	}
	p.works()
}

func readsInFlight(s *serving, p *peer, most int) {
	t := s.t
	s.shards.hold()
	level := wire.LevelFlags(grid.Linearizable)
	ids := make([]uint32, most)
	for i := range ids {
		ids[i] = p.send(kindGet, level, get("works"))
	}
	p.tooMany(p.send(kindGet, level, get("works")))
	s.shards.release()
	for _, id := range ids {
		if n := p.number(id); n != 7 {
			t.Fatal(n)
		}
	}
	p.works()
}

// Outcomes for a connection that has gone reach nobody, even when another one
// has taken its place in the table.
func TestOutcomesOfTheGone(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 1 })
	s.shards.hold()
	p := s.login()
	for i := range uint64(10) {
		p.send(kindPut, 0, put(i+1, 1, "a", 1))
	}
	s.until("the writes are in flight", func() bool { return s.Stats().Writes == 10 })
	p.Close()
	s.until("the connection has gone", func() bool { return s.Stats().Connections == 0 })
	q := s.login()
	s.shards.release()
	s.until("the outcomes were dropped", func() bool { return s.Stats().Dropped == 10 })
	q.works()
}

// More reads than a turn's budget are all answered, in order, and writes of
// others get through meanwhile.
func TestBudgetOfReads(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.ReadsPerTurn = 1, 3 })
	p, q := s.login(), s.login()
	p.works()
	const reads = 5000
	go func() {
		var all []byte
		for i := range uint32(reads) {
			all = append(all, request(kindGet, 0, 1000+i, get("works"))...)
		}
		p.Write(all)
	}()
	for i := range uint32(reads) {
		if n := p.number(1000 + i); n != 7 {
			t.Fatal(n)
		}
		if i%500 == 0 {
			q.works()
		}
	}
}

// Who asks for much and does not read is closed; the server holds no more than
// it said, and others do not notice.
func TestReaderThatNeverReads(t *testing.T) {
	const most = 64 << 10
	s := serve(t, func(o *Options) { o.Loops, o.OutBytesMax = 1, most; o.HelloTimeout = time.Second })
	p, q := s.login(), s.login()
	p.Conn.(*net.TCPConn).SetReadBuffer(4096)
	go func() {
		one := request(kindFill, 0, 1, get("x"))
		for {
			if _, err := p.Write(one); err != nil {
				return
			}
		}
	}()
	s.until("the reader is closed", func() bool { q.works(); return s.Stats().SlowReaders == 1 })
	s.until("it is gone", func() bool { return s.Stats().Connections == 1 })
}

// Who asks for much, then neither reads nor asks, is closed in time.
func TestReaderThatStalls(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p := s.login()
	p.Conn.(*net.TCPConn).SetReadBuffer(4096)
	for i := range uint32(300) { // 18 MB, more than the sockets hold
		p.write(request(kindFill, 0, 500+i, get("x")))
	}
	s.until("it is closed", func() bool { return s.Stats().Connections == 0 })
	if v := s.Stats(); v.SlowReaders != 1 || v.Reads == 300 {
		t.Errorf("%+v", v)
	}
}

// Who asks for no more than the sockets hold, and never reads, is closed in time as
// well: else the kernel would keep that for ever.
func TestReaderThatLeavesTheSocketFull(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout, o.OutBytesMax = time.Second, 1<<30 })
	p, q := s.login(), s.login()
	p.Conn.(*net.TCPConn).SetReadBuffer(4096)
	for i := range uint32(5) { // 300 kB
		p.write(request(kindFill, 0, 500+i, get("x")))
	}
	s.until("it is closed", func() bool { q.works(); return s.Stats().Connections == 1 })
	if v := s.Stats(); v.Reads < 5 || v.SlowReaders > 0 {
		t.Errorf("%+v", v)
	}
}

// Who asks for much and reads slowly gets all of it.
func TestSlowReader(t *testing.T) {
	s := serve(t, func(o *Options) { o.OutBytesMax = 256 << 10 })
	p := s.login()
	const replies = 200 // of 60 kB
	go func() {
		for i := range uint32(replies) {
			p.Write(request(kindFill, 0, 500+i, get("x")))
		}
	}()
	s.until("much waits", func() bool { return s.Stats().Reads >= 4 })
	for i := range uint32(replies) {
		if f := p.frame(); f.ID != 500+i || f.Flags != wire.Reply || len(f.Body) < 60_000 {
			t.Fatalf("reply %d: %d %x, %d bytes", i, f.ID, f.Flags, len(f.Body))
		}
	}
	p.works()
}

func TestHelloDeadline(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p, q := s.dial(), s.dial()
	q.write(request(wire.KindHello, 0, 1, []byte{0x90})[:9]) // begins, and never ends
	p.goodbye(wire.HelloLate)
	q.goodbye(wire.HelloLate)
	r := s.login()
	s.dial().goodbye(wire.HelloLate) // as much time has passed since
	r.works()                        // who has said hello may stay
}

func TestConnectionsMax(t *testing.T) {
	s := serve(t, func(o *Options) { o.ConnectionsMax = 3 })
	first := s.login()
	s.login()
	s.login()
	s.dial().goodbye(wire.Overloaded)
	first.Close()
	s.until("there is room again", func() bool { return s.Stats().Connections == 2 })
	s.login().works()
}

// A client that sent what it may not, and goes on sending, is read and thrown
// away for a while only.
func TestGoodbyeIsNotWaitedForLong(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p := s.login()
	p.write([]byte{0xff, 0xff, 0xff, 0xff})
	go func() {
		junk := make([]byte, 1024)
		for {
			if _, err := p.Write(junk); err != nil {
				return
			}
		}
	}()
	s.until("it is cut off", func() bool { return s.Stats().Connections == 0 })
}

func TestStartRefuses(t *testing.T) {
	shards := newFakeShards()
	defer shards.stop()
	for name, change := range map[string]func(*Options){
		"no port":                func(o *Options) { o.Addr = "localhost" },
		"no shards":              func(o *Options) { o.Shards = nil },
		"a short key":            func(o *Options) { o.ServerKey = "short" },
		"a negative limit":       func(o *Options) { o.OutBytesMax = -1 },
		"too many":               func(o *Options) { o.ConnectionsMax = 1 << 29 },
		"large frames":           func(o *Options) { o.FrameBytesMax = 1 << 30 },
		"small frames":           func(o *Options) { o.FrameBytesMax = 100 },
		"a hasty hello":          func(o *Options) { o.HelloTimeout = 1 },
		"a long agent":           func(o *Options) { o.Agent = strings.Repeat("x", 129) },
		"a kind of package wire": func(o *Options) { o.Ops = []grid.Op{{Kind: 2}} },
		"an address not ours":    func(o *Options) { o.Addr = "192.0.2.1:0" },
	} {
		o := Options{Addr: "127.0.0.1:0", Shards: shards}
		change(&o)
		if s, err := Start(o); err == nil {
			s.stop()
			t.Errorf("%s: started", name)
		}
	}
}

// An address in use is an error, and a port just left can be taken again.
func TestAddresses(t *testing.T) {
	s := serve(t, nil)
	s.login().works()
	addr := s.Addr().String()
	if other, err := Start(Options{Addr: addr, Shards: s.shards}); err == nil {
		other.stop()
		t.Fatal("two servers on one address")
	}
	s.stop()
	again := serve(t, func(o *Options) { o.Addr = addr })
	again.login().works()
}

// FuzzStream sends arbitrary bytes, behind a welcome or as the first: the connection
// is answered or closed, and others are served.
func FuzzStream(f *testing.F) {
	h := aHello()
	hello := request(wire.KindHello, 0, 1, h.Append(nil))
	lobby := roomKey("lobby")
	f.Add(true, request(kindPut, 0, 2, put(1, 1, "a", 1)))
	f.Add(true, request(kindGet, wire.LevelFlags(1), 2, get("a")))
	f.Add(true, request(session.KindTrack, 0, 2, again(&session.TrackRequest{Key: lobby})))
	f.Add(true, request(session.KindEnd, 0, 2, again(&session.EndRequest{})))
	f.Add(true, request(kindSay, 0, 2, said(lobby, "hello")))
	f.Add(true, request(wire.KindToken, 0, 2, emptyReply[:]))
	f.Add(true, []byte{0, 0, 0, 9, 5, 1, 0, 0, 0, 0, 0, 1, 0xc1})
	f.Add(false, hello)
	f.Add(false, []byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(false, []byte{0xff, 0xff, 0xff, 0xff})
	s := serve(f, func(o *Options) {
		o.Loops, o.ReadsPerTurn, o.ConnectionsMax = 1, 2, 5000
		o.Ops = slices.DeleteFunc(o.Ops, func(op grid.Op) bool { // what a test has planted
			return op.Kind == kindPanic || op.Kind == kindTrap || op.Kind == kindBlock || op.Kind == kindPart
		})
	})
	other := s.login()
	f.Fuzz(func(t *testing.T, greet bool, b []byte) {
		s.t, other.t = t, t
		p := s.dial()
		defer p.Close()
		if greet {
			p.write(hello)
			p.welcomed()
		}
		other.SetDeadline(time.Now().Add(patience))
		p.Write(b)
		p.Conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, p) // ends once the server has closed
		before := s.Stats().Panics
		id := other.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
		if f := other.reply(id); before != 0 {
			t.Fatalf("got %+v, %d faults", f, before)
		}
	})
}
