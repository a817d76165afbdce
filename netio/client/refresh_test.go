package client

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// deaf is a connection on which the first answer is lost.
type deaf struct{ net.Conn }

func (d deaf) Read(b []byte) (int, error) {
	d.Conn.Read(b)
	d.Close()
	return 0, errors.New("the answer is lost")
}

// store is what a game keeps between two runs.
type store struct {
	mu     sync.Mutex
	tokens []wire.Tokens
}

func (s *store) renewed(t wire.Tokens) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, t)
}

func (s *store) all() []wire.Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// A player who has but a refresh token is locked out neither by lost welcomes, nor
// by a lost session: there is always one that is good, and the game has it.
func TestRefreshTokenAlone(t *testing.T) {
	m := newMemory(t)
	n := serveMemory(t, m, "127.0.0.1:0")
	ctx := within(t)
	ann := connect(t, n.addr, Custom("player-ann"))
	first := must[wire.Tokens](t)(ann.Tokens(ctx)).Refresh

	var kept store
	var lost atomic.Int32 // so many answers are
	l := &line{}
	o := Options{Credential: RefreshToken(first), Renewed: kept.renewed}
	o.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := l.dial(ctx, addr)
		if err == nil && lost.Add(-1) >= 0 {
			conn = deaf{conn}
		}
		return conn, err
	}
	lost.Store(3)
	for range 3 {
		_, err := Dial(ctx, n.addr, o)
		check(t, err, fault.Unavailable, false)
	}
	c, err := Dial(ctx, n.addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if c.User() != ann.User() || len(kept.all()) != 1 {
		t.Fatalf("user %v, want %v; %d times tokens", c.User(), ann.User(), len(kept.all()))
	}

	// It resumes with what it has, and loses nothing by that.
	lost.Store(2)
	before := c.Session()
	l.cut(false)
	must[session.ListReply](t)(c.Sessions(ctx, session.ListRequest{}))
	if s := c.Stats(); s.Resumed != 1 || c.Session() != before || len(kept.all()) != 1 {
		t.Errorf("%+v, %d times tokens", s, len(kept.all()))
	}

	// A session that is lost is replaced, for which another token is used.
	l.cut(true)
	r := session.EndRequest{Session: before}
	if end, err := ann.EndSession(ctx, r); err != nil || !end.Ended {
		t.Fatalf("end a session: %+v, %v", end, err)
	}
	lost.Store(2)
	l.up()
	must[session.ListReply](t)(c.Sessions(ctx, session.ListRequest{}))
	tokens := kept.all()
	if c.Session() == before || len(tokens) != 2 {
		t.Fatalf("session %d after %d, %d times tokens", c.Session(), before, len(tokens))
	}
	for _, used := range []string{first, tokens[0].Refresh} {
		_, err := Dial(ctx, n.addr, Options{Credential: RefreshToken(used)})
		check(t, err, fault.Unauthenticated, false)
	}
	connect(t, n.addr, RefreshToken(tokens[1].Refresh))
}

// A client shows that its welcome came, though nobody asks it for anything.
func TestWelcomesAreConfirmed(t *testing.T) {
	for name, w := range map[string]wire.Welcome{
		"tokens":  {Tokens: &wire.Tokens{Refresh: "next"}},
		"resumed": {Resumed: true},
	} {
		pinged := make(chan struct{}, 1)
		s := &script{hello: func(c *scripted, f wire.Frame) {
			w.Version, w.RequestsMax, w.FrameBytesMax, w.Session = 1, 64, 4096, 1
			c.reply(f, w.Append(nil))
		}}
		s.serve = func(_ *scripted, f wire.Frame) {
			if f.Kind != wire.KindPing {
				t.Errorf("%s: %+v came first", name, f)
			}
			pinged <- struct{}{}
		}
		c, err := Dial(within(t), startScript(t, s), Options{Credential: RefreshToken("first"),
			PingEvery: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		awaits(t, pinged)
		c.Close()
	}
}
