package netio

import (
	"context"
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// Run is the drain task: one turn of the loop for what does not come from
// sockets. It does a bounded amount of work.
func (l *loop) Run(context.Context) error {
	defer l.survive()
	l.budget = l.server.options.ReadsPerTurn
	l.collect()
	l.passTime()
	l.workOff(outcomesTurn, lettersTurn)
	l.resume()
	l.takeReturns()
	l.detachSome(detachesTurn)
	l.recheckSome(recheckTurn)
	l.assignParts()
	l.endEvent() // replies go first, with what their connections get of rounds
	l.spread()
	l.endEvent()
	if l.busy() {
		l.bell.ring()
	}
	if l.stalled.len() > 0 {
		l.bell.ringLater()
	}
	return nil
}

// busy says whether something is left for the next turn.
func (l *loop) busy() bool {
	return len(l.backlog) > 0 || len(l.returns) > 0 || l.parked.len() > 0 || len(l.letters) > 0 ||
		l.lettersAfter != never || len(l.toDetach) > 0 || len(l.parts) > 0 ||
		l.recheck.busy()
}

// never is more outcomes than there will be.
const never = math.MaxUint64

// workOff settles some outcomes and reads some letters, in the order in which they
// were left: what a stream's slot has refused may have been asked for again since.
func (l *loop) workOff(outcomes, letters int) {
	for {
		until := l.lettersAfter
		if l.lettersRead < len(l.letters) {
			until = l.letters[l.lettersRead].after
		}
		outcomes = l.settleSome(outcomes, until)
		if l.lettersRead == len(l.letters) || l.released < until || letters == 0 {
			return
		}
		letters--
		l.readNext()
	}
}

// settleSome answers the requests of at most n outcomes, as long as fewer than
// until were settled before, and returns how many more it might have. Where it
// stands is noted before each, so that a panic costs one connection and no more.
func (l *loop) settleSome(n int, until uint64) int {
	for l.first < len(l.backlog) && l.released < until {
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
			return n
		}
		l.backlog[l.first] = nil
		l.first++
		l.settled = 0
		l.released++
		o.Release()
	}
	if l.first == len(l.backlog) {
		l.backlog, l.first = l.backlog[:0], 0
	}
	return n
}

// settle answers the request of outcome i.
func (l *loop) settle(o *grid.Outcomes, i int) {
	ref := o.Refs[i]
	k := l.table.get(ref.Conn)
	l.now = k
	switch {
	case isGatewayKind(ref.Kind):
		l.settleSession(k, o, i)
		return
	case k == nil:
		l.count.dropped.Add(1)
		return
	case o.Confirmed:
		l.confirmed(k, ref, o.Err)
		return
	}
	if op := l.server.op(ref.Kind); op.Write || op.Relay != 0 {
		l.settleRequest(k, op, o, i)
	} else {
		l.settleRead(k, op, o, i)
	}
}

// settleRequest answers a write, or a relay, of a connection that is still there.
func (l *loop) settleRequest(k *conn, op *grid.Op, o *grid.Outcomes, i int) {
	q := l.refers(&o.Refs[i])
	q.steps = o.Steps
	var status byte
	var body []byte
	if o.Err == nil {
		status, body = o.Body(i)
	}
	if status == grid.StatusElsewhere {
		err := l.sendOn(k, op, q.Ref, body)
		if err == nil {
			return
		}
		k.answered(op)
		l.fail(k, q, err)
		return
	}
	k.answered(op)
	switch {
	case o.Err != nil:
		if len(l.failure) == 0 {
			l.failure = fault.Of(o.Err).Append(l.failure)
		}
		l.replied(q, fault.CodeOf(o.Err))
		l.answer(k, q.Kind, wire.Reply|wire.Error, q.ID, l.failure)
		return
	case status != byte(fault.OK):
		l.replied(q, fault.Code(status))
		l.answer(k, q.Kind, wire.Reply|wire.Error, q.ID, body)
		return
	case q.Kind == session.KindTrack, q.Kind == session.KindUntrack:
		l.moved(k, q.Kind, body)
	}
	l.replied(q, fault.OK)
	l.answer(k, q.Kind, wire.Reply, q.ID, body)
}

// moved follows a connection that came on a stream, or went.
func (l *loop) moved(k *conn, kind grid.Kind, reply []byte) {
	in := pack.NewCursor(reply)
	in.Array()
	var room [1 + grid.StreamNameBytesMax]byte
	key, err := grid.ReadStream(&in, room[:0])
	switch {
	case err != nil:
		l.server.options.Logger.Error("follow a session onto a stream", "error", err)
	case kind == session.KindTrack && k.state == open:
		l.enter(k, key)
	case kind == session.KindUntrack:
		l.leave(k, key)
	}
}

// resume serves connections that had to wait: those whose client reads again,
// then those that wait for budget, in order, while there is some.
func (l *loop) resume() {
	for range min(l.stalled.len(), stalledTurn) {
		if k := l.table.get(l.stalled.take()); k != nil {
			l.look(k)
		}
	}
	for n := l.parked.len(); n > 0 && l.budget > 0; n-- {
		if k := l.table.get(l.parked.take()); k != nil {
			l.again(k)
		}
	}
}

// look looks whether a client has read what waited for it.
func (l *loop) look(k *conn) {
	l.now = k
	k.mark(stalled, false)
	waiting := k.conn.OutboundBuffered()
	if k.is(choked) && waiting <= l.server.chokeBytes() {
		k.mark(choked, false)
		if k.is(parked) {
			l.again(k)
		}
	}
	switch {
	case k.is(choked) && k.state == open && l.overdue(k):
		l.count.slowReaders.Add(1)
		l.close(k)
	case k.is(missed) && k.state == open && waiting == 0:
		l.tellMissed(k)
	case k.is(choked) || k.is(missed) && k.state == open:
		l.stall(k)
	}
}

// again serves a connection that was parked.
func (l *loop) again(k *conn) {
	l.now = k
	k.mark(parked, false)
	l.serve(k)
}

// overdue says whether a connection's time is up.
func (l *loop) overdue(k *conn) bool { return int32(l.tick-k.deadline) >= 0 }

// passTime does what is due. At shutdown it looks after connections in each turn.
func (l *loop) passTime() {
	now := l.ticks.Load()
	passed := now != l.tick
	l.tick = now
	if passed || l.shutdown {
		l.makeRoom()
		l.passTurned()
		l.passFresh()
		l.passLeaving()
	}
	if passed {
		l.seen.Store(now)
		l.passDetaches()
		l.recheck.want(&l.recheck.failed)
	}
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
