package session

import (
	"cmp"
	"encoding/binary"
	"math"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
)

// Sessions is the state of the sessions of all users of one slot.
type Sessions struct {
	rows *btree.BTreeG[entry]
	// waiting holds the detached sessions, those that end first first. It follows
	// rows: a clone has none, and a restore makes it anew.
	waiting tree[deadline]
	spent   spent
	texts   int // bytes of the sessions' streams; it follows rows
}

// entry is one session. Entries are in order of users, then ids.
type entry struct {
	user grid.ID
	id   grid.SessionID
	*row
}

// row is what is kept of a session. It is never written to: a change makes
// another row.
type row struct {
	secret  Secret
	prior   *Secret     // good too, until the client has shown that it has secret; or nil
	origin  grid.Origin // the gateway that the session was bound to last, and
	conn    uint64      // its number for the connection
	ends    int64       // stamp at which the grace of a detached session ends; 0: attached
	streams streams
}

// deadline is where a detached session stands in the order of what ends first.
type deadline struct {
	at   int64
	user grid.ID
	id   grid.SessionID
}

// New returns the state of a slot without sessions.
func New() *Sessions {
	return &Sessions{
		rows:    btree.NewBTreeGOptions(entryLess, btree.Options{NoLocks: true}),
		waiting: tree[deadline]{less: deadlineLess},
		spent:   spent{byUser: tree[token]{less: tokenLess}, firsts: tree[first]{less: firstLess}},
	}
}

// Clone returns the state as it is now, frozen: it is for Encode alone, which
// may run on any goroutine while the original goes on. It takes the same time
// whatever the number of sessions; the original then copies each tree node that it
// writes to, once per clone. Like Apply it must not run beside anything else on
// the original.
func (s *Sessions) Clone() *Sessions {
	return &Sessions{rows: s.rows.Copy(), spent: spent{byUser: s.spent.byUser.Copy()}}
}

// Due returns the stamp at which the next detached session ends or used token
// expires; math.MaxInt64: none.
func (s *Sessions) Due() int64 {
	due := s.spent.due()
	if d, ok := s.waiting.Min(); ok {
		due = min(due, d.at)
	}
	return due
}

// find returns a session.
func (s *Sessions) find(user *grid.ID, id grid.SessionID) (entry, bool) {
	return s.rows.Get(entry{user: *user, id: id})
}

// each calls f for the sessions of a user from an id on, in order of ids, until it
// returns false. f must not change anything.
func (s *Sessions) each(user *grid.ID, from grid.SessionID, f func(entry) bool) {
	s.rows.Ascend(entry{user: *user, id: from}, func(e entry) bool {
		return e.user == *user && f(e)
	})
}

// put adds a session, or replaces its row.
func (s *Sessions) put(e entry) {
	s.texts += len(e.streams)
	if old, ok := s.rows.Set(e); ok {
		s.texts -= len(old.streams)
		if old.ends != 0 {
			s.waiting.Delete(old.deadline())
		}
	}
	if e.ends != 0 {
		s.waiting.Set(e.deadline())
	}
}

// remove takes a session away.
func (s *Sessions) remove(e entry) {
	if old, ok := s.rows.Delete(e); ok {
		s.texts -= len(old.streams)
	}
	if e.ends != 0 {
		s.waiting.Delete(e.deadline())
	}
}

// detach lets the grace of a session begin.
func (s *Sessions) detach(e entry, stamp, grace int64) {
	next := *e.row
	next.ends = max(1, stamp)
	next.ends += min(max(0, grace), GraceMax, never-next.ends)
	s.put(entry{e.user, e.id, &next})
}

func (e entry) deadline() deadline { return deadline{e.ends, e.user, e.id} }

// address is where the session's connection is, or was last.
func (e entry) address() grid.Address {
	return grid.Address{Session: e.id, Origin: e.origin, Conn: e.conn}
}

// isBound says whether the session is bound to a connection.
func (r *row) isBound(origin grid.Origin, conn uint64) bool {
	return r.ends == 0 && r.isOf(origin, conn)
}

// isOf says whether a connection is the last that the session was bound to.
func (r *row) isOf(origin grid.Origin, conn uint64) bool {
	return r.origin == origin && r.conn == conn
}

func entryLess(a, b entry) bool {
	return cmp.Or(compareIDs(&a.user, &b.user), cmp.Compare(a.id, b.id)) < 0
}

func deadlineLess(a, b deadline) bool {
	return cmp.Or(cmp.Compare(a.at, b.at), compareIDs(&a.user, &b.user),
		cmp.Compare(a.id, b.id)) < 0
}

// compareIDs is bytes.Compare, in two steps of eight bytes.
func compareIDs(a, b *grid.ID) int {
	for i := 0; i < len(a); i += 8 {
		x, y := binary.BigEndian.Uint64(a[i:]), binary.BigEndian.Uint64(b[i:])
		if x != y {
			return cmp.Compare(x, y)
		}
	}
	return 0
}

// never is the stamp at which nothing is due.
const never = math.MaxInt64
