package netio

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// mail hints to the connection of a session, a number at a time.
func (s *fakeShards) mail(to grid.Address, from, end int) {
	s.queue <- func() {
		for n := from; n < end; n++ {
			s.post(to, fmt.Sprint(n))
		}
	}
}

// post hints to the connection of a session.
func (s *fakeShards) post(to grid.Address, text string) {
	s.effects.Reset()
	s.effects.Push(to, kindSaid, append(s.effects.Begin(), said(roomKey("x"), text)...))
	s.hints(&s.effects)
}

// Hints and outcomes keep their order, when a loop comes to all of them at once,
// and when they are more than it looks at in a turn: a session that was refused a
// stream, and then tracked it again, is on it.
func TestTrackedAgainAfterRefusal(t *testing.T) {
	for _, many := range []int{0, lettersTurn / 2, 2*lettersTurn + 1} {
		s := serve(t, func(o *Options) { o.Loops = 1 })
		p, blocker := s.login(), s.login()
		lobby := roomKey("lobby")
		p.track(lobby)
		to := grid.Address{Session: p.welcome.Session, Origin: s.shards.Origin(),
			Conn: 1 << generationShift} // it is the first of the first loop
		s.shards.hold()
		id := p.send(session.KindTrack, 0, again(&session.TrackRequest{Key: lobby}))
		s.until("it is under way", func() bool { return s.shards.waiting() == 1 })
		blocked := blocker.send(kindBlock, 0, get("x"))
		<-s.shards.blocked
		r := presence.DroppedRequest{
			User: p.welcome.User, Session: p.welcome.Session, Key: []byte(lobby),
			Code: fault.ResourceExhausted, Message: "full",
		}
		s.shards.mail(to, 0, many)
		s.shards.duty(presence.KindDropped, r.Append(pack.AppendArray(nil, r.Fields())))
		s.shards.release()
		s.shards.mail(to, many, 2*many)
		s.shards.wait()
		s.shards.unblock <- struct{}{}
		for n := range many {
			p.hears(roomKey("x"), fmt.Sprint(n))
		}
		in := pack.NewCursor(p.push(session.KindRefused))
		if e, err := session.DecodeRefused(&in); err != nil || e.Key != lobby {
			t.Fatalf("refused %+v, %v", e, err)
		}
		p.done(id)
		for n := many; n < 2*many; n++ {
			p.hears(roomKey("x"), fmt.Sprint(n))
		}
		p.done(p.say(lobby, "back"))
		p.hears(lobby, "back")
		blocker.number(blocked)
	}
}

// However much waits for a loop, the connection of a session that has ended is
// told, and closed: nobody else would ever do so.
func TestAnEndIsNotLost(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 1 })
	p, blocker := s.login(), s.login()
	to := grid.Address{Session: p.welcome.Session, Origin: s.shards.Origin(),
		Conn: 1 << generationShift} // it is the first of the first loop
	blocked := blocker.send(kindBlock, 0, get("x"))
	<-s.shards.blocked
	s.shards.mail(to, 0, LettersMax+1)
	b := pack.AppendBytes(pack.AppendArray(nil, 5), p.welcome.User[:])
	b = pack.AppendNil(grid.AppendSession(b, p.welcome.Session))
	s.shards.duty(session.KindEnd, pack.AppendUint(pack.AppendUint(b, 0), 0))
	s.shards.wait()
	s.shards.unblock <- struct{}{}
	for {
		if f := p.frame(); f.Kind == wire.KindGoodbye {
			break
		}
	}
	blocker.number(blocked)
}

// However much waits for a loop, a session that a stream has refused is sent nothing
// that follows there.
func TestARefusalIsNotLost(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 1 })
	p, blocker := s.login(), s.login()
	lobby := roomKey("lobby")
	p.track(lobby)
	to := grid.Address{Session: p.welcome.Session, Origin: s.shards.Origin(),
		Conn: 1 << generationShift} // it is the first of the first loop
	blocked := blocker.send(kindBlock, 0, get("x"))
	<-s.shards.blocked
	s.shards.mail(to, 0, LettersMax+1)
	r := presence.DroppedRequest{
		User: p.welcome.User, Session: p.welcome.Session, Key: []byte(lobby),
		Code: fault.ResourceExhausted, Message: "full",
	}
	s.shards.duty(presence.KindDropped, r.Append(pack.AppendArray(nil, r.Fields())))
	s.shards.wait()
	s.shards.unblock <- struct{}{}
	blocker.number(blocked)
	s.until("it is on no stream", func() bool { return s.onLoop(p, (*conn).seats) == 0 })
}

// Those on streams are told when there was no room for what they were to be told,
// be it for one of them or for all on a stream.
func TestMissedForWantOfRoom(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 1 })
	p, blocker := s.login(), s.login()
	lobby := roomKey("lobby")
	p.track(lobby)
	to := grid.Address{Origin: s.shards.Origin(), Conn: 1 << generationShift}
	large := string(make([]byte, 1<<20))
	for _, mail := range []func(){
		func() { s.shards.mail(to, 0, LettersMax+1) },
		func() {
			s.shards.queue <- func() {
				for range PendingBytesMax/len(large) + 1 {
					s.shards.post(to, large)
				}
			}
		},
	} {
		blocked := blocker.send(kindBlock, 0, get("x"))
		<-s.shards.blocked
		mail()
		s.shards.wait()
		s.shards.unblock <- struct{}{}
		blocker.number(blocked)
		p.push(wire.KindMissed)
		for range 3 {
			p.hearsNothing()
			blocker.works()
		}
		for _, f := range p.pushed {
			if f.Kind == wire.KindMissed {
				t.Error("told twice")
			}
		}
	}

	change := func(status string) []byte {
		b := pack.AppendUint(pack.AppendUint(pack.AppendArray(nil, 5), 2), 1) // updated, one is there
		b = pack.AppendBytes(grid.AppendSession(b, p.welcome.Session), p.welcome.User[:])
		return pack.AppendString(b, status)
	}
	long := change(string(make([]byte, presence.StatusBytesMax)))
	many := make([][]byte, PendingBytesMax/len(long))
	for i := range many {
		many[i] = long
	}
	s.shards.tell(lobby, presence.KindChange, many...)
	p.push(wire.KindMissed)
	s.until("there is room again", func() bool {
		s.shards.tell(lobby, presence.KindChange, change("there is room again"))
		p.hearsNothing()
		return slices.ContainsFunc(p.pushed, func(f wire.Frame) bool {
			return bytes.Contains(f.Body, []byte("there is room again"))
		})
	})
}

// What is for a session before its welcome is not pushed, but the client is told.
func TestMissedBeforeTheWelcome(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 1 })
	s.shards.freeze()
	p := s.dial()
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	s.until("the session is being opened", func() bool { return s.shards.waiting() == 1 })
	s.shards.mail(grid.Address{Origin: s.shards.Origin(), Conn: 1 << generationShift}, 0, 1)
	s.shards.wait()
	s.until("it was looked at", func() bool {
		l := s.fan.loops[0].Load()
		l.inbox.Lock()
		defer l.inbox.Unlock()
		return len(l.inbox.letters) == 0 && !l.inbox.posted
	})
	s.shards.release()
	p.welcomed()
	p.push(wire.KindMissed)
}
