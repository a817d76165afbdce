package netio

import (
	"errors"

	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// webSocket is what is kept of a connection that speaks WebSocket. Its payload is
// served as if it had come bare; what is written to it becomes one message.
type webSocket struct {
	decoder websocket.Decoder
	rest    []byte         // payload that is not served yet; nil: none
	control []byte         // frames to be written before the next message
	code    websocket.Code // what to close with
	text    string
	closed  bool // the close frame was written
}

// upgrade serves an HTTP request, once it is whole, and returns how many bytes of b
// it is done with.
func (l *loop) upgrade(k *conn, b []byte) (used int) {
	v, used, response := l.server.policy.Handshake(b, l.scratch[:0])
	l.scratch = response
	if v == websocket.Unfinished {
		return 0
	}
	l.begin(k)
	k.out.frames = append(k.out.frames, response...)
	if v == websocket.Refused {
		l.count.refused.Add(1)
		l.depart(k)
		return used
	}
	l.count.upgraded.Add(1)
	l.count.webs.Add(1)
	l.push(k) // bare: what follows goes in messages
	k.ws = new(webSocket)
	return used
}

// serveMessages handles what has come in for a connection that speaks WebSocket, as
// far as it may. Bytes are deciphered where they lie, so what was looked at is used,
// and payload that has to wait is kept in rest.
func (l *loop) serveMessages(k *conn) {
	w := k.ws
	if len(w.rest) > 0 {
		if l.take(k, nil); k.state == gone {
			return // it does not read what it is answered
		}
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
	used, most := 0, l.server.options.FrameBytesMax
	defer func() { l.traffic.bytesIn += uint64(used) }()
	for k.state == fresh || k.state == open {
		if left := len(b) - used; left == 0 || k.is(parked) && len(w.rest)+left < most {
			break
		}
		e, n, err := w.decoder.Next(b[used:min(len(b), used+most)])
		used += n
		if l.event(k, e, err); e.Kind == websocket.More && n == 0 {
			break
		}
	}
	switch {
	case k.state == leaving:
		k.conn.Discard(-1)
	case used > 0 && k.state != gone:
		k.conn.Discard(used)
	}
}

// event acts on what the decoder has found.
func (l *loop) event(k *conn, e websocket.Event, err error) {
	var wrong *websocket.CloseError
	switch {
	case errors.As(err, &wrong):
		l.count.badFrames.Add(1)
		l.hangUp(k, wrong.Code, wrong.Text)
	case e.Kind == websocket.Data:
		l.take(k, e.Data)
	case e.Kind == websocket.Ping:
		l.budget--
		if !l.admitPing(k) {
			return
		}
		l.begin(k)
		k.ws.control = websocket.AppendPong(k.ws.control, e.Data)
	case e.Kind == websocket.Close:
		l.hangUp(k, e.Code, "")
	}
}

// take serves the frames that a piece of payload completes, and keeps what cannot
// be served yet.
func (l *loop) take(k *conn, piece []byte) {
	w := k.ws
	if len(w.rest) == 0 {
		used := l.frames(k, piece)
		if k.state < leaving && used < len(piece) {
			w.rest = append(w.rest, piece[used:]...)
		}
		return
	}
	w.rest = append(w.rest, piece...)
	used := l.frames(k, w.rest)
	if used >= len(w.rest) || k.state >= leaving {
		w.rest = nil
		return
	}
	w.rest = append(w.rest[:0], w.rest[used:]...)
}

// hangUp ends a connection as dismiss does, but for a reason of WebSocket's own:
// without a goodbye.
func (l *loop) hangUp(k *conn, c websocket.Code, text string) {
	k.ws.code, k.ws.text = c, text
	l.begin(k)
	l.depart(k)
}

// closing notes what to close with after a goodbye.
func (w *webSocket) closing(r wire.Reason) {
	if w == nil {
		return
	}
	w.code, w.text = websocket.PolicyViolation, r.Text()
	if r.Reconnect() {
		w.code = websocket.GoingAway
	}
}

// sayClosing writes the close frame, behind all else. It returns whether it has
// gone.
func (l *loop) sayClosing(k *conn) bool {
	if w := k.ws; !w.closed {
		w.closed = true
		w.control = websocket.AppendClose(w.control, w.code, w.text)
		l.write(k, nil)
	}
	return k.state != gone && k.conn.OutboundBuffered() == 0
}

// waits says whether there are frames that belong to no message.
func (w *webSocket) waits() bool { return w != nil && len(w.control) > 0 }

// transmit gives bytes to gnet, as one message if the connection speaks WebSocket.
func (l *loop) transmit(k *conn, b []byte) error {
	if k.ws == nil {
		l.traffic.bytesOut += uint64(len(b))
		_, err := k.conn.Write(b)
		return err
	}
	parts := l.pieces[:0]
	if len(k.ws.control) > 0 {
		parts = append(parts, k.ws.control)
		k.ws.control = nil
	}
	if len(b) > 0 {
		parts = append(parts, websocket.AppendHead(l.headRoom[:0], len(b)), b)
	}
	for _, p := range parts {
		l.traffic.bytesOut += uint64(len(p))
	}
	_, err := k.conn.Writev(parts)
	clear(l.pieces[:])
	return err
}
