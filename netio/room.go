package netio

import "github.com/thronggrid/throng/grid"

// rooms are the streams that connections of a loop are on. They follow what the
// users' slots have decided, and belong to the loop's goroutine.
type rooms struct {
	byKey   map[string]*room
	perSlot [grid.Slots]uint32 // rooms
}

// room is one stream. Most have one member, the user whose status it is.
type room struct {
	key     string
	members []*conn // in no order
	one     [1]*conn
}

// seat is a connection's place in a room: members[at] is the connection. Most
// connections have one.
type seat struct {
	room *room // nil: there is none
	at   int32
}

// seats is how many a connection has.
func (k *conn) seats() int {
	switch {
	case k.first.room == nil:
		return 0
	case k.more == nil:
		return 1
	}
	return 1 + len(*k.more)
}

// seat returns one of them, for the moment.
func (k *conn) seat(i int) *seat {
	if i == 0 {
		return &k.first
	}
	return &(*k.more)[i-1]
}

// sit adds a seat.
func (k *conn) sit(s seat) {
	switch {
	case k.first.room == nil:
		k.first = s
	case k.more == nil:
		k.more = &[]seat{s}
	default:
		*k.more = append(*k.more, s)
	}
}

// stand takes seat i away; the last one takes its place.
func (k *conn) stand(i int) {
	last := k.seats() - 1
	*k.seat(i) = *k.seat(last)
	*k.seat(last) = seat{}
	switch {
	case last == 1:
		k.more = nil
	case last > 1:
		*k.more = (*k.more)[:last-1]
	}
}

// membersKept is how much room of members that have left is kept.
const membersKept = 64

// enter puts a connection on a stream, if it is not there already.
func (l *loop) enter(k *conn, key []byte) {
	r := l.rooms.byKey[string(key)]
	if r == nil {
		r = &room{key: string(key)}
		r.members = r.one[:0]
		l.rooms.byKey[r.key] = r
		slot := grid.SlotOf(key)
		if l.rooms.perSlot[slot]++; l.rooms.perSlot[slot] == 1 {
			l.server.fan.interest.set(slot, l.number())
		}
	} else if k.seatIn(r) >= 0 {
		return
	}
	k.sit(seat{r, int32(len(r.members))})
	if r.members = append(r.members, k); len(r.members) > 1 {
		r.one[0] = nil // they have moved
	}
}

// leave takes a connection off a stream.
func (l *loop) leave(k *conn, key []byte) {
	if r := l.rooms.byKey[string(key)]; r != nil {
		if i := k.seatIn(r); i >= 0 {
			l.rise(k, i)
		}
	}
}

// leaveAll takes a connection off all streams.
func (l *loop) leaveAll(k *conn) {
	for n := k.seats(); n > 0; n-- {
		l.rise(k, n-1)
	}
}

// isIn says whether a connection is on a stream.
func (l *loop) isIn(k *conn, key []byte) bool {
	r := l.rooms.byKey[string(key)]
	return r != nil && k.seatIn(r) >= 0
}

// seatIn returns which of a connection's seats is in a room; -1: none.
func (k *conn) seatIn(r *room) int {
	for i := range k.seats() {
		if k.seat(i).room == r {
			return i
		}
	}
	return -1
}

// rise gives up a connection's seat i. The room's last member takes it.
func (l *loop) rise(k *conn, i int) {
	s := *k.seat(i)
	k.stand(i)
	r := s.room
	last := len(r.members) - 1
	if int(s.at) != last {
		moved := r.members[last]
		r.members[s.at] = moved
		moved.seat(moved.seatIn(r)).at = s.at
	}
	r.members[last] = nil
	r.members = r.members[:last]
	switch {
	case last == 0:
		l.empty(r)
	case cap(r.members) > membersKept && last < cap(r.members)/4:
		r.members = append(make([]*conn, 0, 2*last), r.members...)
	}
}

// empty forgets a room that nobody is in.
func (l *loop) empty(r *room) {
	delete(l.rooms.byKey, r.key)
	slot := grid.SlotOf(r.key)
	if l.rooms.perSlot[slot]--; l.rooms.perSlot[slot] == 0 {
		l.server.fan.interest.clear(slot, l.number())
	}
}
