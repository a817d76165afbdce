package client

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// script is a server that does with each frame what the test says.
type script struct {
	net.Listener
	t     *testing.T
	wg    sync.WaitGroup
	serve func(c *scripted, f wire.Frame)
	hello func(c *scripted, f wire.Frame) // nil: welcome

	mu    sync.Mutex
	conns []net.Conn
}

// scripted is one connection of a script.
type scripted struct {
	net.Conn
	number int // of the connection, from 1
	frames int // served on it, hello not counted
	seq    uint64
	low    uint64
}

func startScript(t *testing.T, s *script) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Listener, s.t = l, t
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return l.Addr().String()
}

func (s *script) accept() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		k := &scripted{Conn: c, number: len(s.conns)}
		s.mu.Unlock()
		s.wg.Go(func() { s.read(k) })
	}
}

func (s *script) read(c *scripted) {
	defer c.Close()
	l := &link{conn: c}
	for l.fill() == nil {
		l.frames(func(f wire.Frame) {
			switch {
			case f.Kind == wire.KindHello && s.hello == nil:
				w := wire.Welcome{Version: 1, User: grid.UserID("custom", "x"), RequestsMax: 64, FrameBytesMax: 4096}
				c.reply(f, w.Append(nil))
			case f.Kind == wire.KindHello:
				s.hello(c, f)
			default:
				c.frames++
				if f.Kind == leaderboard.KindSubmit {
					in := pack.NewCursor(f.Body)
					in.Array()
					c.seq, c.low = in.Uint(), in.Uint()
				}
				s.serve(c, f)
			}
		})
	}
}

func (c *scripted) reply(f wire.Frame, body []byte) {
	c.Write(wire.End(append(wire.Begin(nil, f.Kind, wire.Reply, f.ID), body...), 0))
}

func (c *scripted) fail(f wire.Frame, e fault.Error) {
	c.Write(wire.End(e.Append(wire.Begin(nil, f.Kind, wire.Reply|wire.Error, f.ID)), 0))
}

func (c *scripted) goodbye(r wire.Reason) {
	g := wire.Goodbye{Reason: r, Text: "as the script says", After: time.Millisecond}
	c.Write(wire.End(g.Append(wire.Begin(nil, wire.KindGoodbye, 0, 0)), 0))
}

// submitted answers a submit.
func (c *scripted) submitted(f wire.Frame) { c.reply(f, []byte{0x93, 1, 0, 0xc3}) }
