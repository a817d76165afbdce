package host

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// apart returns a user and a room of different shards.
func apart(h *Host) (user grid.ID, room int) {
	for ; ; room++ {
		user = userOf(room)
		if h.group(grid.SlotOf(user[:])) != h.group(grid.SlotOf(roomKey(room))) {
			return user, room
		}
	}
}

// TestDutiesWaitForALeader: what is owed to a shard that is not led here waits,
// without being tried, and goes its way when a reign begins.
func TestDutiesWaitForALeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		user, room := apart(h)
		c := newCaller(t, h)
		s := c.open(h, user, 1, false)
		synctest.Wait()

		there := h.group(grid.SlotOf(roomKey(room)))
		reign := there.serving.Swap(nil)
		h.errands.in.leads(there, false)
		s.track(room, "")
		time.Sleep(10 * pauseMax)
		synctest.Wait()
		if n := len(present(t, h, room)); n != 0 {
			t.Fatalf("%d sessions in a room of a shard that nobody leads", n)
		}
		if len(h.errands.ways) != 0 || !h.errands.waiting.has(s.slot()) {
			t.Errorf("%d ways, and the slot does not wait", len(h.errands.ways))
		}

		there.serving.Store(reign)
		h.errands.in.leads(there, true)
		synctest.Wait()
		if n := len(present(t, h, room)); n != 1 {
			t.Errorf("%d sessions in the room once its shard is led again, want 1", n)
		}
	})
}

// TestAReignThatIsOverIsForgotten: the duties of a shard are carried by who
// leads it.
func TestAReignThatIsOverIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		user, room := apart(h)
		s := newCaller(t, h).open(h, user, 1, false)
		synctest.Wait()
		here := h.group(s.slot())
		h.errands.in.leads(here, false)
		s.track(room, "")
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(present(t, h, room)); n != 0 {
			t.Errorf("a node that does not lead has carried %d duties", n)
		}
		h.errands.in.leads(here, true)
		synctest.Wait()
		agree(t, h, room+1, room+1)
		if n := len(present(t, h, room)); n != 1 {
			t.Errorf("%d sessions in the room, want 1", n)
		}
	})
}

// lossyLane loses half of the commands of errands: those never come to the log.
type lossyLane struct {
	grid.Lane
	in   *inbox
	rand *rand.Rand
	lost []grid.Ref // since the last Flush
}

func (l *lossyLane) Write(
	s grid.Slot, kind grid.Kind, id grid.RequestID, body []byte, ref grid.Ref,
) error {
	if l.rand.IntN(2) == 0 {
		return l.Lane.Write(s, kind, id, body, ref)
	}
	l.lost = append(l.lost, ref)
	return nil
}

func (l *lossyLane) Flush() {
	l.Lane.Flush()
	if len(l.lost) > 0 {
		l.in.answer(&grid.Outcomes{Refs: l.lost, Err: errUnknown})
		l.lost = nil
	}
}

// TestDutiesSurviveFailures lets the outcomes of errands' commands be unknown:
// now those of commands that were executed, now those of others that never will
// be. All are tried again, with growing pauses.
func TestDutiesSurviveFailures(t *testing.T) {
	for _, executed := range []bool{true, false} {
		t.Run(fmt.Sprint("executed=", executed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testFailures(t, executed) })
		})
	}
}

func testFailures(t *testing.T, executed bool) {
	h := open(t, vfs.NewMem(), nil)
	synctest.Wait()
	e := h.errands
	var told, changes atomic.Int32
	if executed {
		e.lane.(*lane).deliver = func(o *grid.Outcomes) {
			if told.Add(1)%2 == 1 {
				*o = grid.Outcomes{Refs: o.Refs, Err: errUnknown}
			}
			e.in.answer(o)
		}
	} else {
		e.lane = &lossyLane{Lane: e.lane, in: &e.in, rand: rand.New(rand.NewPCG(5, 6))}
	}
	h.Listen(func(e *grid.Effects) {
		for _, hint := range e.Hints {
			if hint.Kind == presence.KindChange {
				changes.Add(1)
			}
		}
	})
	const users, rooms = 20, 5
	c := newCaller(t, h)
	for u := range users {
		s := c.open(h, userOf(u), uint64(u+1), false)
		for room := range rooms {
			s.track(room, "here")
		}
	}
	time.Sleep(time.Minute)
	synctest.Wait()
	agree(t, h, users, rooms)
	if n := changes.Load(); n != users*rooms {
		t.Errorf("%d changes of presences, want %d", n, users*rooms)
	}
	if len(e.ways) != 0 || e.bytes != 0 || len(e.resting) != 0 {
		t.Errorf("something is left: %v, %d bytes", e.ways, e.bytes)
	}
	if s := h.Stats().Errands; s.Failed == 0 || s != (ErrandStats{Failed: s.Failed}) {
		t.Errorf("nothing is left, and errands say %+v", s)
	}
}

// TestLateOutcomesOfAReignCountForNothing holds the outcomes of errands' commands
// back until another reign has begun, and taken up what they were about.
func TestLateOutcomesOfAReignCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		user, room := apart(h)
		s := newCaller(t, h).open(h, user, 1, false)
		synctest.Wait()
		e, l := h.errands, h.errands.lane.(*lane)
		held := make(chan *grid.Outcomes, 100)
		hold := func(o *grid.Outcomes) { held <- o }
		l.deliver = hold
		s.track(room, "")
		synctest.Wait()
		if len(held) != 1 {
			t.Fatalf("%d outcomes are held, want that of the delivery", len(held))
		}
		here := h.group(s.slot())
		e.in.leads(here, false)
		e.in.leads(here, true)
		synctest.Wait()
		if len(held) != 2 {
			t.Fatalf("%d outcomes are held, want those of two deliveries", len(held))
		}
		e.in.answer(<-held)
		synctest.Wait()
		if len(held) != 1 || here.machine.Owing(nil) == nil {
			t.Error("an outcome of a reign that is over was acted on")
		}
		l.deliver = e.in.answer
		e.in.answer(<-held)
		synctest.Wait()
		agree(t, h, room+1, room+1)
		if len(e.ways) != 0 || e.bytes != 0 || e.debtors[s.slot()].flying != 0 {
			t.Errorf("something is left: %v, %d bytes", e.ways, e.bytes)
		}
	})
}

// TestErrandsWaitWhileAQueueIsFull: what finds no room is tried again.
func TestErrandsWaitWhileAQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		user, room := apart(h)
		s := newCaller(t, h).open(h, user, 1, false)
		queue := &h.group(grid.SlotOf(roomKey(room))).queue
		queue.bytes.Add(2 * QueueBytesMax)
		s.track(room, "")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := h.errands.debtors[s.slot()].pause; got != pauseMax {
			t.Errorf("after a minute of failures the pause is %v, want %v", got, pauseMax)
		}
		queue.bytes.Add(-2 * QueueBytesMax)
		time.Sleep(pauseMax)
		synctest.Wait()
		if n := len(present(t, h, room)); n != 1 {
			t.Errorf("%d sessions in the room, want 1", n)
		}
		if got := h.errands.debtors[s.slot()].pause; got != 0 {
			t.Errorf("the pause is %v after a success", got)
		}
	})
}

// TestFailuresAtOnceAreOneFailure: however many slots somebody owes to, when all of
// them cannot be reached the first pause is the shortest.
func TestFailuresAtOnceAreOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openShards(t, vfs.NewMem(), 1, nil)
		s := newCaller(t, h).open(h, userOf(1), 1, false)
		synctest.Wait()
		h.errands.in.leads(h.Groups()[0], false)
		const rooms = 20
		for room := range rooms {
			s.track(room, "")
		}
		queue := &h.Groups()[0].queue
		queue.bytes.Add(2 * QueueBytesMax)
		h.errands.in.leads(h.Groups()[0], true)
		synctest.Wait()
		if got := h.errands.debtors[s.slot()].pause; got != pauseMin || len(h.errands.resting) < rooms/2 {
			t.Errorf("after %d failures at once the pause is %v, want %v", len(h.errands.resting), got, pauseMin)
		}
		queue.bytes.Add(-2 * QueueBytesMax)
		h.errands.in.kick() // what was read above is its own again
		time.Sleep(pauseMin)
		synctest.Wait()
		agree(t, h, 2, rooms)
	})
}

// watchedLane notes how much is under way whenever errands writes.
type watchedLane struct {
	grid.Lane
	e           *errands
	ways, bytes int // the most
}

func (l *watchedLane) Write(
	s grid.Slot, kind grid.Kind, id grid.RequestID, body []byte, ref grid.Ref,
) error {
	l.ways, l.bytes = max(l.ways, len(l.e.ways)), max(l.bytes, l.e.bytes)
	return l.Lane.Write(s, kind, id, body, ref)
}

// TestCrowdsOfDutiesAreBounded lets a shard owe much more, to more slots, than
// may be under way at a time.
func TestCrowdsOfDutiesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openShards(t, vfs.NewMem(), 1, nil)
		synctest.Wait()
		watched := &watchedLane{Lane: h.errands.lane, e: h.errands}
		h.errands.lane = watched
		h.errands.in.leads(h.Groups()[0], false)
		const users, rooms = 60, session.StreamsMax
		c := newCaller(t, h)
		status := strings.Repeat("s", presence.StatusBytesMax)
		for u := range users {
			s := c.open(h, userOf(u), uint64(u+1), false)
			for room := range rooms {
				s.track(room, status)
			}
		}
		if z := h.Sizes()[0]; z.Duties.Count < users*rooms || z.OldestDuty == 0 {
			t.Errorf("all duties wait, and the slots say %+v", z)
		}
		h.errands.in.leads(h.Groups()[0], true)
		synctest.Wait()
		agree(t, h, users, rooms)
		if watched.ways > carriesMax || watched.bytes > carryBytesMax+(8<<10) {
			t.Errorf("%d deliveries of %d bytes were under way", watched.ways, watched.bytes)
		}
		if watched.bytes < carryBytesMax/2 {
			t.Errorf("only %d bytes were ever under way: there is nothing to be seen", watched.bytes)
		}
	})
}

// TestAStartSweepsTheSessionsOfTheOneBefore: at the moment in which a node is
// ready no session passes for one that is connected; within the grace a session
// may be resumed, and behind it those that were not are gone.
func TestAStartSweepsTheSessionsOfTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, rooms, grace = 10, 3, 5 * time.Second
		fs := vfs.NewCrashableMem()
		h := open(t, fs, nil)
		c := newCaller(t, h)
		for u := range users {
			c.open(h, userOf(u), uint64(u+1), false).track(u%rooms, "")
		}
		synctest.Wait()
		h = open(t, fs.CrashClone(vfs.CrashCloneCfg{}), func(o *Options) { o.SessionGrace = grace })
		for u := range users {
			for _, s := range sessionsOf(t, h, userOf(u)) {
				if s.Attached {
					t.Errorf("session %d of the incarnation before seems to be connected", s.ID)
				}
			}
		}
		agree(t, h, users, rooms) // detached, but present
		c = newCaller(t, h)
		for u := 0; u < users; u += 2 {
			s := &seat{caller: c, user: userOf(u), origin: h.Origin(), conn: uint64(u + 1)}
			r := session.ResumeRequest{User: s.user, Session: sessionsOf(t, h, s.user)[0].ID,
				Origin: s.origin, Conn: s.conn, Secret: session.Secret{1}, Next: session.Secret{2}}
			c.must(s.slot(), session.KindResume, body(r.Fields(), r.Append))
		}
		time.Sleep(grace + dueEvery)
		synctest.Wait()
		agree(t, h, users, rooms)
		for u := range users {
			if got, want := len(sessionsOf(t, h, userOf(u))), 1-u%2; got != want {
				t.Errorf("user %d has %d sessions behind the grace, want %d", u, got, want)
			}
		}
	})
}

// TestASweepIsRepeatedUntilItIsCommitted: a node is not ready before.
func TestASweepIsRepeatedUntilItIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		synctest.Wait()
		g := h.Groups()[0]
		g.swept.Store(false)
		g.queue.bytes.Add(2 * QueueBytesMax)
		h.SetFloors(grid.Floors{h.Origin(), grid.OriginOf(2, 7)})
		time.Sleep(10 * pauseMax)
		synctest.Wait()
		if h.leads() {
			t.Error("a node is ready whose sweep found no room")
		}
		g.queue.bytes.Add(-2 * QueueBytesMax)
		time.Sleep(pauseMax)
		synctest.Wait()
		if !h.leads() {
			t.Error("the sweep was given up")
		}
		if f := g.machine.Floors(); !f.Dead(grid.OriginOf(2, 6)) || f.Dead(grid.OriginOf(2, 7)) {
			t.Errorf("the floors are %v", f)
		}
	})
}

// TestWhatIsDueIsDoneToTheEnd detaches more sessions at once than one command
// ends: all are gone soon behind their grace, and not before.
func TestWhatIsDueIsDoneToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		c := newCaller(t, h)
		const sessions, grace = 5 * session.TickMax, 10 * time.Second
		for i := range sessions {
			c.open(h, userOf(1), uint64(i+1), true).track(i%3, "")
		}
		for i := range sessions {
			r := session.DetachRequest{User: userOf(1), Origin: h.Origin(), Conn: uint64(i + 1),
				Grace: grace.Microseconds()}
			at := grid.SlotOf(r.User[:])
			c.must(at, session.KindDetach, body(r.Fields(), r.Append))
		}
		time.Sleep(grace - 2*dueEvery)
		synctest.Wait()
		if n := len(present(t, h, 0)) + len(present(t, h, 1)) + len(present(t, h, 2)); n != sessions {
			t.Errorf("%d sessions are present within their grace, want %d", n, sessions)
		}
		time.Sleep(4 * dueEvery)
		synctest.Wait()
		if left := sessionsOf(t, h, userOf(1)); len(left) > 0 {
			t.Errorf("%d sessions and more outlived their grace", len(left))
		}
		agree(t, h, 2, 3)
	})
}
