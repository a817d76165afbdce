package session

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

// stream is a stream as simple as can be, with room for few, at the far end of a
// queue of duties.
type stream struct {
	key     string
	members map[grid.SessionID]grid.Origin
	guests  int // others, who come and go
	queue   []letter
}

type letter struct {
	kind grid.Kind
	body []byte
}

const membersMax = 2

// carry lets a stream take the first duty of its queue. It returns a letter for
// the user's slot if it refuses.
func (s *stream) carry(t *rapid.T) (back []letter) {
	next := s.queue[0]
	s.queue = s.queue[1:]
	in := pack.NewCursor(next.body)
	n := in.Array()
	if next.kind == presence.KindLeave {
		var r presence.LeaveRequest
		if err := r.Decode(&in, n); err != nil {
			t.Fatal(err)
		}
		delete(s.members, r.Session)
		return nil
	}
	var r presence.EnterRequest
	if err := r.Decode(&in, n); err != nil {
		t.Fatal(err)
	}
	_, known := s.members[r.Session]
	switch {
	case !known && !r.HasStatus:
	case !known && len(s.members)+s.guests >= membersMax:
		d := presence.DroppedRequest{User: r.User, Session: r.Session, Key: r.Key,
			Code: fault.ResourceExhausted, Message: "full"}
		return []letter{{presence.KindDropped, bodyOf(&d)}}
	default:
		s.members[r.Session] = r.Origin
	}
	return nil
}

// far is a user's sessions and the streams far from them.
type far struct {
	*world
	user    grid.ID
	conn    uint64
	streams []*stream
	back    []letter // refusals under way to the user's slot
}

// TestStreamsAgreeInTheEnd lets sessions come to streams, leave them, move and
// end, while streams with little room hear of it late and refuse, and the user's
// slot hears of that late, too. When all has arrived, each stream has exactly the
// sessions that are on it, at the gateways to which they are bound.
func TestStreamsAgreeInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &far{world: newWorld(), user: alice}
		for _, name := range []string{"a", "b", "c"} {
			f.streams = append(f.streams, &stream{key: room(name), members: map[grid.SessionID]grid.Origin{}})
		}
		f.post = func(kind grid.Kind, body []byte) {
			for _, s := range f.streams { // the key is the first field of all duties
				if bytes.HasPrefix(body[1:], pack.AppendBytes(nil, []byte(s.key))) {
					s.queue = append(s.queue, letter{kind, bytes.Clone(body)})
				}
			}
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			f.step(t)
		}
		f.settle(t)
		f.compare(t)
	})
}

func (f *far) step(t *rapid.T) {
	s := f.streams[rapid.IntRange(0, len(f.streams)-1).Draw(t, "stream")]
	all := f.list(f.user)
	what := rapid.IntRange(0, 19).Draw(t, "step")
	if len(all) < 2 || what == 0 && len(all) < 5 {
		f.conn++
		f.open(t, OpenRequest{User: f.user, Origin: gateway, Conn: f.conn})
		return
	}
	e, _ := f.find(&f.user, all[rapid.IntRange(0, len(all)-1).Draw(t, "session")].ID)
	c := caller(f.user, e.id, e.origin, e.conn)
	switch {
	case what < 7 && e.ends == 0:
		f.track(t, c, s.key, rapid.SampledFrom([]string{"", "x"}).Draw(t, "status"))
	case what < 9 && e.ends == 0:
		_, err := ask(f.world, c, KindUntrack, &UntrackRequest{s.key}, DecodeTrackReply)
		want(t, "untrack", err, fault.OK)
	case what == 9 && e.ends == 0:
		_, err := ask(f.world, c, KindEnd, &EndRequest{}, DecodeEndReply)
		want(t, "end", err, fault.OK)
	case what == 10:
		_, err := f.do(KindDetach, bodyOf(&DetachRequest{f.user, e.origin, e.conn, 3}))
		want(t, "detach", err, fault.OK)
	case what == 11:
		f.tick(t, f.stamp)
	case what == 12:
		f.conn++
		to := origin(rapid.IntRange(1, 2).Draw(t, "node"), 1)
		_, err := f.do(KindResume, bodyOf(&ResumeRequest{User: f.user, Session: e.id, Origin: to, Conn: f.conn,
			Secret: e.secret, Next: e.secret}))
		want(t, "resume", err, fault.OK)
	case what == 13:
		s.guests = rapid.IntRange(0, membersMax-len(s.members)).Draw(t, "guests")
	case what < 18 && len(s.queue) > 0:
		f.back = append(f.back, s.carry(t)...)
	case len(f.back) > 0:
		f.drop(t)
	}
}

// drop hands the first refusal to the user's slot.
func (f *far) drop(t *rapid.T) {
	_, err := f.do(f.back[0].kind, f.back[0].body)
	want(t, "dropped", err, fault.OK)
	f.back = f.back[1:]
}

// settle lets all arrive that is under way, and what comes of that.
func (f *far) settle(t *rapid.T) {
	for quiet := false; !quiet; {
		quiet = len(f.back) == 0
		for len(f.back) > 0 {
			f.drop(t)
		}
		for _, s := range f.streams {
			for ; len(s.queue) > 0; quiet = false {
				f.back = append(f.back, s.carry(t)...)
			}
		}
	}
}

func (f *far) compare(t *rapid.T) {
	for _, s := range f.streams {
		for _, x := range f.list(f.user) {
			e, _ := f.find(&f.user, x.ID)
			at, there := s.members[e.id]
			if on := slices.Contains(x.Keys, s.key); on != there || on && at != e.origin {
				t.Fatalf("session %d is on %q: %v, there: %v, at %d of %d", e.id, s.key, on, there, at, e.origin)
			}
			delete(s.members, e.id)
		}
		if len(s.members) > 0 {
			t.Fatalf("%v have ended, and are on %q", s.members, s.key)
		}
	}
}
