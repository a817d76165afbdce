package netio

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// What one says on a stream all hear that are on it, whichever loop they are with,
// and nobody else.
func TestRelay(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops = 3 })
	lobby, other := roomKey("lobby"), roomKey("other")
	peers := make([]*peer, 7)
	for i := range peers {
		peers[i] = s.loginAs(playerHello(i))
		peers[i].track(lobby)
	}
	outside := s.loginAs(playerHello(99))
	outside.track(other)
	outside.failure(outside.say(lobby, "let me in"), fault.FailedPrecondition)
	for i, p := range peers {
		text := fmt.Sprintf("from %d", i)
		id := p.say(lobby, text)
		for _, q := range peers {
			q.hears(lobby, text)
		}
		p.done(id)
	}
	server := s.loginServer()
	server.done(server.say(other, "to others"))
	outside.hears(other, "to others")
	server.done(server.say(roomKey("empty"), "to nobody"))

	peers[0].untrack(lobby)
	peers[1].done(peers[1].say(lobby, "one less"))
	peers[2].hears(lobby, "one less")
	peers[0].hearsNothing()
	outside.hearsNothing()
	if v := s.Stats(); v.Relays != 11 || v.PushesLost != 0 {
		t.Errorf("%+v", v)
	}
}

// Each member hears everything in the order in which it was said, and in which the
// shards tell it, however it falls into rounds.
func TestOrder(t *testing.T) {
	const members, messages = 40, 3000
	s := serve(t, nil)
	lobby := roomKey("lobby")
	var wg sync.WaitGroup
	for i := range members {
		p := s.loginAs(playerHello(i))
		p.track(lobby)
		wg.Go(func() {
			for n := range messages {
				p.hears(lobby, fmt.Sprint(n))
			}
		})
	}
	for n := 0; n < messages; {
		var some [][]byte
		for range 1 + n%50 {
			if n < messages {
				some = append(some, said(lobby, fmt.Sprint(n)))
				n++
			}
		}
		s.shards.tell(lobby, kindSaid, some...)
	}
	wg.Wait()
	if v := s.Stats(); v.PushesLost != 0 {
		t.Errorf("%+v", v)
	}
}

// A connection on several streams gets of each what belongs there.
func TestSeveralStreams(t *testing.T) {
	const streams, messages = 5, 300
	s := serve(t, nil)
	var wg sync.WaitGroup
	for i := range 6 {
		p := s.loginAs(playerHello(i))
		for n := range streams {
			if n != i {
				p.track(roomKey(fmt.Sprint(n)))
			}
		}
		wg.Go(func() {
			var heard [streams]int
			for range messages * (streams - 1 + i/streams) {
				in := pack.NewCursor(p.push(kindSaid))
				in.Array()
				key, _ := grid.ReadStream(&in, nil)
				n := int(key[1] - '0')
				if text := string(in.String()); n == i || text != fmt.Sprint(heard[n]) {
					t.Errorf("heard %q on stream %d, %d there before", text, n, heard[n])
				}
				heard[n]++
			}
		})
	}
	for n := range messages {
		for i := range streams {
			key := roomKey(fmt.Sprint(i))
			s.shards.tell(key, kindSaid, said(key, fmt.Sprint(n)))
		}
	}
	wg.Wait()
}

// What is hinted after the outcome by which a connection came on a stream reaches
// it, even when its loop has not looked at that outcome yet, be it for one turn or more.
func TestNothingIsMissedAfterTrack(t *testing.T) {
	for _, letters := range []int{0, 2 * lettersTurn} {
		s := serve(t, func(o *Options) { o.Loops = 1 })
		p, blocker := s.login(), s.login()
		lobby := roomKey("lobby")
		s.shards.hold()
		id := p.send(session.KindTrack, 0, again(&session.TrackRequest{Key: lobby}))
		s.until("it is under way", func() bool { return s.shards.waiting() == 1 })
		blocked := blocker.send(kindBlock, 0, get("x"))
		<-s.shards.blocked
		s.shards.mail(grid.Address{Origin: s.shards.Origin(), Conn: 1 << generationShift}, 0, letters)
		s.shards.release()
		s.shards.tell(lobby, kindSaid, said(lobby, "first"))
		s.shards.wait()
		s.shards.unblock <- struct{}{}
		p.done(id)
		p.hears(lobby, "first")
		blocker.number(blocked)
		s.until("the loop looks at what it is on", func() bool {
			return s.fan.interest.joining.Load() == 0
		})
	}
}

// Comings and goings are summed up.
func TestPresenceEvents(t *testing.T) {
	const joins = 300
	s := serve(t, nil)
	lobby := roomKey("lobby")
	p := s.loginAs(playerHello(0))
	p.track(lobby)
	for i := range joins {
		q := s.loginAs(playerHello(i + 1))
		q.done(q.send(session.KindTrack, 0, again(&session.TrackRequest{Key: lobby})))
	}
	events, joined := 0, 0
	for joined < joins+1 {
		in := pack.NewCursor(p.push(presence.KindChanged))
		e, err := presence.DecodeChangedEvent(&in)
		if err != nil {
			t.Fatal(err)
		}
		joined += e.Joins - e.Leaves
		if events++; e.Count != joined {
			t.Fatalf("%+v after %d joins", e, joined)
		}
	}
	if events == joins+1 {
		t.Errorf("%d events for %d joins", events, joins+1)
	}
}

// A session that a stream has refused is not sent what is pushed there.
func TestRefusedStream(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	lobby := roomKey("lobby")
	p.track(lobby)
	r := presence.DroppedRequest{
		User: p.welcome.User, Session: p.welcome.Session, Key: []byte(lobby),
		Code: fault.ResourceExhausted, Message: "full",
	}
	s.shards.duty(presence.KindDropped, r.Append(pack.AppendArray(nil, r.Fields())))
	in := pack.NewCursor(p.push(session.KindRefused))
	if e, err := session.DecodeRefused(&in); err != nil || e.Key != lobby {
		t.Fatalf("refused %+v, %v", e, err)
	}
	p.failure(p.say(lobby, "hello?"), fault.FailedPrecondition)
}

// What is hinted to a session of another gateway, and what is for gateways alone, is
// pushed to nobody.
func TestHintsForOthers(t *testing.T) {
	const inner = kindSaid&^0xff | hintKinds
	s := serve(t, func(o *Options) { o.Loops = 1 })
	p := s.login()
	lobby := roomKey("lobby")
	p.track(lobby)
	for _, origin := range []grid.Origin{grid.OriginOf(2, 7), grid.OriginOf(1, 8)} {
		s.shards.mail(grid.Address{Session: p.welcome.Session, Origin: origin, Conn: 1 << generationShift}, 0, 1)
	}
	s.shards.tell(lobby, inner, said(lobby, "a hint to all"))
	s.shards.queue <- func() {
		to := grid.Address{Session: p.welcome.Session, Origin: s.shards.Origin(), Conn: 1 << generationShift}
		s.shards.effects.Reset()
		s.shards.effects.Push(to, inner, append(s.shards.effects.Begin(), said(lobby, "a hint to one")...))
		s.shards.hints(&s.shards.effects)
	}
	s.shards.tell(lobby, kindSaid, said(lobby, "a message"))
	for {
		f := p.frame()
		if f.Kind == kindSaid && bytes.Equal(f.Body, said(lobby, "a message")) {
			break
		}
		if f.Kind != presence.KindChanged {
			t.Errorf("pushed %+v", f)
		}
	}
}

// Only so many messages of a connection may be on their way.
func TestRelaysInFlight(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	lobby := roomKey("lobby")
	p.track(lobby)
	s.busy(true)
	ids := make([]uint32, grid.RequestsMax)
	for i := range ids {
		ids[i] = p.say(lobby, fmt.Sprint(i))
	}
	p.failure(p.say(lobby, "too many"), fault.ResourceExhausted)
	s.busy(false)
	for i := range ids {
		p.hears(lobby, fmt.Sprint(i))
	}
	for _, id := range ids {
		p.done(id)
	}
}

// What a stream has too much of is dropped, and its members are told; when it is a
// message to be passed on, its sender is.
func TestTooMuchOnAStream(t *testing.T) {
	const fit = StreamBytesMax / 60_000
	s := serve(t, func(o *Options) { o.OutBytesMax = 8 * StreamBytesMax }) // however slow this test reads
	p, server := s.login(), s.loginServer()
	lobby, large := roomKey("lobby"), string(make([]byte, 60_000))
	p.track(lobby)
	s.busy(true)
	var ids []uint32
	for range fit {
		ids = append(ids, server.say(lobby, large))
	}
	server.failure(server.say(lobby, large), fault.ResourceExhausted)
	s.busy(false)
	for _, id := range ids {
		p.hears(lobby, large)
		server.done(id)
	}

	s.busy(true)
	for range fit + 3 {
		s.shards.tell(lobby, kindSaid, said(lobby, large))
	}
	s.shards.wait()
	s.busy(false)
	for range fit {
		p.hears(lobby, large)
	}
	p.push(wire.KindMissed)
	p.done(p.say(lobby, "again"))
	p.hears(lobby, "again")
	if v := s.Stats(); v.PushesLost < 3 {
		t.Errorf("%+v", v)
	}
}

// busy keeps rounds from beginning, as if one were under way, or lets them begin.
func (s *serving) busy(is bool) {
	s.until("no round is under way", func() bool {
		s.fan.mu.Lock()
		defer s.fan.mu.Unlock()
		switch under := &s.fan.mu.under; {
		case !is:
			*under = nil
		case len(*under) > 0:
			return false
		default:
			*under = slices.Repeat([]*round{newRound()}, RoundsMax)
		}
		return true
	})
	if !is {
		s.fan.start()
	}
}

func TestWholeFrames(t *testing.T) {
	one := wire.End(append(wire.Begin(nil, 1, 0, 0), make([]byte, 88)...), 0) // 100 bytes
	three := append(append(one[:100:100], one...), one...)
	for most, want := range map[int]int{1: 100, 100: 100, 199: 100, 200: 200, 299: 200, 300: 300, 999: 300} {
		if got, count := wholeFrames(three, most); got != want || count != want/100 {
			t.Errorf("of 300 bytes at most %d: %d in %d frames, want %d", most, got, count, want)
		}
	}
}
