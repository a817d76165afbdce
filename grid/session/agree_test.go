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

// TestStreamsAgreeInTheEnd lets sessions come to streams, leave them, move and
// end, while streams with little room hear of it late and refuse, and the user's
// slot hears of that late, too. When all has arrived, each stream has exactly the
// sessions that are on it, at the gateways to which they are bound.
func TestStreamsAgreeInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		streams := []*stream{{key: room("a")}, {key: room("b")}, {key: room("c")}}
		var back []letter
		for _, s := range streams {
			s.members = map[grid.SessionID]grid.Origin{}
		}
		w.post = func(kind grid.Kind, body []byte) {
			for _, s := range streams { // the key is the first field of all duties
				if bytes.HasPrefix(body[1:], pack.AppendBytes(nil, []byte(s.key))) {
					s.queue = append(s.queue, letter{kind, bytes.Clone(body)})
				}
			}
		}
		user, conn := person(1), uint64(0)
		step := func() {
			s := streams[rapid.IntRange(0, len(streams)-1).Draw(t, "stream")]
			all := w.list(user)
			what := rapid.IntRange(0, 19).Draw(t, "step")
			if len(all) < 2 || what == 0 && len(all) < 5 {
				conn++
				w.open(t, OpenRequest{User: user, Origin: origin(1, 1), Conn: conn})
				return
			}
			e, _ := w.find(&user, all[rapid.IntRange(0, len(all)-1).Draw(t, "session")].ID)
			c := caller(user, e.id, e.origin, e.conn)
			switch {
			case what < 7 && e.ends == 0:
				w.track(t, c, s.key, rapid.StringN(0, 1, -1).Draw(t, "status"))
			case what < 9 && e.ends == 0:
				_, err := ask(w, c, KindUntrack, &UntrackRequest{s.key}, DecodeTrackReply)
				want(t, "untrack", err, fault.OK)
			case what == 9 && e.ends == 0:
				_, err := ask(w, c, KindEnd, &EndRequest{}, DecodeEndReply)
				want(t, "end", err, fault.OK)
			case what == 10:
				_, err := w.do(KindDetach, bodyOf(&DetachRequest{user, e.origin, e.conn, 3}))
				want(t, "detach", err, fault.OK)
			case what == 11:
				w.tick(t, w.stamp)
			case what == 12:
				conn++
				to := origin(rapid.IntRange(1, 2).Draw(t, "node"), 1)
				_, err := w.do(KindResume, bodyOf(&ResumeRequest{user, e.id, to, conn, e.secret, e.secret}))
				want(t, "resume", err, fault.OK)
			case what == 13:
				s.guests = rapid.IntRange(0, membersMax-len(s.members)).Draw(t, "guests")
			case what < 18 && len(s.queue) > 0:
				back = append(back, s.carry(t)...)
			case len(back) > 0:
				_, err := w.do(back[0].kind, back[0].body)
				want(t, "dropped", err, fault.OK)
				back = back[1:]
			}
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			step()
		}
		for slices.ContainsFunc(streams, func(s *stream) bool { return len(s.queue) > 0 }) || len(back) > 0 {
			for _, s := range streams {
				for len(s.queue) > 0 {
					back = append(back, s.carry(t)...)
				}
			}
			for ; len(back) > 0; back = back[1:] {
				_, err := w.do(back[0].kind, back[0].body)
				want(t, "dropped", err, fault.OK)
			}
		}
		for _, s := range streams {
			for _, x := range w.list(user) {
				e, _ := w.find(&user, x.ID)
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
	})
}
