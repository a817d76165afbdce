package presence

import (
	"math"
	"unsafe"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
)

// Streams is the state of all streams of one slot.
type Streams struct {
	gen     uint64 // what is written now carries it; each Clone raises it
	byKey   btree.Map[string, stream]
	members int // on all streams
	keys    int // bytes of the streams' keys
	texts   int // bytes of the members' statuses
}

var _ grid.Members = (*Streams)(nil)

// stream is who is on one stream: one, if group is nil.
type stream struct {
	one   *member
	group *group
}

// member is one presence. It is never changed, but replaced by another.
type member struct {
	session grid.SessionID
	user    grid.ID
	origin  grid.Origin
	status  string
}

// New returns the state of a slot without streams.
func New() *Streams { return &Streams{gen: 1} }

// Len returns the number of streams, and of presences on them together.
func (s *Streams) Len() (streams, members int) { return s.byKey.Len(), s.members }

// Clone returns the state as it is now, frozen: it is for Encode alone, which
// may run on any goroutine while the original goes on. It takes the same time
// whatever the number of streams and presences; the original then copies, once
// per clone, each node and group that it writes to. Like Apply it must not run
// beside anything else on the original.
func (s *Streams) Clone() *Streams {
	c := &Streams{gen: s.gen, byKey: *s.byKey.Copy(), members: s.members}
	s.gen++
	return c
}

// Present says whether a session is present on the stream of a key. Like Query it
// may run beside other queries.
func (s *Streams) Present(key []byte, session grid.SessionID) bool {
	x, _ := s.byKey.Get(view(key))
	return x.find(session) != nil
}

// Due returns math.MaxInt64: nothing is ever due here.
func (s *Streams) Due() int64 { return math.MaxInt64 }

// Tick does nothing: see Due.
func (s *Streams) Tick(*grid.Turn) {}

// add puts a member on a stream, which it is not on. The stream is x.
func (s *Streams) add(key []byte, x stream, m *member) {
	switch {
	case x.group != nil:
		s.own(key, x.group).set(m)
	case x.one != nil:
		g := &group{gen: s.gen}
		g.set(x.one)
		g.set(m)
		s.byKey.Set(string(key), stream{group: g})
	default:
		s.byKey.Set(string(key), stream{one: m})
		s.keys += len(key)
	}
	s.members++
	s.texts += len(m.status)
}

// replace puts a member in the place of its predecessor.
func (s *Streams) replace(key []byte, x stream, old, m *member) {
	s.texts += len(m.status) - len(old.status)
	if x.group != nil {
		s.own(key, x.group).set(m)
		return
	}
	s.byKey.Set(string(key), stream{one: m})
}

// remove takes a member, which is there, off a stream.
func (s *Streams) remove(key []byte, x stream, m *member) {
	if x.len() == 1 {
		s.byKey.Delete(view(key))
		s.keys -= len(key)
	} else {
		s.own(key, x.group).delete(m.session)
	}
	s.members--
	s.texts -= len(m.status)
}

// own returns a group to write to: g itself, or its successor if a clone has g.
func (s *Streams) own(key []byte, g *group) *group {
	if g.gen == s.gen {
		return g
	}
	c := g.fork(s.gen)
	s.byKey.Set(string(key), stream{group: c})
	return c
}

func (x stream) len() int {
	switch {
	case x.group != nil:
		return x.group.len()
	case x.one != nil:
		return 1
	}
	return 0
}

// find returns the presence of a session, or nil.
func (x stream) find(session grid.SessionID) *member {
	switch {
	case x.group != nil:
		return x.group.find(session)
	case x.one != nil && x.one.session == session:
		return x.one
	}
	return nil
}

// each calls f with the presences from a session on, in order, while it returns
// true.
func (x stream) each(from grid.SessionID, f func(*member) bool) {
	switch {
	case x.group != nil:
		x.group.each(from, f)
	case x.one != nil && x.one.session >= from:
		f(x.one)
	}
}

// view returns bytes as a string that changes with them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
