package netio

import (
	"bytes"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// writeRequest stages a write: [seq, low, fields …].
func (l *loop) writeRequest(k *conn, op *grid.Op, q *asked, f wire.Frame) {
	l.count.writes.Add(1)
	if err := l.stage(k, op, q.Ref, f); err != nil {
		l.budget-- // a refusal is answered at once, like a read
		l.fail(k, q, err)
	}
}

func (l *loop) stage(k *conn, op *grid.Op, ref grid.Ref, f wire.Frame) error {
	l.cursor = pack.NewCursor(f.Body)
	in := &l.cursor
	n := in.Array()
	if n < 2 && in.Err() == nil {
		return fault.New(fault.InvalidArgument,
			"%s: the array has %d elements: it begins with [seq, low]", op.Name, n)
	}
	id := grid.RequestID{Client: k.client, Seq: in.Uint(), Low: in.Uint()}
	id.Mark = grid.MarkOf(in.Rest())
	if err := in.Err(); err != nil {
		return err
	}
	if id.Seq < id.Low || id.Seq-id.Low >= grid.RequestsMax {
		return fault.New(fault.OutOfRange,
			"%s: number %d with lowest unanswered %d: wait for answers, want low ≤ seq < low+%d",
			op.Name, id.Seq, id.Low, grid.RequestsMax)
	}
	if err := l.mayWrite(k, op); err != nil {
		return err
	}
	if op.Again {
		id = grid.RequestID{}
	}
	key, body, err := l.prepare(k, op, n-2)
	if err != nil {
		return err
	}
	ref.Slot = grid.SlotOf(key)
	if err := l.lane.Write(ref.Slot, f.Kind, id, body, ref); err != nil {
		return err
	}
	if op.Again {
		k.errands++
	} else {
		k.writes++
	}
	l.staged = true
	return nil
}

// mayWrite refuses one write too many that a connection has in flight.
func (l *loop) mayWrite(k *conn, op *grid.Op) error {
	if op.Again {
		return l.mayAsk(k)
	}
	return l.mayPend(int(k.writes), "writes")
}

// mayPend refuses one more request of a sort of which n are in flight, if that is too many.
func (l *loop) mayPend(n int, sort string) error {
	most := l.server.options.PendingMax
	if n < most {
		return nil
	}
	e := fault.New(fault.ResourceExhausted,
		"%d %s of this connection are unanswered, and pending_requests_max is %d: "+
			"wait for answers first", n, sort, most)
	e.Retry = 10 * time.Millisecond
	return e
}

// prepare turns the n fields at the cursor into a command or query and its routing
// key, which are valid until the next call.
func (l *loop) prepare(k *conn, op *grid.Op, n int) (key, body []byte, err error) {
	key, body, err = op.Prepare(l.caller(k), &l.cursor, n, l.scratch[:0])
	if err != nil {
		return nil, nil, err
	}
	if cap(body) <= flushBytes {
		l.scratch = body
	}
	return key, body, nil
}

// readRequest serves a read: [fields …].
func (l *loop) readRequest(k *conn, op *grid.Op, q *asked, f wire.Frame) {
	l.count.reads.Add(1)
	l.cursor = pack.NewCursor(f.Body)
	n := l.cursor.Array()
	if err := l.cursor.Err(); err != nil {
		l.fail(k, q, err)
		return
	}
	key, body, err := l.prepare(k, op, n)
	if err != nil {
		l.fail(k, q, err)
		return
	}
	if op.Complete != nil { // asked before memory is: what is refused must not cost much
		if err := l.mayAsk(k); err != nil {
			l.fail(k, q, err)
			return
		}
	}
	q.Slot = grid.SlotOf(key)
	switch level := f.Flags.Level(); level {
	case grid.Leader, grid.Stale:
		l.read(k, op, q, level, body)
	case grid.Linearizable:
		err := l.confirm(k, q, body)
		if err == grid.ErrAway {
			err = l.askAway(k, op, q, level, body)
		}
		if err != nil && err != errLater {
			l.fail(k, q, err)
		}
	default:
		l.fail(k, q, fault.New(fault.InvalidArgument,
			"%s: there is no read level %d: use 0 leader, 1 linearizable or 2 stale",
			op.Name, level))
	}
}

// read answers a query from memory, straight into the outgoing buffer.
func (l *loop) read(
	k *conn, op *grid.Op, q *asked, level grid.Level, body []byte,
) {
	head := l.head(k, op.Kind, wire.Reply, q.ID)
	out, err := l.lane.Read(q.Slot, level, op.Kind, body, head)
	if err == grid.ErrPartial && op.Scatter != nil {
		out, err = l.gather(k, op, q, level, body, head, out)
	}
	if err == nil || err == grid.ErrPartial {
		l.budget -= (len(out) - len(head)) / turnBytes
	}
	if err == grid.ErrPartial && op.Complete != nil {
		k.out.frames = out[:k.out.start] // grown, for the next one
		err = l.complete(k, op, q, level, bytes.Clone(body), bytes.Clone(out[len(head):]))
	}
	if err == grid.ErrAway {
		if q.class == classLinearizable {
			level = grid.Linearizable
		}
		err = l.askAway(k, op, q, level, body)
	}
	if err == errLater {
		return
	}
	if err != nil {
		l.fail(k, q, err)
		return
	}
	l.replied(q, fault.OK)
	l.end(k, out)
}

// fail answers a request with an error.
func (l *loop) fail(k *conn, q *asked, err error) {
	f := fault.Of(err)
	if f.Code == fault.Internal {
		l.server.options.Logger.Error("a request failed inside the server",
			"kind", q.Kind, "error", err)
	}
	l.count.failures.Add(1)
	l.replied(q, f.Code)
	l.end(k, f.Append(l.head(k, q.Kind, wire.Reply|wire.Error, q.ID)))
}
