package netio

import "github.com/thronggrid/throng/grid"

// rooms are the streams that connections of a loop are on. They follow what the
// users' slots have decided, and belong to the loop's goroutine.
type rooms struct {
	byKey   map[string]*room
	perSlot [grid.Slots]uint32 // rooms
}

// room is one stream.
type room struct {
	key     string
	members []*conn // in no order
}

// seat is a connection's place in a room: members[at] is the connection.
type seat struct {
	room *room
	at   int
}

// membersKept is how much room of members that have left is kept.
const membersKept = 64

// enter puts a connection on a stream, if it is not there already.
func (l *loop) enter(k *conn, key []byte) {
	r := l.rooms.byKey[string(key)]
	if r == nil {
		r = &room{key: string(key)}
		l.rooms.byKey[r.key] = r
		slot := grid.SlotOf(key)
		if l.rooms.perSlot[slot]++; l.rooms.perSlot[slot] == 1 {
			l.server.fan.interest.set(slot, l.number())
		}
	} else if k.seatIn(r) >= 0 {
		return
	}
	if k.rooms == nil {
		k.rooms = make([]seat, 0, 1) // most are on one stream, their own
	}
	k.rooms = append(k.rooms, seat{r, len(r.members)})
	if r.members == nil {
		r.members = make([]*conn, 0, 1)
	}
	r.members = append(r.members, k)
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
	for n := len(k.rooms); n > 0; n-- {
		l.rise(k, n-1)
	}
	k.rooms = nil
}

// isIn says whether a connection is on a stream.
func (l *loop) isIn(k *conn, key []byte) bool {
	r := l.rooms.byKey[string(key)]
	return r != nil && k.seatIn(r) >= 0
}

// seatIn returns which of a connection's seats is in a room; -1: none.
func (k *conn) seatIn(r *room) int {
	for i := range k.rooms {
		if k.rooms[i].room == r {
			return i
		}
	}
	return -1
}

// rise gives up a connection's seat i. The room's last member takes it.
func (l *loop) rise(k *conn, i int) {
	s := k.rooms[i]
	last := len(k.rooms) - 1
	k.rooms[i] = k.rooms[last]
	k.rooms[last] = seat{}
	k.rooms = k.rooms[:last]

	r := s.room
	last = len(r.members) - 1
	if s.at != last {
		moved := r.members[last]
		r.members[s.at] = moved
		moved.rooms[moved.seatIn(r)].at = s.at
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
