package netio

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// relayPause is told to whom a message was refused because a stream is too busy.
const relayPause = 50 * time.Millisecond

// Relays takes messages that clients send to streams to the other nodes that have
// members on them. Its methods may be called from any goroutine, and must not block.
type Relays interface {
	// Relay stages a message, pushed under a kind, for the members of a stream on other
	// nodes. Outside says that the sender, a studio's server, is not on the stream. It
	// keeps neither key nor body.
	Relay(slot grid.Slot, key []byte, kind grid.Kind, body []byte, outside bool)
	// Flush sends what was staged: each message reaches a node at most once.
	Flush()
}

// relayRequest passes a message on to all on a stream. It is answered when all of
// this node have been written to.
func (l *loop) relayRequest(k *conn, op *grid.Op, q *asked, f wire.Frame) {
	l.count.relays.Add(1)
	if err := l.relay(k, op, q, f); err != nil {
		l.budget-- // a refusal is answered at once, like a read
		l.fail(k, q, err)
	}
}

func (l *loop) relay(k *conn, op *grid.Op, q *asked, f wire.Frame) error {
	if err := l.mayAsk(k); err != nil {
		return err
	}
	l.cursor = pack.NewCursor(f.Body)
	n := l.cursor.Array()
	if err := l.cursor.Err(); err != nil {
		return err
	}
	key, body, err := l.prepare(k, op, n)
	if err != nil {
		return err
	}
	outside := !l.isIn(k, key)
	if outside && !k.is(server) {
		return fault.New(fault.FailedPrecondition,
			"%s: this session is not on that stream: come on it with presence.track first", op.Name)
	}
	q.Slot = grid.SlotOf(key)
	if err := l.server.fan.relay(q.Slot, key, op.Relay, body, q.Ref); err != nil {
		return err
	}
	if others := l.server.options.Relays; others != nil {
		others.Relay(q.Slot, key, op.Relay, body, outside)
	}
	k.errands++
	l.relayed = true
	return nil
}

// mayAsk refuses one request too many that a connection has in flight, of those
// that are no numbered writes.
func (l *loop) mayAsk(k *conn) error {
	return l.mayPend(k.asking(), "linearizable reads, reads of history, signals and such")
}
