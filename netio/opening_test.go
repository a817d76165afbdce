package netio

import (
	"context"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// detached returns how many sessions there are, and how many of them wait to be
// resumed.
func (s *fakeShards) detached() (all, detached int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for user := range s.users {
		r := session.ListRequest{User: user}
		reply, err := s.sessions.Query(session.KindList, r.Append(pack.AppendArray(nil, r.Fields())), nil)
		if err != nil {
			panic(err)
		}
		in := pack.NewCursor(reply)
		list, _ := session.DecodeListReply(&in)
		for _, x := range list.Sessions {
			if all++; !x.Attached {
				detached++
			}
		}
	}
	return all, detached
}

// waits until there are so many sessions, and so many of them detached.
func (s *serving) sessionsAre(all, detached int) {
	s.t.Helper()
	s.until("sessions", func() bool {
		a, d := s.shards.detached()
		return a == all && d == detached && s.Stats().Detaching == 0
	})
}

// What a client sends behind its hello waits for the welcome, and is served then.
func TestFramesBehindHello(t *testing.T) {
	s := serve(t, nil)
	s.shards.freeze()
	p := s.dial()
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	first := p.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
	s.until("the session is being opened", func() bool { return s.shards.waiting() == 1 })
	second := p.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
	if v := s.Stats(); v.Hellos != 0 {
		t.Errorf("%d welcomes before the session was open", v.Hellos)
	}
	s.shards.release()
	p.welcomed()
	p.reply(first)
	p.reply(second)
}

func TestTooMuchBehindHello(t *testing.T) {
	s := serve(t, nil)
	s.shards.freeze()
	p := s.dial()
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	s.until("the session is being opened", func() bool { return s.shards.waiting() == 1 })
	p.write(make([]byte, 2*greetingBytesMax))
	p.goodbye(wire.BadHello)
	s.shards.release()
	s.sessionsAre(1, 1)
}

func TestResume(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.track(roomKey("lobby"))
	before := p.welcome
	p.Close()
	s.sessionsAre(1, 1)

	h := aHello()
	h.Resume = &before.Resume
	q := s.loginAs(&h)
	w := q.welcome
	if !w.Resumed || w.Session != before.Session || w.Resume.Session != w.Session ||
		w.Resume.Secret == before.Resume.Secret || len(w.Streams) != 1 || w.Streams[0] != roomKey("lobby") {
		t.Fatalf("welcome %+v after %+v", w, before)
	}
	s.sessionsAre(1, 0)
	if n := s.shards.commands(session.KindConfirm); n != 0 {
		t.Fatalf("%d confirmations before the client said anything", n)
	}
	q.done(q.say(roomKey("lobby"), "back"))
	q.hears(roomKey("lobby"), "back")
	s.until("it is confirmed", func() bool { return s.shards.commands(session.KindConfirm) == 1 })
	q.works()
	q.Close()
	s.sessionsAre(1, 1)

	// The token before is void now.
	r := s.loginAs(&h)
	if r.welcome.Resumed || r.welcome.Session == before.Session || len(r.welcome.Streams) != 0 {
		t.Errorf("welcome %+v to a token that is void", r.welcome)
	}
	if n := s.shards.commands(session.KindConfirm); n != 1 {
		t.Errorf("%d confirmations", n)
	}
	if v := s.Stats(); v.Resumed != 1 || v.Hellos != 3 {
		t.Errorf("%+v", v)
	}
}

// What a client has sent before its welcome does not show that the welcome came.
func TestFramesBehindHelloConfirmNothing(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	p.Close()
	s.sessionsAre(1, 1)
	for range 2 {
		s.shards.freeze()
		q := s.dial()
		q.send(wire.KindHello, 0, h.Append(nil))
		ping := q.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
		s.until("the session is being resumed", func() bool { return s.shards.waiting() == 1 })
		s.shards.release()
		q.welcomed()
		q.reply(ping)
		if !q.welcome.Resumed {
			t.Fatalf("welcome %+v", q.welcome)
		}
		q.Close()
		s.sessionsAre(1, 1)
	}
	if n := s.shards.commands(session.KindConfirm); n != 0 {
		t.Errorf("%d confirmations", n)
	}
}

// A welcome that is lost does no harm: the token before is good until the client
// has shown that it has the next.
func TestResumeAfterLostWelcome(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	p.Close()
	s.sessionsAre(1, 1)
	for range 3 {
		q := s.loginAs(&h)
		if !q.welcome.Resumed {
			t.Fatalf("welcome %+v", q.welcome)
		}
		q.Close()
		s.sessionsAre(1, 1)
	}
}

// It takes the user's credential and the secret to resume; without, it is a new
// session.
func TestResumeOfOthers(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	thief := playerHello(2)
	thief.Resume = &p.welcome.Resume
	if q := s.loginAs(thief); q.welcome.Resumed {
		t.Errorf("another user resumed: %+v", q.welcome)
	}
	h := aHello()
	wrong := p.welcome.Resume
	wrong.Secret[0]++
	h.Resume = &wrong
	if q := s.loginAs(&h); q.welcome.Resumed {
		t.Errorf("resumed with a wrong secret: %+v", q.welcome)
	}
	h.Resume = &wire.ResumeToken{}
	if q := s.loginAs(&h); q.welcome.Resumed {
		t.Errorf("resumed with zeros: %+v", q.welcome)
	}
	p.works()
	s.sessionsAre(4, 0)
}

// Who resumes takes the session over from the connection that has it.
func TestReplaced(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	q := s.loginAs(&h)
	p.goodbye(wire.SessionReplaced)
	q.works()
	s.until("the first is gone", func() bool { return s.Stats().Connections == 1 })
	if n := s.shards.commands(session.KindDetach); n != 0 {
		t.Errorf("%d detaches", n)
	}
	s.sessionsAre(1, 0)
}

func TestSessionEnd(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.done(p.send(session.KindEnd, 0, again(&session.EndRequest{})))
	p.goodbye(wire.SessionEnded)
	s.until("it is gone", func() bool { return s.Stats().Connections == 0 })
	s.sessionsAre(0, 0)
	if n := s.shards.commands(session.KindDetach); n != 0 {
		t.Errorf("%d detaches", n)
	}
}

// The end of a connection is told until it is acknowledged.
func TestDetachIsRepeated(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p := s.login()
	s.shards.fail(fault.New(fault.Unavailable, "no leader"))
	p.Close()
	s.until("it is gone", func() bool { return s.Stats().Connections == 0 })
	s.until("it was told in vain", func() bool { return s.shards.runsOf(session.KindDetach) >= 3 })
	if v := s.Stats(); v.Detaching != 1 {
		t.Errorf("%d ends not stored", v.Detaching)
	}
	s.shards.fail(nil)
	s.sessionsAre(1, 1)

	q := s.login()
	s.shards.refuseWith(fault.New(fault.Unavailable, "no leader"))
	q.Close()
	s.until("it is gone", func() bool { return s.Stats().Connections == 0 })
	s.shards.refuseWith(nil)
	s.sessionsAre(2, 2)
}

// A connection may end while its session is being opened or resumed: then the
// session is detached as well.
func TestEndWhileGreeting(t *testing.T) {
	s := serve(t, nil)
	for i := range 2 {
		s.shards.freeze()
		p := s.dial()
		h := aHello()
		p.send(wire.KindHello, 0, h.Append(nil))
		s.until("the session is being opened", func() bool { return s.shards.waiting() == 1 })
		p.Close()
		s.until("it is gone", func() bool { return s.Stats().Connections == 0 })
		s.shards.release()
		s.sessionsAre(i+1, i+1)
	}
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	p.Close()
	s.sessionsAre(3, 3)
	s.shards.freeze()
	q := s.dial()
	q.send(wire.KindHello, 0, h.Append(nil))
	s.until("the session is being resumed", func() bool { return s.shards.waiting() == 1 })
	q.Close()
	s.until("it is gone", func() bool { return s.Stats().Connections == 0 })
	s.shards.release()
	s.sessionsAre(3, 3)
}

// A hello that the shards cannot answer at the moment is answered with an error
// that says to come again.
func TestHelloInVain(t *testing.T) {
	s := serve(t, nil)
	hello := func(want fault.Code, reason wire.Reason) {
		t.Helper()
		p := s.dial()
		h := aHello()
		id := p.send(wire.KindHello, 0, h.Append(nil))
		f := p.frame()
		in := pack.NewCursor(f.Body)
		if e, err := fault.Decode(&in); err != nil || f.ID != id || e.Code != want || e.Retry <= 0 {
			t.Fatalf("answered with %+v: %v, %v", f, e, err)
		}
		p.goodbye(reason)
	}
	s.shards.refuseWith(fault.New(fault.ResourceExhausted, "full"))
	hello(fault.ResourceExhausted, wire.Overloaded)
	s.shards.refuseWith(nil)
	s.shards.fail(&fault.Error{Code: fault.Unavailable, Message: "lost", Unknown: true})
	hello(fault.Unavailable, wire.Overloaded)
	s.shards.fail(fault.New(fault.Aborted, "given up"))
	hello(fault.Aborted, wire.Shutdown)
	s.shards.fail(nil)
	// Only the one whose outcome is unknown may have left a session.
	s.until("it is detached", func() bool { return s.shards.commands(session.KindDetach) == 1 })
	s.login().works()
}

// Without an outcome a hello is given up in time.
func TestOpeningDeadline(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	s.shards.freeze()
	p := s.dial()
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	p.goodbye(wire.Overloaded)
	s.shards.release()
	s.sessionsAre(1, 1)
}

// Connections that never say hello do not lock others out: after a moment the oldest
// make room, when there are too many, and when there is no room for any more.
func TestFreshMax(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.FreshMax, o.HelloTimeout = 1, 4, 3*time.Second })
	first := s.login()
	var idle []*peer
	for range 6 {
		idle = append(idle, s.dial())
	}
	idle[0].goodbye(wire.Overloaded)
	idle[1].goodbye(wire.Overloaded)
	first.works()
	s.login().works() // was the fifth for a moment
	idle[2].goodbye(wire.Overloaded)
	if v := s.Stats(); v.Displaced != 3 {
		t.Errorf("%d were displaced", v.Displaced)
	}

	s = serve(t, func(o *Options) { o.Loops, o.ConnectionsMax, o.HelloTimeout = 1, 2, 3*time.Second })
	silent := s.dial()
	first = s.login()
	s.dial().goodbye(wire.Overloaded) // the silent one has its moment
	s.until("there is room for another", func() bool {
		p := s.dial()
		h := aHello()
		p.write(request(wire.KindHello, 0, 1, h.Append(nil)))
		f, err := p.next()
		return err == nil && f.Kind == wire.KindHello
	})
	silent.goodbye(wire.Overloaded)
	first.works()
}

// How long it waits for them is a matter of time, not of how busy its loops are.
func TestShutdownDetachesThoughBusy(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.HelloTimeout = 1, time.Minute })
	p := s.login()
	s.shards.freeze()
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	p.goodbye(wire.Shutdown)
	p.Close()
	s.until("it is told", func() bool { return s.shards.waiting() == 1 })
	l := s.fan.loops[0].Load()
	for range 3 * LingerTicks {
		l.post(nil)
		s.until("the loop has had a turn", func() bool {
			l.inbox.Lock()
			defer l.inbox.Unlock()
			return !l.inbox.posted || l.inbox.closed
		})
	}
	s.shards.release()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if all, detached := s.shards.detached(); all != 1 || detached != 1 {
		t.Errorf("%d of %d sessions are detached", detached, all)
	}
}

// A server that shuts down lets the ends of its connections be stored, but does
// not wait for that for ever.
func TestShutdownDetaches(t *testing.T) {
	s := serve(t, nil)
	s.login()
	s.login()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if all, detached := s.shards.detached(); all != 2 || detached != 2 {
		t.Errorf("%d of %d sessions are detached", detached, all)
	}

	s = serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	s.login()
	s.shards.freeze()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	s.shards.release()
}

// What is refused for good is not said again.
func TestConfirmIsGivenUp(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	p.Close()
	s.sessionsAre(1, 1)
	q := s.loginAs(&h)
	s.shards.fail(fault.New(fault.FailedPrecondition, "not yours"))
	for range 3 {
		q.reply(q.send(wire.KindPing, 0, pack.AppendArray(nil, 0)))
		s.shards.wait()
		q.failure(q.send(kindPut, 0, put(1, 1, "a", 1)), fault.FailedPrecondition) // has come behind it
	}
	if n := s.shards.runsOf(session.KindConfirm); n != 1 {
		t.Errorf("confirmed %d times", n)
	}
}

// What confirms a resume is said again with the next frame, if it could not be
// stored.
func TestConfirmIsRepeated(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	h := aHello()
	h.Resume = &p.welcome.Resume
	p.Close()
	s.sessionsAre(1, 1)
	q := s.loginAs(&h)
	ping := func() { q.reply(q.send(wire.KindPing, 0, pack.AppendArray(nil, 0))) }
	later := &fault.Error{Code: fault.Unavailable, Message: "no leader", Retry: time.Millisecond}
	s.shards.fail(later)
	ping()
	s.until("it was said in vain", func() bool { return s.shards.runsOf(session.KindConfirm) == 1 })
	s.shards.wait()
	s.shards.fail(nil)
	s.shards.refuseWith(later)
	ping()
	s.shards.refuseWith(nil)
	s.until("it is confirmed", func() bool {
		ping()
		return s.shards.commands(session.KindConfirm) == 1
	})
	ping()
	if n := s.shards.runsOf(session.KindConfirm); n != 2 {
		t.Errorf("confirmed %d times", n)
	}
}
