package netio

import (
	"syscall"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// outgoing is what a connection is sent next, in a buffer that the loop lends it.
type outgoing struct {
	frames []byte
	start  int // of the frame that is being written
}

// waiting is what is in a connection's outgoing buffer.
func (k *conn) waiting() []byte {
	if k.out == nil {
		return nil
	}
	return k.out.frames
}

// begin sees to it that a connection has an outgoing buffer and is written to at
// the end of this event.
func (l *loop) begin(k *conn) {
	if k.out != nil {
		return
	}
	if n := len(l.buffers); n > 0 {
		k.out, l.buffers = l.buffers[n-1], l.buffers[:n-1]
	} else {
		k.out = &outgoing{frames: make([]byte, 0, bufferBytes)}
	}
	l.dirty = append(l.dirty, k)
}

// head begins a frame for a connection: the caller appends the frame's array to
// what it returns, and hands that to end. Or it does not, and nothing is sent.
func (l *loop) head(k *conn, kind grid.Kind, flags wire.Flags, id uint32) []byte {
	l.begin(k)
	k.out.start = len(k.out.frames)
	return wire.Begin(k.out.frames, kind, flags, id)
}

// end takes the frame that head began. A buffer that has grown is written early.
func (l *loop) end(k *conn, frames []byte) {
	k.out.frames = wire.End(frames, k.out.start)
	l.traffic.framesOut++
	if len(frames) >= flushBytes {
		l.push(k)
	}
}

// answer sends a frame with an array.
func (l *loop) answer(k *conn, kind grid.Kind, flags wire.Flags, id uint32, body []byte) {
	l.end(k, append(l.head(k, kind, flags, id), body...))
}

// flush writes once to each connection that has something to say.
func (l *loop) flush() {
	for i := 0; i < len(l.dirty); i++ {
		k := l.dirty[i]
		if k == nil { // a panic ended an earlier flush behind it
			continue
		}
		l.dirty[i] = nil
		l.now = k
		l.push(k)
		if k.state == leaving {
			l.finish(k)
		}
		l.release(k)
	}
	l.dirty, l.now = l.dirty[:0], nil
}

// push writes what a connection's buffer holds, and what it gets of rounds.
// What the socket does not take waits in gnet; when it is too much, the connection
// ends.
func (l *loop) push(k *conn) {
	switch {
	case k.state == gone:
	case k.links != 0:
		l.pushLinks(k)
	case len(k.waiting()) > 0 || k.ws.waits():
		l.write(k, k.waiting())
	}
}

// write gives bytes to gnet, which copies those that the socket does not take.
// They are all that was in the connection's buffer.
func (l *loop) write(k *conn, b []byte) {
	l.count.flushes.Add(1)
	if k.out != nil {
		k.out.frames = k.out.frames[:0]
	}
	if err := l.transmit(k, b); err != nil || k.state == gone {
		return // gnet has closed the connection
	}
	switch waiting := k.conn.OutboundBuffered(); {
	case waiting > l.server.options.OutBytesMax:
		l.count.slowReaders.Add(1)
		l.close(k)
	case waiting > l.server.chokeBytes() && !k.is(choked):
		k.mark(choked, true)
		if k.state == open {
			k.deadline = l.tick + StallTicks
		}
		l.stall(k)
	}
}

// stall notes that a client does not read what it was sent, so that it is looked at
// until it does.
func (l *loop) stall(k *conn) {
	if !k.is(stalled) {
		k.mark(stalled, true)
		l.stalled.add(k.number())
		l.bell.ringLater()
	}
}

// chokeBytes is how much may wait for a connection before its reads are parked and
// pushes to it are dropped.
func (s *Server) chokeBytes() int { return s.options.OutBytesMax / 4 }

// release gives a connection's outgoing buffer back.
func (l *loop) release(k *conn) {
	if o := k.out; o != nil && cap(o.frames) <= flushBytes && len(l.buffers) < buffersMax {
		o.frames = o.frames[:0]
		l.buffers = append(l.buffers, o)
	}
	k.out = nil
}

// finish shuts our side of a connection that was told goodbye, once nothing is
// in flight and all was written. It is then closed by the client, or in time:
// closing it at once could destroy what the client has not read yet.
func (l *loop) finish(k *conn) {
	if k.state != leaving || !k.settled() || len(k.waiting()) > 0 || k.conn.OutboundBuffered() > 0 {
		return
	}
	if k.ws != nil && !l.sayClosing(k) {
		return
	}
	k.state = half
	k.deadline = l.tick + LingerTicks
	if syscall.Shutdown(k.conn.Fd(), syscall.SHUT_WR) != nil {
		l.close(k)
	}
}
