package netio

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// writeRequest stages a write: [seq, low, fields …].
func (l *loop) writeRequest(k *session, op *grid.Op, f wire.Frame) {
	l.count.writes.Add(1)
	if err := l.stage(k, op, f); err != nil {
		l.budget-- // a refusal is answered at once, like a read
		l.fail(k, f.Kind, f.ID, err)
	}
}

func (l *loop) stage(k *session, op *grid.Op, f wire.Frame) error {
	l.cursor = pack.NewCursor(f.Body)
	in := &l.cursor
	n := in.Array()
	if n < 2 && in.Err() == nil {
		return fault.New(fault.InvalidArgument,
			"%s: the array has %d elements: it begins with [seq, low]", op.Name, n)
	}
	id := grid.RequestID{Client: k.caller.Client, Seq: in.Uint(), Low: in.Uint()}
	id.Mark = grid.MarkOf(in.Rest())
	if err := in.Err(); err != nil {
		return err
	}
	if id.Seq < id.Low || id.Seq-id.Low >= grid.RequestsMax {
		return fault.New(fault.OutOfRange,
			"%s: number %d with lowest unanswered %d: wait for answers, want low ≤ seq < low+%d",
			op.Name, id.Seq, id.Low, grid.RequestsMax)
	}
	if k.writes >= grid.RequestsMax {
		e := fault.New(fault.ResourceExhausted,
			"%s: %d writes of this connection are unanswered: wait for answers first",
			op.Name, k.writes)
		e.Retry = 10 * time.Millisecond
		return e
	}
	slot, body, err := l.prepare(k, op, n-2)
	if err != nil {
		return err
	}
	ref := grid.Ref{Conn: k.handle, ID: f.ID, Kind: f.Kind}
	if err := l.lane.Write(slot, f.Kind, id, body, ref); err != nil {
		return err
	}
	k.writes++
	l.staged = true
	return nil
}

// prepare turns the n fields at the cursor into a command or query, which is
// valid until the next call.
func (l *loop) prepare(k *session, op *grid.Op, n int) (grid.Slot, []byte, error) {
	key, body, err := op.Prepare(&k.caller, &l.cursor, n, l.scratch[:0])
	if err != nil {
		return 0, nil, err
	}
	if cap(body) <= flushBytes {
		l.scratch = body
	}
	return grid.SlotOf(key), body, nil
}

// readRequest serves a read: [fields …].
func (l *loop) readRequest(k *session, op *grid.Op, f wire.Frame) {
	l.count.reads.Add(1)
	l.cursor = pack.NewCursor(f.Body)
	n := l.cursor.Array()
	if err := l.cursor.Err(); err != nil {
		l.fail(k, f.Kind, f.ID, err)
		return
	}
	slot, body, err := l.prepare(k, op, n)
	if err != nil {
		l.fail(k, f.Kind, f.ID, err)
		return
	}
	switch level := f.Flags.Level(); level {
	case grid.Leader, grid.Stale:
		l.read(k, f.Kind, f.ID, slot, level, body)
	case grid.Linearizable:
		if err := l.confirm(k, slot, body, f); err != nil {
			l.fail(k, f.Kind, f.ID, err)
		}
	default:
		l.fail(k, f.Kind, f.ID, fault.New(fault.InvalidArgument,
			"%s: there is no read level %d: use 0 leader, 1 linearizable or 2 stale",
			op.Name, level))
	}
}

// read answers a query from memory, straight into the outgoing buffer.
func (l *loop) read(
	k *session, kind grid.Kind, id uint32, slot grid.Slot, level grid.Level, body []byte,
) {
	l.begin(k)
	start := len(k.out)
	out, err := l.lane.Read(slot, level, kind, body, wire.Begin(k.out, kind, wire.Reply, id))
	if err != nil {
		l.fail(k, kind, id, err)
		return
	}
	k.out = wire.End(out, start)
	l.budget -= (len(out) - start) / turnBytes
	l.wrote(k)
}

// confirm parks a linearizable read until the leader is confirmed.
func (l *loop) confirm(k *session, slot grid.Slot, body []byte, f wire.Frame) error {
	if len(k.reads) >= ConfirmsMax {
		e := fault.New(fault.ResourceExhausted,
			"%d linearizable reads of this connection wait already: wait for answers first",
			ConfirmsMax)
		e.Retry = 10 * time.Millisecond
		return e
	}
	k.serial++
	ref := grid.Ref{Conn: k.handle, ID: k.serial, Kind: f.Kind}
	if err := l.lane.Confirm(slot, ref); err != nil {
		return err
	}
	l.staged = true
	k.reads = append(k.reads, confirm{
		serial: k.serial, id: f.ID, kind: f.Kind, slot: slot, body: append([]byte(nil), body...),
	})
	return nil
}

// fail answers a request with an error.
func (l *loop) fail(k *session, kind grid.Kind, id uint32, err error) {
	f := fault.Of(err)
	if f.Code == fault.Internal {
		l.server.options.Logger.Error("a request failed inside the server",
			"kind", kind, "error", err)
	}
	l.begin(k)
	start := len(k.out)
	k.out = wire.End(f.Append(wire.Begin(k.out, kind, wire.Reply|wire.Error, id)), start)
	l.count.failures.Add(1)
	l.wrote(k)
}
