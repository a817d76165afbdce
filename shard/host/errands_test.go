package host

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// seat is a session, as its gateway sees it.
type seat struct {
	*caller
	user   grid.ID
	id     grid.SessionID
	origin grid.Origin
	conn   uint64
}

func userOf(n int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n+1))
	return id
}

func roomKey(n int) string {
	return string(grid.AppendKey(nil, grid.StreamRoom, fmt.Sprint("room-", n)))
}

// do writes a command that is not remembered, and waits for what becomes of it.
func (c *caller) do(s grid.Slot, kind grid.Kind, body []byte) reply {
	c.t.Helper()
	if err := c.lane.Write(s, kind, grid.RequestID{}, body, grid.Ref{}); err != nil {
		c.t.Fatal(err)
	}
	c.lane.Flush()
	return <-c.in
}

// must is do, for what must be done.
func (c *caller) must(s grid.Slot, kind grid.Kind, body []byte) *pack.Cursor {
	c.t.Helper()
	r := c.do(s, kind, body)
	if r.err != nil || r.status != fault.OK {
		c.t.Fatalf("command %#x: %v, %v", kind, r.err, r.status)
	}
	in := pack.NewCursor(r.body)
	return &in
}

// open opens a session on the conn-th connection of a gateway on this node.
func (c *caller) open(h *Host, user grid.ID, conn uint64, server bool) *seat {
	c.t.Helper()
	s := &seat{caller: c, user: user, origin: h.Origin(), conn: conn}
	r := session.OpenRequest{User: user, Origin: s.origin, Conn: conn, Secret: session.Secret{1}, Server: server}
	reply, err := session.DecodeOpenReply(c.must(s.slot(), session.KindOpen, body(r.Fields(), r.Append)))
	if err != nil {
		c.t.Fatal(err)
	}
	s.id = reply.Session
	return s
}

func (s *seat) slot() grid.Slot { return grid.SlotOf(s.user[:]) }

// prepared returns the body of a command that the session's client asks for.
func (s *seat) prepared(kind grid.Kind, n int, add func([]byte) []byte) []byte {
	s.t.Helper()
	who := grid.Caller{User: s.user, Address: grid.Address{Session: s.id, Origin: s.origin, Conn: s.conn}}
	in := pack.NewCursor(add(nil))
	for _, op := range session.Ops() {
		if op.Kind == kind {
			_, b, err := op.Prepare(&who, &in, n, nil)
			if err != nil {
				s.t.Fatal(err)
			}
			return b
		}
	}
	panic("no such operation")
}

func (s *seat) trackBody(room int, status string) []byte {
	r := session.TrackRequest{Key: roomKey(room), Status: status}
	return s.prepared(session.KindTrack, r.Fields(), r.Append)
}

func (s *seat) untrackBody(room int) []byte {
	r := session.UntrackRequest{Key: roomKey(room)}
	return s.prepared(session.KindUntrack, r.Fields(), r.Append)
}

func (s *seat) track(room int, status string) {
	s.t.Helper()
	s.must(s.slot(), session.KindTrack, s.trackBody(room, status))
}

// sessions returns a user's sessions, as the user's slot has them.
func sessionsOf(t testing.TB, h *Host, user grid.ID) []session.Session {
	t.Helper()
	r := session.ListRequest{User: user}
	at := grid.SlotOf(user[:])
	b, err := h.group(at).machine.Query(at, session.KindList, body(r.Fields(), r.Append), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := pack.NewCursor(b)
	reply, err := session.DecodeListReply(&in)
	if err != nil {
		t.Fatal(err)
	}
	return reply.Sessions
}

// present returns who is present on a room, as the room's slot has it.
func present(t testing.TB, h *Host, room int) (members []presence.Member) {
	t.Helper()
	key := roomKey(room)
	at := grid.SlotOf(key)
	for after := grid.SessionID(0); ; {
		r := presence.ListRequest{Key: []byte(key), After: after, Limit: presence.PageMembersMax}
		in := pack.NewCursor(r.Append(nil))
		_, b, err := presence.Ops()[0].Prepare(nil, &in, r.Fields(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = h.group(at).machine.Query(at, presence.KindList, b, nil); err != nil {
			t.Fatal(err)
		}
		in = pack.NewCursor(b)
		page, err := presence.DecodeListReply(&in)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, page.Members...)
		if after = page.Next; after == 0 {
			return members
		}
	}
}

// agree fails unless streams and sessions say the same of who is where, and
// nobody owes anything.
func agree(t testing.TB, h *Host, users, rooms int) {
	t.Helper()
	for _, g := range h.Groups() {
		if owing := g.machine.Owing(nil); len(owing) > 0 {
			t.Errorf("shard %d: slots %v still owe something", g.number, owing)
		}
	}
	want := make(map[string][]grid.SessionID)
	for u := range users {
		for _, s := range sessionsOf(t, h, userOf(u)) {
			for _, key := range s.Keys {
				want[key] = append(want[key], s.ID)
			}
		}
	}
	for r := range rooms {
		var got []grid.SessionID
		for _, m := range present(t, h, r) {
			got = append(got, m.Session)
		}
		slices.Sort(want[roomKey(r)])
		if !slices.Equal(got, want[roomKey(r)]) {
			t.Errorf("room %d has the sessions %v, and %v say that they are there", r, got, want[roomKey(r)])
		}
	}
}

// TestDutiesAreCarriedToWhereverTheyBelong joins rooms all over two shards, and
// counts the pushes that entering a room gives: one each.
func TestDutiesAreCarriedToWhereverTheyBelong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		entered := make(chan grid.SessionID, 1<<12)
		h.Listen(func(e *grid.Effects) {
			for _, hint := range e.Hints {
				if hint.Kind == presence.KindEntered {
					entered <- hint.To.Session
				}
			}
		})
		const users, rooms, each = 60, 40, 7
		c := newCaller(t, h)
		var seats []*seat
		for u := range users {
			s := c.open(h, userOf(u), uint64(u+1), false)
			seats = append(seats, s)
			for i := range each {
				s.track((u*3+i)%rooms, "here")
			}
		}
		synctest.Wait()
		agree(t, h, users, rooms)
		count := make(map[grid.SessionID]int)
		for len(entered) > 0 {
			count[<-entered]++
		}
		for _, s := range seats {
			if count[s.id] != each {
				t.Errorf("session %d was told %d times that it entered a room, want %d", s.id, count[s.id], each)
			}
		}
		if n := len(h.errands.ways); n != 0 || h.errands.bytes != 0 {
			t.Errorf("%d ways of %d bytes are left", n, h.errands.bytes)
		}
	})
}

// TestDutiesSurviveCrashes cuts the power at any sync of a busy node, and goes on
// from there: who says to be in a room is there, and nobody else.
func TestDutiesSurviveCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, rooms = 20, 12
		r := rand.New(rand.NewPCG(1, 2))
		disk := vfs.NewCrashableMem()
		for life := range 30 {
			spy := &syncSpy{FS: disk, mem: disk, left: 1 + r.IntN(150)}
			h := open(t, spy, func(o *Options) {
				o.LogBytesMax = 4 << 10 // snapshots, too
				o.SessionGrace = time.Hour
			})
			synctest.Wait()
			agree(t, h, users, rooms)
			wander(t, r, h, users, rooms)
			if life%4 == 0 {
				synctest.Wait()
				agree(t, h, users, rooms)
			}
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			if spy.clones == nil {
				spy.clones = append(spy.clones, disk.CrashClone(vfs.CrashCloneCfg{}))
			}
			disk = spy.clones[0]
		}
	})
}

// wander opens sessions, or takes over those that are detached, and lets them
// enter and leave rooms. It does not wait for the last commands.
func wander(t *testing.T, r *rand.Rand, h *Host, users, rooms int) {
	for u := range users {
		c := newCaller(t, h)
		s := &seat{caller: c, user: userOf(u), origin: h.Origin(), conn: uint64(u + 1)}
		if all := sessionsOf(t, h, s.user); len(all) > 0 {
			s.id = all[0].ID
			q := session.ResumeRequest{User: s.user, Session: s.id, Origin: s.origin, Conn: s.conn,
				Secret: session.Secret{1}, Next: session.Secret{1}}
			c.must(s.slot(), session.KindResume, body(q.Fields(), q.Append))
		} else {
			s = c.open(h, s.user, s.conn, false)
		}
		for range r.IntN(6) {
			kind, b := session.KindTrack, s.trackBody(r.IntN(rooms), fmt.Sprint(r.IntN(9)))
			if r.IntN(2) == 0 {
				kind, b = session.KindUntrack, s.untrackBody(r.IntN(rooms))
			}
			if err := c.lane.Write(s.slot(), kind, grid.RequestID{}, b, grid.Ref{}); err != nil {
				t.Fatal(err)
			}
			c.lane.Flush()
			if r.IntN(3) > 0 {
				<-c.in
			}
		}
	}
}
