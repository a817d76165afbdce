package netio

import (
	"bytes"
	"errors"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// errLater says that a read will be answered later.
var errLater = errors.New("the answer comes later")

// waiting is a read that waits for the shards.
type waiting struct {
	serial uint32
	id     uint32 // of its frame
	level  grid.Level
	body   []byte // the query; nil: nobody will need it again
}

// hold keeps a read that counts against PendingMax, and returns the reference under
// which the shards bring what it waits for.
func (l *loop) hold(k *conn, q *asked, level grid.Level, body []byte) grid.Ref {
	if k.rare == nil {
		k.rare = &rare{}
	}
	k.rare.serial++
	ref := q.Ref
	ref.ID = k.rare.serial
	k.rare.reads = append(k.rare.reads,
		waiting{serial: ref.ID, id: q.ID, level: level, body: body})
	return ref
}

// confirm parks a linearizable read until the leader is confirmed.
func (l *loop) confirm(k *conn, q *asked, body []byte) error {
	if err := l.mayAsk(k); err != nil {
		return err
	}
	ref := l.hold(k, q, grid.Linearizable, nil)
	if err := l.lane.Confirm(ref.Slot, ref); err != nil {
		k.takeRead(ref.ID)
		return err
	}
	k.rare.reads[len(k.rare.reads)-1].body = bytes.Clone(body)
	l.staged = true
	return nil
}

// askAway has the node asked that serves a read. The error is errLater, or a client's. The
// query is kept only for an answer that may be but a part.
func (l *loop) askAway(k *conn, op *grid.Op, q *asked, level grid.Level, body []byte) error {
	if err := l.mayAsk(k); err != nil {
		return err
	}
	var kept []byte
	if op.Complete != nil || op.Scatter != nil {
		kept = bytes.Clone(body)
	}
	ref := l.hold(k, q, level, kept)
	if err := l.lane.Ask(ref.Slot, level, op.Kind, body, ref); err != nil {
		k.takeRead(ref.ID)
		return err
	}
	l.staged = true
	return errLater
}

// confirmed answers a linearizable read whose leader was confirmed, or was not.
func (l *loop) confirmed(k *conn, ref grid.Ref, err error) {
	r, ok := k.takeRead(ref.ID)
	if !ok {
		l.count.dropped.Add(1)
		return
	}
	q := l.refers(&ref)
	q.ID, q.class = r.id, classLinearizable
	op := l.server.op(q.Kind)
	if err == grid.ErrAway {
		err = l.askAway(k, op, q, r.level, r.body)
	} else if err == nil {
		l.read(k, op, q, grid.Leader, r.body)
		return
	}
	if err != errLater {
		l.fail(k, q, err)
	}
}

// settleRead answers a read that another node was asked for.
func (l *loop) settleRead(k *conn, op *grid.Op, o *grid.Outcomes, i int) {
	r, ok := k.takeRead(o.Refs[i].ID)
	if !ok {
		l.count.dropped.Add(1)
		return
	}
	q := l.refers(&o.Refs[i])
	q.ID, q.class, q.steps = r.id, classRemote, o.Steps
	if o.Err != nil {
		l.fail(k, q, o.Err)
		return
	}
	switch status, body := o.Body(i); status {
	case byte(fault.OK):
		l.replied(q, fault.OK)
		l.answer(k, q.Kind, wire.Reply, q.ID, body)
	case grid.StatusPartial:
		if err := l.finishRead(k, op, q, &r, bytes.Clone(body)); err != errLater {
			l.fail(k, q, err)
		}
	default:
		l.replied(q, fault.Code(status))
		l.answer(k, q.Kind, wire.Reply|wire.Error, q.ID, body)
	}
}

// finishRead has a worker finish the reply to a read of which another node had but a
// part. The error is errLater, or the answer.
func (l *loop) finishRead(k *conn, op *grid.Op, q *asked, r *waiting, part []byte) error {
	switch {
	case op.Scatter != nil:
		return l.gatherAway(k, op, q, r.level, r.body, part)
	case op.Complete != nil:
		return l.complete(k, op, q, r.level, r.body, part)
	}
	return fault.New(fault.Internal, "%s was answered in part, and knows no more", op.Name)
}

// complete has a worker finish the reply to a read of which memory had but a part. It
// owns both. The error is errLater, or a client's.
func (l *loop) complete(
	k *conn, op *grid.Op, q *asked, level grid.Level, body, part []byte,
) error {
	late := *q
	late.class = classArchive
	return l.later(l.server.readers, k, op, late, func() ([]byte, error) {
		a := aged{level: level}
		part, err := a.cut(part)
		if err != nil {
			return nil, err
		}
		return op.Complete(body, part, a.begin(nil))
	})
}

// later has a worker work out the reply to a read. The error is errLater, or a client's.
func (l *loop) later(
	w *workers, k *conn, op *grid.Op, late asked, work func() ([]byte, error),
) error {
	err := l.send(w, k, func() func(*conn) {
		reply, err := work()
		return func(k *conn) {
			if err != nil {
				l.fail(k, &late, err)
				return
			}
			l.replied(&late, fault.OK)
			l.answer(k, op.Kind, wire.Reply, late.ID, reply)
		}
	})
	if err != nil {
		return err
	}
	return errLater
}
