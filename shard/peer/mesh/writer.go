package mesh

import "net"

// write writes what is queued, all of it at once, until the connection has ended.
func (c *conn) write() {
	var box outbox
	var bufs net.Buffers
	if err := c.put(net.Buffers{c.first}); err != nil {
		c.shut(err)
		return
	}
	for c.take(&box) {
		bufs = box.pieces(bufs[:0])
		if err := c.flush(bufs); err != nil {
			c.shut(err)
			return
		}
		clear(bufs)
		c.mu.Lock()
		c.mu.waiting -= box.bytes
		c.mu.Unlock()
		c.line.counts.bytesOut.Add(uint64(box.bytes))
		box.reset()
	}
}

// take waits for frames and takes all that there are in exchange for an empty outbox;
// false: the connection has ended.
func (c *conn) take(box *outbox) bool {
	for {
		c.mu.Lock()
		if c.mu.end != nil {
			c.mu.Unlock()
			return false
		}
		if c.mu.out.bytes > 0 {
			c.mu.out, *box = *box, c.mu.out
			c.mu.Unlock()
			return true
		}
		c.mu.Unlock()
		<-c.wake
	}
}

// flush writes pieces, about writeBytesMax at a time, so that progress is seen.
func (c *conn) flush(bufs net.Buffers) error {
	for len(bufs) > 0 {
		n, bytes := 1, len(bufs[0])
		for n < len(bufs) && bytes+len(bufs[n]) <= writeBytesMax {
			bytes += len(bufs[n])
			n++
		}
		if err := c.put(bufs[:n]); err != nil {
			return err
		}
		bufs = bufs[n:]
	}
	return nil
}

// put writes a few pieces in one go.
func (c *conn) put(bufs net.Buffers) (err error) {
	c.writing.Store(c.line.mesh.o.Clock.Micros())
	if len(bufs) == 1 {
		if len(bufs[0]) > 0 {
			_, err = c.meeting.stream.Write(bufs[0])
		}
	} else {
		_, err = bufs.WriteTo(c.meeting.stream)
	}
	c.writing.Store(0)
	return err
}
