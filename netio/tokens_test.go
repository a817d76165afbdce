package netio

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/netio/wire"
)

// withTokens makes a server give out and take tokens.
func withTokens(t *testing.T) func(*Options) {
	t.Helper()
	keys, err := credential.ParseKeys(credential.DrawKeys())
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := credential.New(credential.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Tokens = tokens }
}

// tokens asks for tokens.
func (p *peer) tokens() (w wire.Tokens) {
	p.t.Helper()
	f := p.reply(p.send(wire.KindToken, 0, pack.AppendArray(nil, 0)))
	in := pack.NewCursor(f.Body)
	if err := w.Decode(&in); err != nil || f.Flags != wire.Reply {
		p.t.Fatalf("tokens: %+v, %v", f, err)
	}
	return w
}

// refused says a hello that must be answered with an error and a goodbye.
func (s *serving) refused(provider, credential string, code fault.Code, r wire.Reason) {
	s.t.Helper()
	s.refusedHello(helloWith(provider, credential), code, r)
}

func (s *serving) refusedHello(h *wire.Hello, code fault.Code, r wire.Reason) {
	s.t.Helper()
	p := s.dial()
	p.failure(p.send(wire.KindHello, 0, h.Append(nil)), code)
	p.goodbye(r)
}

func helloWith(provider, credential string) *wire.Hello {
	h := aHello()
	h.Provider, h.Credential = provider, credential
	return &h
}

// TestTokens: a session token counts again and again, a refresh token once, and
// each only as what it is.
func TestTokens(t *testing.T) {
	s := serve(t, withTokens(t))
	p := s.login()
	w := p.tokens()
	if now := time.Now(); w.SessionUntil.Before(now) || w.RefreshUntil.Before(w.SessionUntil) {
		t.Errorf("the tokens last until %v and %v", w.SessionUntil, w.RefreshUntil)
	}
	for range 3 {
		q := s.loginAs(helloWith(wire.ProviderToken, w.Session))
		if q.welcome.User != p.welcome.User || q.welcome.Session == p.welcome.Session {
			t.Errorf("welcome %+v after %+v", q.welcome, p.welcome)
		}
		q.works()
	}
	q := s.loginAs(helloWith(wire.ProviderRefresh, w.Refresh))
	if q.welcome.User != p.welcome.User || p.welcome.Tokens != nil {
		t.Errorf("welcome %+v after %+v", q.welcome, p.welcome)
	}
	next := q.tokens()
	s.refused(wire.ProviderRefresh, w.Refresh, fault.Unauthenticated, wire.Unauthenticated)
	s.loginAs(helloWith(wire.ProviderRefresh, next.Refresh)).works()
	s.loginAs(helloWith(wire.ProviderRefresh, q.welcome.Tokens.Refresh)).works()
	s.loginAs(helloWith(wire.ProviderToken, q.welcome.Tokens.Session)).works()

	s.refused(wire.ProviderToken, w.Refresh, fault.Unauthenticated, wire.Unauthenticated)
	s.refused(wire.ProviderRefresh, w.Session, fault.Unauthenticated, wire.Unauthenticated)
	s.refused(wire.ProviderToken, w.Session+"A", fault.Unauthenticated, wire.Unauthenticated)
	s.refused(wire.ProviderJWT, w.Session, fault.Unauthenticated, wire.Unauthenticated)
	server := s.loginServer()
	server.failure(server.send(wire.KindToken, 0, pack.AppendArray(nil, 0)), fault.FailedPrecondition)
}

// A refresh token whose welcome was lost is good until a client has shown that it
// has the one that came with a welcome, be it by any frame or by that token.
func TestRefreshTokenOfALostWelcome(t *testing.T) {
	s := serve(t, withTokens(t))
	w := s.login().tokens()
	hello := helloWith(wire.ProviderRefresh, w.Refresh)
	lost := s.loginAs(hello)
	s.loginAs(hello).Close()
	lost.goodbye(wire.SessionReplaced)
	s.sessionsAre(2, 1)
	p := s.loginAs(hello)
	s.sessionsAre(2, 0)
	p.works()
	s.refused(wire.ProviderRefresh, w.Refresh, fault.Unauthenticated, wire.Unauthenticated)

	hello = helloWith(wire.ProviderRefresh, p.welcome.Tokens.Refresh)
	q := s.loginAs(hello)
	q.Close()
	s.loginAs(helloWith(wire.ProviderRefresh, q.welcome.Tokens.Refresh))
	s.refused(wire.ProviderRefresh, hello.Credential, fault.Unauthenticated, wire.Unauthenticated)
}

// What was sent with a hello does not show that its welcome came.
func TestFramesBehindHelloUseNoTokenUp(t *testing.T) {
	s := serve(t, withTokens(t))
	w := s.login().tokens()
	hello := helloWith(wire.ProviderRefresh, w.Refresh)
	s.shards.freeze()
	p := s.dial()
	p.send(wire.KindHello, 0, hello.Append(nil))
	ping := p.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
	s.until("it is being opened", func() bool { return s.shards.waiting() == 1 })
	s.shards.release()
	p.welcomed()
	p.reply(ping)
	s.loginAs(hello).works()
	p.goodbye(wire.SessionReplaced)
}

// TestTokensAndResume: a session token resumes a session, and so does a refresh
// token, which is used only when another session is opened.
func TestTokensAndResume(t *testing.T) {
	s := serve(t, withTokens(t))
	p := s.login()
	w := p.tokens()
	h := helloWith(wire.ProviderToken, w.Session)
	h.Resume = &p.welcome.Resume
	q := s.loginAs(h)
	if !q.welcome.Resumed || q.welcome.Session != p.welcome.Session {
		t.Errorf("welcome %+v after %+v", q.welcome, p.welcome)
	}
	h = helloWith(wire.ProviderRefresh, w.Refresh)
	h.Resume = &q.welcome.Resume
	r := s.loginAs(h)
	if !r.welcome.Resumed || r.welcome.Session != p.welcome.Session || r.welcome.Tokens != nil {
		t.Errorf("welcome %+v after %+v", r.welcome, q.welcome)
	}
	r.works()
	h.Resume = &q.welcome.Resume // is void
	other := s.loginAs(h)
	if other.welcome.Resumed || other.welcome.Session == p.welcome.Session || other.welcome.Tokens == nil {
		t.Errorf("welcome %+v after %+v", other.welcome, r.welcome)
	}
	other.works()
	h.Resume = &r.welcome.Resume // is good, but the token is not
	s.refusedHello(h, fault.Unauthenticated, wire.Unauthenticated)
	r.works()
}

func TestNoTokens(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.failure(p.send(wire.KindToken, 0, pack.AppendArray(nil, 0)), fault.Unimplemented)
	for _, provider := range []string{wire.ProviderToken, wire.ProviderRefresh, wire.ProviderJWT} {
		s.refused(provider, "a.b.c", fault.Unauthenticated, wire.Unauthenticated)
	}
}

// A connection that was told goodbye while a worker looks at its token ends, as any
// other, once that is done.
func TestShutdownDuringACheck(t *testing.T) {
	studio, err := credential.NewStudio(credential.StudioOptions{
		Key: []byte("a secret of at least thirty-two bytes"), Issuer: "studio"})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(o *Options) { o.Studio, o.Loops, o.Workers = studio, 1, 1 })
	idle := s.login()
	busy := make(chan struct{})
	s.checkers.queue <- errand{loop: s.fan.loops[0].Load(), work: func() func(*conn) {
		<-busy
		return func(*conn) {}
	}}
	s.until("the worker is busy", func() bool { return len(s.checkers.queue) == 0 })
	p := s.dial()
	h := aHello()
	h.Provider, h.Credential = wire.ProviderJWT, "header.claims.signature"
	p.send(wire.KindHello, 0, h.Append(nil))
	s.until("its token waits for the worker", func() bool { return len(s.checkers.queue) == 1 })
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	idle.goodbye(wire.Shutdown)
	if f := p.frame(); f.Kind != wire.KindGoodbye {
		t.Fatalf("got %+v, want goodbye", f)
	}
	close(busy)
	p.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Reads that wait for an archive keep nobody out.
func TestReadsDoNotHoldUpLogins(t *testing.T) {
	secret := bytes.Repeat([]byte("studio.."), 4)
	studio, err := credential.NewStudio(credential.StudioOptions{Key: secret, Issuer: "studio"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "studio", "sub": "a-player", "exp": time.Now().Add(time.Minute).Unix(),
	}).SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(o *Options) { o.Studio, o.Workers = studio, 1 })
	reader := s.login()
	id := reader.send(kindPart, 0, get("block"))
	<-s.shards.blocked
	h := aHello()
	h.Provider, h.Credential = wire.ProviderJWT, token
	s.loginAs(&h).works()
	s.shards.unblock <- struct{}{}
	reader.reply(id)
}

// TestStudioTokens: who brings one is the user that its sub stands for.
func TestStudioTokens(t *testing.T) {
	secret := bytes.Repeat([]byte("studio.."), 4)
	studio, err := credential.NewStudio(credential.StudioOptions{Key: secret, Issuer: "studio"})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(issuer string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
			"sub": "player 1", "iss": issuer, "exp": time.Now().Add(time.Hour).Unix(),
		}).SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	s := serve(t, func(o *Options) { o.Studio = studio })
	p := s.loginAs(helloWith(wire.ProviderJWT, sign("studio")))
	if p.welcome.User != grid.UserID("jwt", "player 1") {
		t.Errorf("welcome %+v", p.welcome)
	}
	p.works()
	s.refused(wire.ProviderJWT, sign("another"), fault.Unauthenticated, wire.Unauthenticated)
	s.refused(wire.ProviderJWT, "", fault.Unauthenticated, wire.Unauthenticated)
}
