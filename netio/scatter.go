package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// gather finishes the reply to a read of what lies at several slots. The part that
// the first of them has returned stands behind the head of the reply.
func (l *loop) gather(
	op *grid.Op, level grid.Level, body, head, out []byte,
) ([]byte, error) {
	l.part = append(l.part[:0], out[len(head):]...) // the reply takes its place
	l.level = level
	if l.readOther == nil {
		l.readOther = l.readSlot
	}
	out, err := op.Scatter.Gather(body, l.part, l.readOther, head)
	if cap(l.part) > flushBytes {
		l.part = nil
	}
	return out, err
}

// readSlot is grid.Read at the level of the read that is being gathered.
func (l *loop) readSlot(slot grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	l.budget--
	return l.lane.Read(slot, l.level, kind, body, out)
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
