package netio

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

const testKey = "a key of 16 bytes and more"

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

// serving is a server over fake shards.
type serving struct {
	*Server
	shards *fakeShards
	t      testing.TB
}

func serve(t testing.TB, change func(*Options)) *serving {
	t.Helper()
	shards := newFakeShards()
	o := Options{
		Addr: "127.0.0.1:0", Loops: 2, Shards: shards, Ops: fakeOps(shards), ServerKey: testKey,
		ConnectionsMax: 1000, Limits: &Limits{}, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &serving{Server: s, shards: shards, t: t}
	t.Cleanup(func() {
		close(shards.ended)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Shutdown(ctx)
		shards.stop()
	})
	return v
}

// until waits for a condition.
func (s *serving) until(what string, is func() bool) {
	s.t.Helper()
	end := time.Now().Add(patience)
	for !is() {
		if time.Now().After(end) {
			s.t.Fatalf("%s: not within %v; %+v", what, patience, s.Stats())
		}
		time.Sleep(time.Millisecond)
	}
}

// peer is a bare connection.
type peer struct {
	net.Conn
	t  testing.TB
	in []byte
	id uint32

	frames int // read

	welcome wire.Welcome
	pushed  []wire.Frame // that came while something else was waited for
}

func (s *serving) dial() *peer {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &peer{Conn: c, t: s.t}
}

// login dials and says hello.
func (s *serving) login() *peer {
	s.t.Helper()
	h := aHello()
	return s.loginAs(&h)
}

func (s *serving) loginAs(h *wire.Hello) *peer {
	s.t.Helper()
	p := s.dial()
	p.send(wire.KindHello, 0, h.Append(nil))
	p.welcomed()
	return p
}

// loginServer logs in as the studio's own server.
func (s *serving) loginServer() *peer {
	s.t.Helper()
	h := aHello()
	h.Provider, h.Credential = wire.ProviderServer, testKey
	return s.loginAs(&h)
}

// welcomed reads the welcome.
func (p *peer) welcomed() {
	p.t.Helper()
	f := p.frame()
	if f.Kind != wire.KindHello || f.Flags != wire.Reply {
		p.t.Fatalf("hello was answered with %+v", f)
	}
	in := pack.NewCursor(f.Body)
	p.welcome = wire.Welcome{}
	if err := p.welcome.Decode(&in); err != nil {
		p.t.Fatal(err)
	}
}

func aHello() wire.Hello {
	return wire.Hello{
		VersionMin: 1, VersionMax: 1, Provider: wire.ProviderCustom, Credential: "player-0001",
		Nonce: []byte("12345678"), Agent: "test",
	}
}

// send sends a request and returns its id.
func (p *peer) send(kind grid.Kind, flags wire.Flags, body []byte) uint32 {
	p.t.Helper()
	p.id++
	p.write(request(kind, flags, p.id, body))
	return p.id
}

func request(kind grid.Kind, flags wire.Flags, id uint32, body []byte) []byte {
	return wire.End(append(wire.Begin(nil, kind, flags, id), body...), 0)
}

func (p *peer) write(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal("write:", err)
	}
}

// next reads a frame; io.EOF at an orderly end.
func (p *peer) next() (wire.Frame, error) {
	for {
		f, size, err := wire.Next(p.in, wire.ReplyBytesMax)
		if err != nil {
			return f, err
		}
		if size <= len(p.in) {
			p.in = p.in[size:]
			p.frames++
			return f, nil
		}
		buf := make([]byte, 64<<10)
		n, err := p.Read(buf)
		p.in = append(p.in, buf[:n]...)
		if n == 0 && err != nil {
			if len(p.in) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return wire.Frame{}, err
		}
	}
}

func (p *peer) frame() wire.Frame {
	p.t.Helper()
	f, err := p.next()
	if err != nil {
		p.t.Fatal("read a frame:", err)
	}
	return f
}

// number reads the one number of the reply to a request.
func (p *peer) number(id uint32) int64 {
	p.t.Helper()
	f := p.reply(id)
	in := pack.NewCursor(f.Body)
	in.Array()
	n := in.Int()
	if f.ID != id || f.Flags != wire.Reply || in.Done() != nil {
		p.t.Fatalf("request %d was answered with %+v", id, f)
	}
	return n
}

// failure reads the error reply to a request.
func (p *peer) failure(id uint32, want fault.Code) {
	p.t.Helper()
	f := p.reply(id)
	in := pack.NewCursor(f.Body)
	e, err := fault.Decode(&in)
	if err != nil || f.ID != id || f.Flags != wire.Reply|wire.Error {
		p.t.Fatalf("request %d was answered with %+v (%v)", id, f, err)
	}
	if e.Code != want || e.Message == "" {
		p.t.Fatalf("request %d: %v, want %v", id, e, want)
	}
}

// goodbye reads a goodbye and the end of the connection.
func (p *peer) goodbye(want wire.Reason) {
	p.t.Helper()
	f := p.frame()
	var g wire.Goodbye
	in := pack.NewCursor(f.Body)
	if err := g.Decode(&in); f.Kind != wire.KindGoodbye || f.ID != 0 || err != nil || g.Reason != want {
		p.t.Fatalf("got %+v %+v (%v), want goodbye %v", f, g, err, want)
	}
	p.ended()
}

func (p *peer) ended() {
	p.t.Helper()
	if f, err := p.next(); !errors.Is(err, io.EOF) {
		p.t.Fatalf("got %+v, %v: want the end of the connection", f, err)
	}
	p.Close()
}

func put(seq, low uint64, key string, value int64) []byte {
	b := pack.AppendArray(nil, 4)
	b = pack.AppendUint(pack.AppendUint(b, seq), low)
	return pack.AppendInt(pack.AppendString(b, key), value)
}

func get(key string) []byte { return pack.AppendString(pack.AppendArray(nil, 1), key) }

// works shows that a connection is served.
func (p *peer) works() {
	p.t.Helper()
	id := p.send(kindPut, 0, put(1, 1, "works", 7))
	p.number(id)
	id = p.send(kindGet, 0, get("works"))
	if n := p.number(id); n != 7 {
		p.t.Fatalf("7 was written, %d read", n)
	}
}
