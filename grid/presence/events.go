package presence

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// namedMax is how many sessions an Events knows one by one.
const namedMax = 3 * EventNamesMax

// Events gathers what happens on one stream between two pushes and makes one event
// of it. The zero Events is empty and ready.
//
// What happened to one session is summed up: who joined and left again is not
// mentioned, who left and joined again, or changed its status more than once, is
// updated. That takes knowing the session, and a storm may bring any number. So an
// Events knows those that it has room to name, EventNamesMax for each list and
// three times as many in all, and merely counts what happens to others: of these,
// one that joins and leaves counts both as joined and as left, one that joins and
// changes its status as joined and as updated, and so on. So the event is exact
// while no more than EventNamesMax sessions are concerned. Beyond, Count is still
// the latest, Joins - Leaves is what it has changed by, and what is said of a session
// by name is so now.
//
// It holds at most about 30 KiB, which it keeps when it is reset. A gateway has
// one per stream on which something happened lately, and lends it to another
// afterwards.
type Events struct {
	count   uint64
	named   []named // in the order in which they came
	unnamed [3]int  // what happened to all others
}

// named is what has happened to one session.
type named struct {
	session grid.SessionID
	user    grid.ID
	was, is bool // present before, and now
	status  []byte
}

// what sums up; it is nothing if the session neither was nor is present.
func (m *named) what() what {
	switch {
	case !m.was:
		return joined
	case !m.is:
		return left
	}
	return updated
}

// Add takes the body of one KindChange, of which it keeps nothing. They must come
// in the order in which they were told. An error is about a body that no Streams
// has made; it changes nothing.
func (e *Events) Add(body []byte) error {
	var c change
	if err := c.decode(body); err != nil {
		return fault.Of(err)
	}
	e.count = c.count
	switch i := e.find(c.session); {
	case i >= 0:
		e.again(i, &c)
	case len(e.named) < namedMax && e.names(c.what) < EventNamesMax:
		e.name(&c)
	default:
		e.unnamed[c.what]++
	}
	return nil
}

// find returns where a session is named, or -1.
func (e *Events) find(session grid.SessionID) int {
	for i := range e.named {
		if e.named[i].session == session {
			return i
		}
	}
	return -1
}

// names returns how many sessions are named to which something happened.
func (e *Events) names(what what) (n int) {
	for i := range e.named {
		if e.named[i].what() == what {
			n++
		}
	}
	return n
}

// name begins to know a session. Where one was known before, its memory is used.
func (e *Events) name(c *change) {
	if len(e.named) < cap(e.named) {
		e.named = e.named[:len(e.named)+1]
	} else {
		e.named = append(e.named, named{})
	}
	m := &e.named[len(e.named)-1]
	*m = named{
		session: c.session, user: c.user,
		was: c.what != joined, is: c.what != left,
		status: append(m.status[:0], c.status...),
	}
}

// again takes what happened to a session that is known already.
func (e *Events) again(i int, c *change) {
	m := &e.named[i]
	m.user, m.is, m.status = c.user, c.what != left, append(m.status[:0], c.status...)
	if m.was || m.is {
		return
	}
	forgotten := *m
	copy(e.named[i:], e.named[i+1:])
	last := len(e.named) - 1
	e.named[last] = forgotten // for its memory
	e.named = e.named[:last]
}

// Empty says whether nothing is to be pushed.
func (e *Events) Empty() bool { return len(e.named) == 0 && e.unnamed == [3]int{} }

// Append appends the body of the KindChanged that sums up what was added: see
// ChangedEvent. The key is the stream's.
func (e *Events) Append(b, key []byte) []byte {
	b = grid.AppendStream(pack.AppendArray(b, 8), key)
	b = pack.AppendUint(b, e.count)
	names := [3]int{e.names(joined), e.names(left), e.names(updated)}
	for _, what := range [...]what{joined, left, updated} {
		b = e.list(b, what, min(names[what], EventNamesMax))
	}
	for i, n := range names {
		b = pack.AppendUint(b, uint64(n+e.unnamed[i]))
	}
	return b
}

// list appends the first n sessions to which something happened.
func (e *Events) list(b []byte, what what, n int) []byte {
	b = pack.AppendArray(b, n)
	for i := 0; n > 0; i++ {
		m := &e.named[i]
		if m.what() != what {
			continue
		}
		n--
		if what == left {
			b = pack.AppendArray(b, 2)
		} else {
			b = pack.AppendArray(b, 3)
		}
		b = grid.AppendSession(b, m.session)
		b = pack.AppendBytes(b, m.user[:])
		if what != left {
			b = pack.AppendString(b, m.status)
		}
	}
	return b
}

// Reset empties it for the changes that come next, on this stream or another.
func (e *Events) Reset() { *e = Events{named: e.named[:0]} }
