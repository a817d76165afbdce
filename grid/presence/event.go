package presence

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of what clients are pushed, and of the hint that it is made from.
const (
	KindChanged grid.Kind = 0x03E1 // a ChangedEvent, to all that are present on the stream
	KindEntered grid.Kind = 0x03E2 // an EnteredEvent, to the session that asked to enter
	// KindChange is what Streams.Apply tells gateways of one presence, for Events to
	// gather. It is never sent to a client.
	KindChange grid.Kind = 0x03F1
)

// EnteredEvent tells a session that it is present on a stream, or is so through another
// gateway: [stream, count, last]. What is sent to the stream's channel behind its last
// message is pushed to the session; what was sent before may not have been.
type EnteredEvent struct {
	Key   []byte // of the stream
	Count int    // presences on it, this one among them
	Last  uint64 // the number of the channel's last message; 0: there is none
	// Told says that Last is known. Earlier servers do not say it.
	Told bool
}

func (e *EnteredEvent) append(b []byte) []byte {
	b = grid.AppendStream(pack.AppendArray(b, 3), e.Key)
	return pack.AppendUint(pack.AppendUint(b, uint64(e.Count)), e.Last)
}

// DecodeEnteredEvent reads an EnteredEvent.
func DecodeEnteredEvent(in *pack.Cursor) (e EnteredEvent, err error) {
	more := in.Fields(2)
	if e.Key, err = grid.ReadStream(in, nil); err != nil {
		return e, err
	}
	e.Count = size(in)
	if e.Told = more > 0; e.Told {
		e.Last = in.Uint()
		more--
	}
	return e, in.End(more)
}

// ChangedEvent tells what happened on a stream since the event before:
// [stream, count, [member, …] joined, [[session, user], …] left, [member, …]
// updated, joins, leaves, updates].
//
// The lists name at most EventNamesMax each, the numbers count all; see Events for
// how. A list may name a session that was named before, or one that nobody has
// heard of: the lists say what is so now. Events can be lost. Who needs to know
// everybody asks for the presences again when a number is larger than its list, or
// when Count is not what the lists lead to.
type ChangedEvent struct {
	Key                    []byte // of the stream
	Count                  int    // presences on it
	Joined                 []Member
	Left                   []Member // without status
	Updated                []Member // with their new status
	Joins, Leaves, Updates int
}

// DecodeChangedEvent reads a ChangedEvent.
func DecodeChangedEvent(in *pack.Cursor) (e ChangedEvent, err error) {
	more := in.Fields(8)
	if e.Key, err = grid.ReadStream(in, nil); err != nil {
		return e, err
	}
	e.Count = size(in)
	for _, list := range []struct {
		to    *[]Member
		known int
	}{{&e.Joined, 3}, {&e.Left, 2}, {&e.Updated, 3}} {
		if *list.to, err = readMembers(in, list.known); err != nil {
			return e, err
		}
	}
	e.Joins, e.Leaves, e.Updates = size(in), size(in), size(in)
	return e, in.End(more)
}

// what happened to a presence, in the numbers that go over the wire.
type what uint8

const (
	joined  what = 0
	left    what = 1
	updated what = 2
)

// change is the body of KindChange: [what, count, session, user, status]. Status is
// a view of what was decoded.
type change struct {
	what    what
	count   uint64 // presences on the stream, now
	session grid.SessionID
	user    grid.ID
	status  []byte // empty, if it left
}

// decode reads what tell wrote.
func (c *change) decode(body []byte) (err error) {
	in := pack.NewCursor(body)
	n := in.Array()
	kind := in.Uint()
	c.count = in.Uint()
	if err = in.Err(); err != nil {
		return err
	}
	if err = grid.CheckFields(n, 5); err != nil {
		return err
	}
	if kind > uint64(updated) {
		return fault.New(fault.InvalidArgument, "nothing that happens to presences is a %d", kind)
	}
	c.what = what(kind)
	if c.session, err = grid.ReadSession(&in); err != nil {
		return err
	}
	if c.user, err = grid.ReadUser(&in); err != nil {
		return err
	}
	c.status, err = ReadStatus(&in)
	return end(&in, n-5, err)
}
