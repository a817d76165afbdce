package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// serve handles the frames that have come in for a connection, as far as it may.
func (l *loop) serve(k *conn) {
	if k.state >= leaving {
		if k.state != gone {
			k.conn.Discard(-1)
		}
		return
	}
	if k.is(turned) {
		l.sayFull(k)
		return
	}
	came := k.conn.InboundBuffered()
	if k.ws != nil {
		came += len(k.ws.rest)
	}
	if k.state == greeting {
		if came > greetingBytesMax {
			l.dismiss(k, wire.BadHello)
			k.conn.Discard(-1)
		}
		return // what came waits for the welcome
	}
	if came == 0 || k.is(parked) && came < l.server.options.FrameBytesMax {
		return
	}
	if k.ws != nil {
		l.serveMessages(k)
		return
	}
	if came < int(k.need) {
		return
	}
	b, err := k.conn.Peek(-1)
	if err != nil {
		return
	}
	if invariant.Enabled {
		l.copied = append(l.copied[:0], b...)
		defer invariant.Poison(l.copied)
		b = l.copied
	}
	http := k.state == fresh && websocket.IsHTTP(b)
	used := 0
	if http {
		used = l.upgrade(k, b)
	} else {
		used = l.frames(k, b)
	}
	l.traffic.bytesIn += uint64(used)
	if used > 0 && k.state != gone {
		k.conn.Discard(used)
	}
	if http && used > 0 {
		l.serve(k) // messages may have come with the request
	}
}

// frames serves whole frames from b and returns how many bytes it is done with.
// A connection may end while one of its frames is served.
func (l *loop) frames(k *conn, b []byte) (used int) {
	k.need = 0
	for used < len(b) {
		f, size, err := wire.Next(b[used:], l.frameMax(k))
		if err != nil {
			l.count.badFrames.Add(1)
			l.dismiss(k, wire.BadFrame)
			return len(b)
		}
		if size > len(b)-used {
			k.need = int32(size)
			return used
		}
		if !l.request(k, f, len(b)-used) {
			l.park(k)
			return used
		}
		used += size
		l.traffic.framesIn++
		switch {
		case k.state >= leaving:
			return len(b)
		case k.state == greeting:
			return used
		}
	}
	return used
}

// frameMax bounds the next frame of a connection.
func (l *loop) frameMax(k *conn) int {
	if k.state == fresh {
		return wire.HelloBytesMax
	}
	return l.server.options.FrameBytesMax
}

// park makes a connection wait for a later turn, its bytes left where they are.
func (l *loop) park(k *conn) {
	if k.is(parked) {
		return
	}
	k.mark(parked, true)
	if !k.is(choked) { // else it is in the list of those that do not read
		l.parked.add(k.number())
		l.bell.ring()
	}
}

// request serves one frame. False: it must wait, and was not touched. waiting is
// how many bytes of this connection are not served yet.
func (l *loop) request(k *conn, f wire.Frame, waiting int) bool {
	if k.state == fresh {
		l.hello(k, f)
		return true
	}
	if k.is(unconfirmed) {
		l.confirmWelcome(k)
	}
	op, q := l.server.op(f.Kind), l.asked(k, &f)
	if op != nil && (op.Write || op.Relay != 0) {
		if l.admit(k, q) {
			l.change(k, op, q, f)
		}
		return true
	}
	// All else is answered at once, whatever it is, so it has a budget.
	if waiting < l.server.options.FrameBytesMax && (l.budget <= 0 || k.is(choked)) {
		return false
	}
	if k.is(choked) { // sends and does not read: it cannot wait any longer
		l.count.slowReaders.Add(1)
		l.dismiss(k, wire.SlowReader)
		return true
	}
	if l.admit(k, q) {
		l.budget--
		l.ask(k, op, q, f)
	}
	return true
}

// change serves a request that is answered later.
func (l *loop) change(k *conn, op *grid.Op, q *asked, f wire.Frame) {
	if op.Write {
		l.writeRequest(k, op, q, f)
	} else {
		l.relayRequest(k, op, q, f)
	}
}

// ask serves a request that is answered at once.
func (l *loop) ask(k *conn, op *grid.Op, q *asked, f wire.Frame) {
	switch {
	case f.Kind < wire.KindFeatures:
		l.control(k, q)
	case op == nil:
		l.fail(k, q, fault.New(fault.Unimplemented,
			"this server knows no request of kind %#04x: update it, or correct the client",
			uint16(f.Kind)))
	default:
		l.readRequest(k, op, q, f)
	}
}

// control serves the kinds of package wire, after hello.
func (l *loop) control(k *conn, q *asked) {
	switch q.Kind {
	case wire.KindPing:
		l.replied(q, fault.OK)
		l.answer(k, q.Kind, wire.Reply, q.ID, emptyReply[:])
	case wire.KindToken:
		l.tokens(k, q)
	case wire.KindHello:
		l.fail(k, q, fault.New(fault.FailedPrecondition,
			"hello was said already: open another connection to be someone else"))
	default:
		l.fail(k, q, fault.New(fault.Unimplemented,
			"kind %#04x is no request: see docs/protocol.md for those there are", uint16(q.Kind)))
	}
}

// tokens answers a request for tokens.
func (l *loop) tokens(k *conn, q *asked) {
	if l.server.options.Tokens == nil {
		l.fail(k, q, fault.New(fault.Unimplemented,
			"this server gives out no tokens: say hello with the credential itself"))
		return
	}
	t, err := l.server.options.Tokens.Issue(l.caller(k))
	if err != nil {
		l.fail(k, q, err)
		return
	}
	l.replied(q, fault.OK)
	l.end(k, t.Append(l.head(k, q.Kind, wire.Reply, q.ID)))
}

const emptyArray = 0x90 // the msgpack array of no elements

var emptyReply = [...]byte{emptyArray}
