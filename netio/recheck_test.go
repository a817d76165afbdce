package netio

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// bound answers session.KindBound.
func (s *fakeShards) bound(body, out []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[session.KindBound]++
	return s.sessions.Query(session.KindBound, body, out)
}

// moveAway lets another node answer session.KindBound.
func (s *fakeShards) moveAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nowhere = true
}

func (s *fakeShards) isAwayFromAll() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nowhere
}

// silently executes a command whose hints are lost.
func (s *fakeShards) silently(t *testing.T, kind grid.Kind, body []byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stamp++
	turn := &grid.Turn{Stamp: s.stamp, Outbox: s}
	if _, err := s.sessions.Apply(turn, kind, body, nil); err != nil {
		t.Fatal(err)
	}
	s.duties = nil
}

// takeOver resumes a peer's session on another node.
func (s *fakeShards) takeOver(t *testing.T, p *peer) {
	r := session.ResumeRequest{
		User: p.welcome.User, Session: p.welcome.Session, Origin: grid.OriginOf(2, 1), Conn: 5,
		Secret: session.SecretOf(p.welcome.Resume.Secret[:]),
	}
	s.silently(t, session.KindResume, r.Append(pack.AppendArray(nil, r.Fields())))
}

func allSlots(grid.Slot) bool { return true }

// A session that was taken over elsewhere loses its connection though the hint was lost,
// wherever its slot is served; others keep theirs, and slots that are not meant are not asked.
func TestRecheckEndsWhatIsNotBound(t *testing.T) {
	for _, away := range []bool{false, true} {
		s := serve(t, nil)
		if away {
			s.shards.moveAway()
		}
		taken, kept := s.login(), s.login()
		s.shards.takeOver(t, taken)
		s.Recheck(func(grid.Slot) bool { return false })
		taken.works()
		if n := s.shards.runsOf(session.KindBound); n != 0 {
			t.Errorf("%d were asked after", n)
		}
		s.Recheck(allSlots)
		taken.goodbye(wire.SessionReplaced)
		kept.works()
	}
}

// Sessions that wait to be resumed, or whose grace is over, lose their connections too.
func TestRecheckEndsWhatIsDetached(t *testing.T) {
	for grace, want := range map[int64]wire.Reason{1e9: wire.CutOff, 1: wire.SessionEnded} {
		s := serve(t, nil)
		p := s.login()
		s.shards.mu.Lock()
		s.shards.stamp++
		turn := &grid.Turn{Stamp: s.shards.stamp, Outbox: s.shards,
			Floors: grid.Floors{grid.OriginOf(1, 8)}}
		s.shards.sessions.Sweep(turn, grace)
		turn.Stamp += 1e6
		s.shards.sessions.Tick(turn)
		s.shards.mu.Unlock()
		s.Recheck(allSlots)
		p.goodbye(want)
	}
}

// What nobody could answer is asked again.
func TestRecheckAsksAgain(t *testing.T) {
	s := serve(t, nil)
	s.shards.moveAway()
	p := s.login()
	s.shards.takeOver(t, p)
	s.shards.fail(&fault.Error{Code: fault.Unavailable, Retry: 1, Message: "planted"})
	s.Recheck(allSlots)
	read := awayRead{grid.Leader, session.KindBound}
	s.until("it was asked twice", func() bool { return s.shards.askedAway(read.level, read.kind) > 1 })
	s.shards.fail(nil)
	p.goodbye(wire.SessionReplaced)
}

// However many sessions there are and however often they are doubted, only so many are
// asked after at a time, and all of them once after the last doubt.
func TestRecheckIsPaced(t *testing.T) {
	s := serve(t, nil)
	s.shards.moveAway()
	l := &loop{server: s.Server, lane: s.shards.Open(func(*grid.Outcomes) {})}
	for range 2*rechecksMax + 10 {
		l.table.add(&conn{state: open, session: 1})
	}
	doubts := slotSet{}
	doubt := func() {
		doubts.add(grid.SlotOf((&grid.ID{})[:]))
		l.recheck.want(&doubts)
	}
	asked := func() int { return s.shards.askedAway(grid.Leader, session.KindBound) }
	doubt()
	for turn := 1; l.recheck.busy(); turn++ {
		doubt()
		if l.recheckSome(recheckTurn); asked() > turn*recheckTurn {
			t.Fatalf("%d are asked in turn %d", asked(), turn)
		}
	}
	if n := asked(); n != rechecksMax {
		t.Errorf("%d are asked at a time", n)
	}
	for l.recheck.flying > 0 { // and all are answered
		l.recheck.flying = 0
		for l.recheck.busy() {
			l.recheckSome(recheckTurn)
		}
	}
	if n, want := asked(), 2*l.table.len(); n != want {
		t.Errorf("%d were asked after in two walks, want %d", n, want)
	}
}
