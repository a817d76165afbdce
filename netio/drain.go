package netio

import (
	"context"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// Run is the drain task: one turn of the loop for what does not come from
// sockets. It does a bounded amount of work.
func (l *loop) Run(context.Context) error {
	defer l.survive()
	l.budget = l.server.options.ReadsPerTurn
	l.collect()
	l.passTime()
	l.settleSome(outcomesTurn)
	l.resume()
	l.endEvent()
	if len(l.backlog) > 0 || len(l.parked) > 0 {
		l.bell.ring()
	}
	if len(l.choked) > 0 {
		l.bell.ringLater()
	}
	return nil
}

// settleSome answers the requests of at most n outcomes. Where it stands is
// noted before each, so that a panic costs one connection and no more.
func (l *loop) settleSome(n int) {
	for l.first < len(l.backlog) {
		o := l.backlog[l.first]
		if l.settled == 0 {
			l.failure = l.failure[:0]
		}
		for ; l.settled < len(o.Refs) && n > 0; n-- {
			i := l.settled
			l.settled++
			l.settle(o, i)
		}
		if l.settled < len(o.Refs) {
			return
		}
		l.backlog[l.first] = nil
		l.first++
		l.settled = 0
		o.Release()
	}
	l.backlog, l.first = l.backlog[:0], 0
}

// settle answers the request of outcome i.
func (l *loop) settle(o *grid.Outcomes, i int) {
	ref := o.Refs[i]
	k := l.table.get(ref.Conn)
	if k == nil {
		l.count.dropped.Add(1)
		return
	}
	l.now = k
	if o.Confirmed {
		l.confirmed(k, ref, o.Err)
		return
	}
	k.writes--
	l.begin(k)
	start := len(k.out)
	if o.Err != nil {
		if len(l.failure) == 0 {
			l.failure = fault.Of(o.Err).Append(l.failure)
		}
		k.out = append(wire.Begin(k.out, ref.Kind, wire.Reply|wire.Error, ref.ID), l.failure...)
	} else {
		flags := wire.Reply
		status, body := o.Body(i)
		if status != 0 {
			flags |= wire.Error
		}
		k.out = append(wire.Begin(k.out, ref.Kind, flags, ref.ID), body...)
	}
	k.out = wire.End(k.out, start)
	l.wrote(k)
}

// confirmed answers a linearizable read whose leader was confirmed, or was not.
func (l *loop) confirmed(k *session, ref grid.Ref, err error) {
	c, ok := k.takeConfirm(ref.ID)
	if !ok {
		l.count.dropped.Add(1)
		return
	}
	if err != nil {
		l.fail(k, c.kind, c.id, err)
		return
	}
	l.read(k, c.kind, c.id, c.slot, grid.Leader, c.body)
}

// resume serves connections that had to wait: those whose client reads again,
// then those that wait for budget, in order, while there is some.
func (l *loop) resume() {
	waiting := l.choked
	l.choked, l.spare = l.spare[:0], nil
	for _, handle := range waiting {
		if k := l.table.get(handle); k != nil {
			l.unchoke(k)
		}
	}
	l.spare = waiting[:0]

	waiting = l.parked
	l.parked, l.spare = l.spare[:0], nil
	for i, handle := range waiting {
		if l.budget <= 0 {
			l.parked = append(l.parked, waiting[i:]...)
			break
		}
		if k := l.table.get(handle); k != nil {
			l.again(k)
		}
	}
	l.spare = waiting[:0]
}

// unchoke looks whether a client has read what waited for it.
func (l *loop) unchoke(k *session) {
	l.now = k
	switch {
	case k.conn.OutboundBuffered() <= l.server.chokeBytes():
		k.choked = false
		if k.parked {
			l.again(k)
		}
	case k.state == open && l.overdue(k):
		l.count.slowReaders.Add(1)
		l.close(k)
	default:
		l.choked = append(l.choked, k.handle)
	}
}

// again serves a connection that was parked.
func (l *loop) again(k *session) {
	l.now = k
	k.parked = false
	l.serve(k)
}

// overdue says whether a connection's time is up.
func (l *loop) overdue(k *session) bool { return int32(l.tick-k.deadline) >= 0 }

// passTime does what is due.
func (l *loop) passTime() {
	if now := l.ticks.Load(); now != l.tick {
		l.tick = now
	} else if !l.shutdown {
		return
	}
	late := 0
	for ; late < len(l.fresh); late++ {
		k := l.table.get(l.fresh[late])
		if k == nil || k.state != fresh {
			continue
		}
		if !l.overdue(k) {
			break
		}
		l.now = k
		l.count.helloLate.Add(1)
		l.dismiss(k, wire.HelloLate)
	}
	l.fresh = l.fresh[:copy(l.fresh, l.fresh[late:])]
	l.passLeaving()
}

// passLeaving ends connections that were told goodbye and have had their time.
// At shutdown those with writes in flight have until the server stops.
func (l *loop) passLeaving() {
	staying := l.leaving[:0]
	for _, handle := range l.leaving {
		k := l.table.get(handle)
		if k == nil {
			continue
		}
		l.now = k
		l.finish(k)
		if k.state != gone && l.overdue(k) && (k.settled() || !l.shutdown) {
			l.close(k)
		}
		if k.state != gone {
			staying = append(staying, handle)
		}
	}
	l.leaving = staying
}
