package netio

import "syscall"

// begin sees to it that a connection has an outgoing buffer and is written to at
// the end of this event.
func (l *loop) begin(k *conn) {
	if k.out == nil {
		if n := len(l.buffers); n > 0 {
			k.out, l.buffers = l.buffers[n-1], l.buffers[:n-1]
		} else {
			k.out = make([]byte, 0, bufferBytes)
		}
	}
	if !k.dirty {
		k.dirty = true
		l.dirty = append(l.dirty, k)
	}
}

// wrote is called after each frame: a buffer that has grown is written early.
func (l *loop) wrote(k *conn) {
	if len(k.out) >= flushBytes {
		l.push(k)
	}
}

// flush writes once to each connection that has something to say.
func (l *loop) flush() {
	for i := 0; i < len(l.dirty); i++ {
		k := l.dirty[i]
		if k == nil { // a panic ended an earlier flush behind it
			continue
		}
		l.dirty[i] = nil
		k.dirty = false
		l.push(k)
		if k.state == leaving {
			l.finish(k)
		}
		l.release(k)
	}
	l.dirty = l.dirty[:0]
}

// push writes what a connection's buffer holds, and what it gets of the round.
// What the socket does not take waits in gnet; when it is too much, the connection
// ends.
func (l *loop) push(k *conn) {
	if k.state == gone {
		return
	}
	if k.round != 0 && len(k.out) > l.server.chokeBytes()/2 {
		l.write(k, k.out) // what is pushed shall not be dropped for this
	}
	b := k.out
	if k.round != 0 && k.state != gone {
		b = l.gather(k)
	}
	if (len(b) > 0 || k.ws.waits()) && k.state != gone {
		l.write(k, b)
	}
}

// write gives bytes to gnet, which copies those that the socket does not take.
// They are all that was in the connection's buffer.
func (l *loop) write(k *conn, b []byte) {
	l.count.flushes.Add(1)
	k.out = k.out[:0]
	if err := l.transmit(k, b); err != nil || k.state == gone {
		return // gnet has closed the connection
	}
	switch waiting := k.conn.OutboundBuffered(); {
	case waiting > l.server.options.OutBytesMax:
		l.count.slowReaders.Add(1)
		l.close(k)
	case waiting > l.server.chokeBytes() && !k.choked:
		k.choked = true
		if k.state == open {
			k.deadline = l.tick + StallTicks
		}
		l.stall(k)
	}
}

// stall notes that a client does not read what it was sent, so that it is looked at
// until it does.
func (l *loop) stall(k *conn) {
	if !k.stalled {
		k.stalled = true
		l.stalled = append(l.stalled, k.number())
		l.bell.ringLater()
	}
}

// chokeBytes is how much may wait for a connection before its reads are parked and
// pushes to it are dropped.
func (s *Server) chokeBytes() int { return s.options.OutBytesMax / 4 }

// release gives a connection's outgoing buffer back.
func (l *loop) release(k *conn) {
	if cap(k.out) > 0 && cap(k.out) <= flushBytes && len(l.buffers) < buffersMax {
		l.buffers = append(l.buffers, k.out[:0])
	}
	k.out = nil
}

// finish shuts our side of a connection that was told goodbye, once nothing is
// in flight and all was written. It is then closed by the client, or in time:
// closing it at once could destroy what the client has not read yet.
func (l *loop) finish(k *conn) {
	if k.state != leaving || !k.settled() || len(k.out) > 0 || k.conn.OutboundBuffered() > 0 {
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
