package netio

import (
	"fmt"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// underWay is how many rounds there are; -1: one is about to begin, or changes of presences
// are summed up for one.
func (s *serving) underWay() int {
	s.fan.mu.Lock()
	defer s.fan.mu.Unlock()
	waiting := len(s.fan.mu.next.segments) + len(s.fan.mu.changes.byKey)
	if n := len(s.fan.mu.under); n > 0 || waiting == 0 {
		return n
	}
	return -1
}

// stuck blocks the loop of a connection, until what it returns is called. Rounds that
// have nothing for its members do not come to it.
func (s *serving) stuck(p *peer) (free func()) {
	s.until("all is pushed, and no loop has joins to settle", func() bool {
		return s.underWay() == 0 && s.fan.interest.joining.Load() == 0
	})
	id := p.send(kindBlock, 0, get("x"))
	<-s.shards.blocked
	return func() {
		s.shards.unblock <- struct{}{}
		p.number(id)
	}
}

// loopOf is which loop a connection is with.
func (s *serving) loopOf(p *peer) int {
	return s.onLoop(p, func(k *conn) int { return loopOfNumber(k.number()) })
}

// loginOn logs in until the connection is with a loop.
func (s *serving) loginOn(loop int, h *wire.Hello) *peer {
	s.t.Helper()
	for end := time.Now().Add(patience); ; {
		p := s.loginAs(h)
		if s.loopOf(p) == loop {
			return p
		}
		p.Close()
		if time.Now().After(end) {
			s.t.Fatalf("no connection comes to loop %d", loop)
		}
	}
}

// What is pushed on one stream waits for no other that takes long, and only what
// came earlier on the same stream goes before it.
func TestOthersAreNotHeldUp(t *testing.T) {
	s := serve(t, nil)
	slow, fast := s.loginOn(0, playerHello(0)), s.loginOn(1, playerHello(1))
	blocker := s.loginOn(0, playerHello(2))
	large, small := roomKey("large"), roomKey("small")
	slow.track(large)
	fast.track(large)
	fast.track(small)

	free := s.stuck(blocker)
	first := fast.say(large, "first")
	fast.hears(large, "first")
	second := fast.say(large, "second")
	s.until("it is held", func() bool {
		s.fan.mu.Lock()
		defer s.fan.mu.Unlock()
		held := s.fan.mu.held.find([]byte(large))
		return held != nil && len(held.acks) == 1
	})
	s.shards.tell(large, kindSaid, said(large, "third"))
	for n := range 3 * RoundsMax {
		id := fast.say(small, fmt.Sprint(n))
		fast.hears(small, fmt.Sprint(n))
		fast.done(id)
	}
	fast.hearsNothing() // of what is held
	if n := s.underWay(); n != 1 {
		t.Errorf("%d rounds are under way", n)
	}
	free()
	fast.done(first)
	fast.done(second)
	for _, p := range []*peer{slow, fast} {
		if p == slow {
			p.hears(large, "first")
		}
		p.hears(large, "second")
		p.hears(large, "third")
	}
}

// With rounds that overtake each other, and more streams that take long than there may
// be rounds, each member hears all that is said on its streams, in order.
func TestOrderBesideRounds(t *testing.T) {
	const streams, members, times, burst = RoundsMax + 3, 12, 20, 3
	s := serve(t, func(o *Options) { o.Loops = 3 })
	key := func(i int) string { return roomKey(fmt.Sprint(i % streams)) }
	peers := make([]*peer, members)
	for i := range peers { // each stream has members on each loop
		peers[i] = s.loginOn(i%3, playerHello(i))
		for n := range streams - 1 { // all but one
			peers[i].track(key(i + n))
		}
	}
	var told [streams]int
	tell := func(i int) {
		for range burst {
			s.shards.tell(key(i), kindSaid, said(key(i), fmt.Sprint(told[i])))
			told[i]++
		}
		s.shards.wait()
	}
	for n := range times {
		free := s.stuck(peers[n%members])
		for i := range streams {
			tell((n + i) % streams)
			if i < n%RoundsMax {
				s.until("one more round is under way", func() bool { return s.underWay() > i })
			}
		}
		free()
	}
	for i, p := range peers {
		heard := make(map[string]int)
		for range (streams - 1) * times * burst {
			in := pack.NewCursor(p.push(kindSaid))
			in.Array()
			k, _ := grid.ReadStream(&in, nil)
			if text := string(in.String()); text != fmt.Sprint(heard[string(k)]) {
				t.Fatalf("%d heard %q on %q, where %d were before", i, text, k, heard[string(k)])
			}
			heard[string(k)]++
		}
		p.hearsNothing()
	}
}
