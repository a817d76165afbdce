package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
)

// slotSet is a set of slots.
type slotSet [grid.Slots / 64]uint64

func (s *slotSet) add(slot grid.Slot)      { s[slot/64] |= 1 << (slot % 64) }
func (s *slotSet) has(slot grid.Slot) bool { return s[slot/64]&(1<<(slot%64)) != 0 }

// move adds all of a set, which is then empty, and says whether there was something.
func (s *slotSet) move(from *slotSet) (some bool) {
	for i, word := range from {
		s[i] |= word
		some = some || word != 0
	}
	if some {
		*from = slotSet{}
	}
	return some
}

// Recheck has the users' slots that are chosen asked which sessions of this server's
// connections are still bound to them, and ends the connections of those that are not, as
// if the slot had said so: hints that did may have been lost. Any goroutine may call it; it
// returns at once, and a few sessions are asked after at a time.
func (s *Server) Recheck(chosen func(grid.Slot) bool) {
	var slots slotSet
	for slot := range grid.Slot(grid.Slots) {
		if chosen(slot) {
			slots.add(slot)
		}
	}
	s.tellLoops(func(l *loop) {
		some := slots
		l.inbox.doubts.move(&some)
	})
}

// recheck is a loop's walk over its connections, in which it asks after the sessions of
// some slots. What is wanted while it goes on is done in a walk after it.
type recheck struct {
	wanted slotSet
	wants  bool // there is something in wanted
	slots  slotSet
	walks  bool
	row    int     // of the loop's table, that is next
	flying int     // queries that are not answered yet
	failed slotSet // those that were not, to be asked again at the next tick
}

// want takes note of slots, and empties the set.
func (r *recheck) want(slots *slotSet) {
	if r.wanted.move(slots) {
		r.wants = true
	}
}

// busy says whether a turn has something to do.
func (r *recheck) busy() bool { return (r.walks || r.wants) && r.flying < rechecksMax }

// recheckSome asks after at most n sessions.
func (l *loop) recheckSome(n int) {
	r := &l.recheck
	if !r.walks && r.wants {
		r.slots, r.row, r.walks, r.wants = r.wanted, 0, true, false
		r.wanted = slotSet{}
	}
	n = min(n, rechecksMax-r.flying)
	for looked := 0; r.walks && n > 0 && looked < recheckRows; looked++ {
		if r.row >= len(l.table.rows) {
			r.walks = false
			return
		}
		k := l.table.rows[r.row].conn
		r.row++
		if k == nil || k.state != open {
			continue
		}
		if slot := grid.SlotOf(k.user[:]); r.slots.has(slot) {
			l.askBound(k, slot)
			n--
		}
	}
}

// askBound asks whether a connection's session is bound to it.
func (l *loop) askBound(k *conn, slot grid.Slot) {
	l.now = k
	q := session.ConfirmRequest{
		User: k.user, Session: k.session, Origin: l.server.fan.origin, Conn: k.number(),
	}
	l.scratch = q.Append(pack.AppendArray(l.scratch[:0], q.Fields()))
	var room [16]byte
	reply, err := l.lane.Read(slot, grid.Leader, session.KindBound, l.scratch, room[:0])
	if err == grid.ErrAway {
		ref := grid.Ref{Conn: k.number(), Kind: session.KindBound, Slot: slot}
		err = l.lane.Ask(slot, grid.Leader, session.KindBound, l.scratch, ref)
		if err == nil {
			l.staged = true
			l.recheck.flying++
			return
		}
	}
	l.rechecked(k, slot, reply, err)
}

// rechecked ends a connection to which its session is not bound. What nobody could say is
// asked again later; the connection may be gone.
func (l *loop) rechecked(k *conn, slot grid.Slot, reply []byte, err error) {
	if err != nil {
		if fault.Of(err).Retry > 0 && k != nil {
			l.recheck.failed.add(slot)
		}
		return
	}
	in := pack.NewCursor(reply)
	why, err := session.DecodeEnded(&in)
	if k != nil && k.state == open && err == nil && why != session.Bound {
		l.sessionEnded(k, why)
	}
}
