package netio

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// fiveAtOnce is a rate of which nothing comes in while a test runs.
func fiveAtOnce(key string) rate {
	r := newRate(Rate{PerSecond: 1, Burst: 5}, key)
	r.interval, r.burst, r.flood = int64(time.Hour), 5*int64(time.Hour), 75*int64(time.Hour)
	return r
}

var (
	fewOfSession = limits{session: fiveAtOnce("session_requests_per_second")}
	fewOfUser    = limits{user: fiveAtOnce("user_requests_per_second")}
)

// serveWith is serve with some limits.
func serveWith(t *testing.T, m limits) *serving {
	s := serve(t, nil)
	s.limits.Store(&m)
	return s
}

// throttled asks once too often, by reads, writes, messages and pings, and returns the error.
func (p *peer) throttled(key string) *fault.Error {
	p.t.Helper()
	var last *fault.Error
	for _, c := range []struct {
		kind grid.Kind
		body []byte
	}{
		{kindGet, get("a")}, {kindPut, put(1, 1, "a", 1)}, {wire.KindPing, emptyReply[:]},
		{kindSay, said(roomKey("lobby"), "x")}, {0x7fff, emptyReply[:]},
	} {
		id := p.send(c.kind, 0, c.body)
		f := p.reply(id)
		in := pack.NewCursor(f.Body)
		e, err := fault.Decode(&in)
		if err != nil || e.Code != fault.ResourceExhausted || !strings.Contains(e.Message, key) ||
			e.Retry < time.Millisecond {
			p.t.Fatalf("kind %#x was answered with %v, %v", c.kind, e, err)
		}
		if last != nil && e.Retry <= last.Retry {
			p.t.Errorf("refused for %v, then for %v: want them one after the other", last.Retry, e.Retry)
		}
		last = e
	}
	return last
}

// spendAll asks as often as a burst of five allows.
func (p *peer) spendAll() {
	p.t.Helper()
	for range 5 {
		if f := p.reply(p.send(wire.KindPing, 0, emptyReply[:])); f.Flags != wire.Reply {
			p.t.Fatalf("answered with %+v", f)
		}
	}
}

// A connection has its rate, whoever else is there; other limits may be put in force
// while the server runs.
func TestSessionRate(t *testing.T) {
	s := serveWith(t, fewOfSession)
	p, q := s.login(), s.login()
	p.spendAll()
	p.throttled("session_requests_per_second")
	q.spendAll()
	if v := s.Stats(); v.Throttled != 5 || v.Floods != 0 {
		t.Errorf("%+v", v)
	}
	if err := s.SetLimits(Limits{}); err != nil {
		t.Fatal(err)
	}
	p.works()
	if err := s.SetLimits(Limits{Session: Rate{PerSecond: -1}}); err == nil {
		t.Error("a negative rate was taken")
	}
}

// All connections of a user have one rate, on whichever loop they are; to connect anew
// does not help.
func TestUserRate(t *testing.T) {
	s := serveWith(t, fewOfUser)
	p, q := s.login(), s.login()
	p.spendAll()
	q.throttled("user_requests_per_second")
	p.Close()
	q.Close()
	s.until("they are gone", func() bool { return s.Stats().Connections == 0 })
	s.login().throttled("user_requests_per_second")
	s.loginAs(playerHello(2)).spendAll()
}

// The studio's own servers have no rate.
func TestServersHaveNoRate(t *testing.T) {
	both := limits{session: fewOfSession.session, user: fewOfUser.user}
	p := serveWith(t, both).loginServer()
	for range 10 {
		p.spendAll()
	}
}

// Who floods is told goodbye, with when to come again; its user's other connections and
// others are served.
func TestFloodIsEnded(t *testing.T) {
	for name, m := range map[string]limits{"session": fewOfSession, "user": fewOfUser} {
		t.Run(name, func(t *testing.T) {
			s := serveWith(t, m)
			p, q := s.login(), s.loginAs(playerHello(2))
			go func() {
				one := request(kindGet, 0, 7, get("a"))
				for range 5000 {
					if _, err := p.Write(one); err != nil {
						return
					}
				}
			}()
			var g wire.Goodbye
			for g.Reason == 0 {
				f := p.frame()
				in := pack.NewCursor(f.Body)
				if f.Kind == wire.KindGoodbye && g.Decode(&in) != nil {
					t.Fatalf("the goodbye %x", f.Body)
				}
			}
			if g.Reason != wire.Flooding || g.After < time.Hour {
				t.Errorf("goodbye %+v", g)
			}
			q.spendAll()
			if v := s.Stats(); v.Floods != 1 || v.Throttled == 0 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// Pings of WebSocket are requests of their connection, and who floods with them is told
// goodbye, even before a hello.
func TestFloodOfPings(t *testing.T) {
	s := serveWith(t, fewOfSession)
	for _, dial := range []func(uint64) (*peer, *webConn){s.dialWeb, s.loginWeb} {
		p, w := dial(0)
		go func() {
			ping := webFrame(ws.OpPing, true, make([]byte, 125))
			for range 5000 {
				if _, err := w.Conn.Write(ping); err != nil {
					return
				}
			}
		}()
		p.goodbye(wire.Flooding)
		if w.pongs != 5 || w.closed != ws.StatusGoingAway {
			t.Errorf("%d pongs, closed with %d", w.pongs, w.closed)
		}
	}
}

// dialFrom connects from one of the addresses of this machine.
func (s *serving) dialFrom(ip string) *peer {
	s.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c, err := d.Dial("tcp", s.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &peer{Conn: c, t: s.t}
}

func (p *peer) hello() {
	p.t.Helper()
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	p.welcomed()
}

// An address has so many connections and no more, in whichever tongue it asks; others
// have theirs, and when one of its own ends it may have another.
func TestConnectionsPerIP(t *testing.T) {
	s := serve(t, func(o *Options) { o.Limits = &Limits{ConnectionsPerIP: 2} })
	first := s.dialFrom("127.0.0.2")
	first.hello()
	s.dialFrom("127.0.0.2").hello()
	s.dialFrom("127.0.0.2").goodbye(wire.Overloaded) // says nothing
	says := s.dialFrom("127.0.0.2")
	h := aHello()
	says.send(wire.KindHello, 0, h.Append(nil))
	says.goodbye(wire.Overloaded)
	web := s.dialFrom("127.0.0.2")
	web.write([]byte("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"))
	answer, err := io.ReadAll(web)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 503 ") ||
		!strings.Contains(string(answer), wire.Overloaded.Text()) {
		t.Errorf("the upgrade was answered with %q, %v", answer, err)
	}
	s.dialFrom("127.0.0.3").hello()
	if v := s.Stats(); v.Crowded != 3 || v.Turned != 3 {
		t.Errorf("%+v", v)
	}
	first.Close()
	s.until("it is gone", func() bool { return s.Stats().Connections == 2 })
	s.dialFrom("127.0.0.2").hello()
}

// Who is turned away is told so at once when many wait for that.
func TestManyAreTurnedAway(t *testing.T) {
	s := serve(t, func(o *Options) {
		o.Loops, o.HelloTimeout, o.Limits = 1, time.Hour, &Limits{ConnectionsPerIP: 1}
	})
	s.login()
	var waiting []*peer
	for range TurnedMax {
		waiting = append(waiting, s.dial())
	}
	s.until("all are turned away", func() bool { return s.Stats().Crowded == TurnedMax })
	s.dial().goodbye(wire.Overloaded)
	if n := s.Stats().Connections; n != 1+TurnedMax {
		t.Errorf("%d connections", n)
	}
	waiting[0].write([]byte("OPTIONS"))
	full := http.StatusText(http.StatusServiceUnavailable)
	if r, err := io.ReadAll(waiting[0]); err != nil || !strings.Contains(string(r), full) {
		t.Errorf("answered with %q, %v", r, err)
	}
	for _, p := range waiting[1:] {
		p.Close()
	}
	s.until("they are gone", func() bool { return s.Stats().Connections == 1 })
	s.addresses.Lock()
	defer s.addresses.Unlock()
	if n := len(s.addresses.counts); n != 1 {
		t.Errorf("%d addresses are counted", n)
	}
}
