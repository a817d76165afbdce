package netio

import (
	"bytes"
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// aged sums up the ages of the parts of a reply at level Stale; at other levels there
// are none.
type aged struct {
	level grid.Level
	age   uint32 // ms: of the oldest
}

// cut takes the age off what was read.
func (a *aged) cut(reply []byte) ([]byte, error) {
	if a.level != grid.Stale {
		return reply, nil
	}
	age, rest, err := grid.CutStale(reply)
	a.age = max(a.age, age)
	return rest, err
}

// begin appends what comes before the reply.
func (a *aged) begin(out []byte) []byte {
	if a.level != grid.Stale {
		return out
	}
	return grid.BeginStale(out, int64(a.age)*1000)
}

// gathering is a read of what lies at several slots, as long as all are served here.
type gathering struct {
	aged
	away bool // one of them is not
}

// gather finishes the reply to a read of what lies at several slots. The part that
// the first of them has returned stands behind the head of the reply. When others are
// away, it is left to a worker: errLater.
func (l *loop) gather(
	k *conn, op *grid.Op, q *asked, level grid.Level, body, head, out []byte,
) ([]byte, error) {
	l.part = append(l.part[:0], out[len(head):]...) // the reply takes its place
	if l.readOther == nil {
		l.readOther = l.readSlot
	}
	l.gathers = gathering{aged: aged{level: level}}
	part, err := l.gathers.cut(l.part)
	if err != nil {
		return head, err
	}
	reply, err := op.Scatter.Gather(body, part, l.readOther, head)
	if l.gathers.away {
		err = l.gatherAway(k, op, q, level, bytes.Clone(body), bytes.Clone(l.part))
	}
	if cap(l.part) > flushBytes {
		l.part = nil
	}
	if err != nil {
		return head, err
	}
	if level == grid.Stale {
		var room [16]byte
		reply = slices.Insert(reply, len(head), l.gathers.begin(room[:0])...)
	}
	return reply, nil
}

// readSlot is grid.Read for the read that is being gathered.
func (l *loop) readSlot(slot grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	l.budget--
	reply, err := l.lane.Read(slot, l.gathers.level, kind, body, out)
	switch {
	case err == grid.ErrAway:
		l.gathers.away = true
	case err == nil && l.gathers.level == grid.Stale:
		var rest []byte
		if rest, err = l.gathers.cut(reply[len(out):]); err == nil {
			reply = append(reply[:len(out)], rest...)
		}
	}
	return reply, err
}

// gatherAway has a worker finish such a read, who waits for what other nodes say. It
// owns body and part. The error is errLater, or a client's.
func (l *loop) gatherAway(
	k *conn, op *grid.Op, q *asked, level grid.Level, body, part []byte,
) error {
	late := *q
	late.class = classRemote
	s := l.server
	return l.later(s.gatherers, k, op, late, func() ([]byte, error) {
		r := s.waiters.take()
		defer s.waiters.put(r)
		return r.gather(op, level, body, part)
	})
}

// sendOn writes a command to the slot where, its slot says, it belongs. The request
// stays unanswered. An error is the answer.
func (l *loop) sendOn(k *conn, op *grid.Op, ref grid.Ref, outcome []byte) error {
	e, id, err := grid.ReadElsewhere(outcome)
	if err != nil {
		return err
	}
	if op.Scatter == nil {
		return fault.New(fault.Internal, "%s was sent on, and knows not where", op.Name)
	}
	op.Scatter.Learn(e.Body)
	id.Client = k.client
	ref.Slot = e.Slot
	if err := l.lane.Write(e.Slot, ref.Kind, id, e.Body, ref); err != nil {
		return err
	}
	l.staged = true
	return nil
}
