package presence

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Apply carries out one duty of a user's slot and appends its reply, an empty
// array, to out. On an error, which is a *fault.Error, it has changed nothing and
// returns out as it was. It keeps nothing of body. It must not run beside
// anything else on s.
func (s *Streams) Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	err := in.Err()
	if err == nil {
		err = s.apply(t, kind, &in, n)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return pack.AppendArray(out, 0), nil
}

func (s *Streams) apply(t *grid.Turn, kind grid.Kind, in *pack.Cursor, n int) error {
	switch kind {
	case KindEnter:
		var r EnterRequest
		if err := r.Decode(in, n); err != nil {
			return err
		}
		return s.enter(t, &r)
	case KindLeave:
		var r LeaveRequest
		if err := r.Decode(in, n); err != nil {
			return err
		}
		s.leave(t, &r)
		return nil
	}
	return fault.New(fault.Unimplemented, "presences have no command %#04x", uint16(kind))
}

func (s *Streams) enter(t *grid.Turn, r *EnterRequest) error {
	x, _ := s.byKey.Get(view(r.Key))
	old := x.find(r.Session)
	if old == nil {
		s.join(t, x, r)
		return nil
	}
	if old.user != r.User {
		return fault.New(fault.InvalidArgument,
			"session %d is present as user %v: it cannot be so as %v", r.Session, old.user, r.User)
	}
	if r.HasStatus || old.origin != r.Origin {
		// The session asks, for it may have missed that it is there; or what was told to
		// the stream until now went to another gateway.
		entered(t, r, x.len())
	}
	status := statusOf(t, r)
	news := r.HasStatus && old.status != status
	if !news && old.origin == r.Origin {
		return nil
	}
	m := *old
	m.origin = r.Origin
	if news {
		m.status = status
	}
	s.rebind(t, r.Key, x, old, &m)
	if news {
		tell(t, r.Key, updated, x.len(), &m)
	}
	return nil
}

// rebind replaces a member, and tells gateways if it came to or went from one of them.
func (s *Streams) rebind(t *grid.Turn, key []byte, x stream, old, m *member) {
	fresh := !x.on(m.origin)
	s.replace(key, x, old, m)
	if old.origin == m.origin || x.len() == 1 {
		return // there was one gateway, and there is
	}
	if x, _ = s.byKey.Get(view(key)); fresh || !x.on(old.origin) {
		s.tellNodes(t, key, old.origin)
	}
}

// join begins a presence. A session that is only bound to another gateway must
// have one: if it has not, it was refused one, and its slot is about to hear of it.
func (s *Streams) join(t *grid.Turn, x stream, r *EnterRequest) {
	if !r.HasStatus {
		return
	}
	if err := s.full(x); err != nil {
		d := DroppedRequest{r.User, r.Session, r.Key, err.Code, err.Message}
		body := d.Append(pack.AppendArray(nil, d.Fields()))
		t.Outbox.Send(grid.SlotOf(r.User[:]), KindDropped, body)
		return
	}
	count := x.len() + 1
	m := &member{r.Session, r.User, r.Origin, statusOf(t, r)}
	fresh := !x.on(m.origin)
	s.add(r.Key, x, m)
	if fresh {
		s.tellNodes(t, r.Key, 0)
	}
	entered(t, r, count)
	tell(t, r.Key, joined, count, m)
}

// entered hints to a session that it is on a stream, with so many.
func entered(t *grid.Turn, r *EnterRequest, count int) {
	if t.Effects == nil {
		return
	}
	event := EnteredEvent{Key: r.Key, Count: count}
	if t.Channels != nil {
		event.Last = t.Channels.Last(r.Key)
	}
	to := grid.Address{Session: r.Session, Origin: r.Origin, Conn: r.Conn}
	t.Effects.Push(to, KindEntered, event.append(t.Effects.Begin()))
}

// full says why another presence on a stream is one too many.
func (s *Streams) full(x stream) *fault.Error {
	switch {
	case x.len() >= MembersMax:
		return fault.New(fault.ResourceExhausted,
			"%d sessions are on this stream, the most there may be: use several", MembersMax)
	case x.len() == 0 && s.byKey.Len() >= StreamsPerSlotMax:
		return fault.New(fault.ResourceExhausted,
			"this stream's slot has %d streams, the most it may: leave some, or use another name",
			StreamsPerSlotMax)
	case s.members >= MembersPerSlotMax:
		return fault.New(fault.ResourceExhausted,
			"%d sessions are on the streams of this one's slot, the most there may be: "+
				"leave some, or use another name", MembersPerSlotMax)
	}
	return nil
}

func (s *Streams) leave(t *grid.Turn, r *LeaveRequest) {
	x, _ := s.byKey.Get(view(r.Key))
	m := x.find(r.Session)
	if m == nil {
		return
	}
	count := x.len() - 1
	s.remove(r.Key, x, m)
	tell(t, r.Key, left, count, &member{session: m.session, user: m.user})
	if x, _ = s.byKey.Get(view(r.Key)); !x.on(m.origin) {
		s.tellNodes(t, r.Key, m.origin)
	}
}

// tell hints to all on a stream, of which there are so many now, what happened to
// a presence.
func tell(t *grid.Turn, key []byte, what what, count int, m *member) {
	if t.Effects == nil {
		return
	}
	b := pack.AppendArray(t.Effects.Begin(), 5)
	b = pack.AppendUint(b, uint64(what))
	b = pack.AppendUint(b, uint64(count))
	b = m.append(b)
	t.Effects.Tell(t, key, KindChange, b)
}
