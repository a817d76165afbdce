package session

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

var (
	errNotBound = fault.New(fault.FailedPrecondition, "the session has ended, or is "+
		"another connection's: connect again, with the resume token if you have one")
)

// Apply carries out one command and appends its reply, one array, to out. On an
// error, which is a *fault.Error, it has changed nothing and returns out as it
// was. The same commands give the same replies, duties and state everywhere. It
// keeps nothing of body. It must not run beside anything else on s.
func (s *Sessions) Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = s.apply(t, kind, &in, n, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
}

func (s *Sessions) apply(
	t *grid.Turn, kind grid.Kind, in *pack.Cursor, n int, out []byte,
) (_ []byte, err error) {
	switch kind {
	case KindTrack:
		var r trackBody
		if err = r.decode(in, n); err == nil {
			return s.track(t, &r, out)
		}
	case KindUntrack:
		var r untrackBody
		if err = r.decode(in, n); err == nil {
			return s.untrack(t, &r, out)
		}
	case KindEnd:
		var r endBody
		if err = r.decode(in, n); err == nil {
			return s.endOne(t, &r, out)
		}
	case KindOpen:
		var r OpenRequest
		if err = r.decode(in, n); err == nil {
			return s.open(t, &r, out)
		}
	case KindResume:
		var r ResumeRequest
		if err = r.decode(in, n); err == nil {
			return s.resume(t, &r, out)
		}
	case KindConfirm:
		var r ConfirmRequest
		if err = r.decode(in, n); err == nil {
			return s.confirm(&r, out)
		}
	case KindDetach:
		var r DetachRequest
		if err = r.decode(in, n); err == nil {
			return s.detachOne(t, &r, out), nil
		}
	case presence.KindDropped:
		var r presence.DroppedRequest
		if err = r.Decode(in, n); err == nil {
			return s.dropped(t, &r, out), nil
		}
	default:
		err = fault.New(fault.Unimplemented, "sessions have no command %#04x", uint16(kind))
	}
	return out, err
}

// bound returns the session of who asks, if it is bound to that connection.
func (s *Sessions) bound(by *ConfirmRequest) (entry, error) {
	e, ok := s.find(&by.User, by.Session)
	if !ok || !e.isBound(by.Origin, by.Conn) {
		return e, errNotBound
	}
	return e, nil
}

func (s *Sessions) track(t *grid.Turn, r *trackBody, out []byte) ([]byte, error) {
	e, err := s.bound(&r.ConfirmRequest)
	if err != nil {
		return out, err
	}
	if e.streams.find(r.key) < 0 {
		if n := e.streams.count(); n >= r.most {
			return out, grid.StreamsPerSessionBound.Exceeded(fault.ResourceExhausted, n, r.most)
		}
		next := *e.row
		next.streams = e.streams.with(r.key)
		s.put(entry{e.user, e.id, &next})
	}
	s.enter(t, e, r.key, r.status, true)
	return grid.AppendStream(pack.AppendArray(out, 1), r.key), nil
}

func (s *Sessions) untrack(t *grid.Turn, r *untrackBody, out []byte) ([]byte, error) {
	e, err := s.bound(&r.ConfirmRequest)
	if err != nil {
		return out, err
	}
	s.takeOff(t, e, r.key)
	return grid.AppendStream(pack.AppendArray(out, 1), r.key), nil
}

// takeOff takes a session off a stream, and says whether it was on it.
func (s *Sessions) takeOff(t *grid.Turn, e entry, key []byte) bool {
	at := e.streams.find(key)
	if at < 0 {
		return false
	}
	next := *e.row
	next.streams = e.streams.without(at)
	s.put(entry{e.user, e.id, &next})
	s.leave(t, e, key)
	return true
}

// dropped takes a session off a stream that has not taken it. The stream is told,
// too: what was sent to it since may have found room there.
func (s *Sessions) dropped(t *grid.Turn, r *presence.DroppedRequest, out []byte) []byte {
	e, ok := s.find(&r.User, r.Session)
	if ok && s.takeOff(t, e, r.Key) && t.Effects != nil {
		b := pack.AppendArray(t.Effects.Begin(), 3)
		b = grid.AppendStream(b, r.Key)
		b = pack.AppendUint(b, uint64(r.Code))
		t.Effects.Push(e.address(), KindRefused, pack.AppendString(b, r.Message))
	}
	return pack.AppendArray(out, 0)
}

func (s *Sessions) endOne(t *grid.Turn, r *endBody, out []byte) ([]byte, error) {
	if r.by != 0 {
		by, ok := s.find(&r.user, r.by)
		// Who ended itself and asks again is gone, and is told so.
		if gone := !ok && r.by == r.session; !gone && (!ok || !by.isBound(r.origin, r.conn)) {
			return out, errNotBound
		}
	}
	e, ok := s.find(&r.user, r.session)
	if ok {
		s.end(t, e, Ended)
	}
	return pack.AppendBool(pack.AppendArray(out, 1), ok), nil
}

// end ends a session: all its streams are told, and whoever still has its
// connection.
func (s *Sessions) end(t *grid.Turn, e entry, why Reason) {
	s.remove(e)
	for rest := e.streams; rest != ""; {
		var key []byte
		key, rest = rest.first()
		s.leave(t, e, key)
	}
	tell(t, e, why)
}

// enter tells a stream that a session is on it, or bound to another gateway.
func (s *Sessions) enter(t *grid.Turn, e entry, key, status []byte, hasStatus bool) {
	r := presence.EnterRequest{
		Key: key, Session: e.id, User: e.user, Origin: e.origin, Conn: e.conn,
		Status: status, HasStatus: hasStatus,
	}
	t.Scratch = r.Append(pack.AppendArray(t.Scratch[:0], r.Fields()))
	t.Outbox.Send(grid.SlotOf(key), presence.KindEnter, t.Scratch)
}

// leave tells a stream that a session is no longer on it.
func (s *Sessions) leave(t *grid.Turn, e entry, key []byte) {
	r := presence.LeaveRequest{Key: key, Session: e.id}
	t.Scratch = r.Append(pack.AppendArray(t.Scratch[:0], r.Fields()))
	t.Outbox.Send(grid.SlotOf(key), presence.KindLeave, t.Scratch)
}

// tell asks a gateway to close the connection of a session.
func tell(t *grid.Turn, e entry, why Reason) {
	if t.Effects == nil {
		return
	}
	b := pack.AppendUint(pack.AppendArray(t.Effects.Begin(), 1), uint64(why))
	t.Effects.Push(e.address(), KindEnded, b)
}
