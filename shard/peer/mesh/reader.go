package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/shard/peer"
)

const (
	readBytes    = 64 << 10
	readKeepMax  = 1 << 20 // a buffer longer than this is given up after its frame
	readGrowFrom = 2       // a buffer grows to so many times of what has come
)

// A protocolError says what a node sent that no node may send.
type protocolError struct{ error }

func (e protocolError) Error() string { return "it broke the protocol: " + e.error.Error() }
func (e protocolError) Unwrap() error { return e.error }

// read hands all that comes to the handlers, in order, until the connection ends, and
// says why it did. The keeper calls it.
func (c *conn) read() error {
	buf, have := make([]byte, readBytes), 0
	for {
		n, err := c.meeting.stream.Read(buf[have:])
		if n > 0 {
			c.heard.Store(c.line.mesh.o.Clock.Micros())
			c.line.counts.bytesIn.Add(uint64(n))
			have += n
			used, need, wrong := c.consume(buf[:have])
			if wrong != nil {
				return protocolError{wrong}
			}
			have = copy(buf, buf[used:have])
			buf = fit(buf, have, need)
		}
		if err != nil {
			return err
		}
	}
}

// fit returns a buffer with the first have bytes of buf and room for more: a frame of
// need bytes is given memory only as its bytes come.
func fit(buf []byte, have, need int) []byte {
	size := len(buf)
	switch {
	case have == size:
		size = min(max(need, readBytes), readGrowFrom*size)
	case size > readKeepMax && max(have, need) <= readBytes:
		size = readBytes
	default:
		return buf
	}
	next := make([]byte, size)
	copy(next, buf[:have])
	return next
}

// consume handles the whole frames at the start of b. It returns how many bytes those
// have, and how long the frame after them is, if that is known.
func (c *conn) consume(b []byte) (used, need int, err error) {
	for len(b)-used >= headBytes {
		h, err := decodeHead(b[used:])
		if err != nil {
			return used, 0, err
		}
		size := headBytes + int(h.length)
		if len(b)-used < size {
			return used, size, nil
		}
		body := b[used+headBytes : used+size : used+size]
		if err := c.handle(h, body); err != nil {
			return used, 0, err
		}
		invariant.Poison(body)
		used += size
	}
	return used, 0, nil
}

// handle acts on one frame.
func (c *conn) handle(h head, body []byte) error {
	switch h.sort {
	case sortPing:
		pong := binary.BigEndian.AppendUint64(append(make([]byte, 0, pongBytes), body...),
			uint64(c.line.mesh.o.Clock.Micros()))
		c.control(head{sort: sortPong}, pong)
		return nil
	case sortPong:
		return c.measure(body)
	}
	if (h.channel == peer.Snapshot) != (c.line.purpose == forBulk) {
		return fmt.Errorf("channel %d on the wrong connection", h.channel)
	}
	c.line.counts.in()
	switch h.sort {
	case sortTell, sortCall:
		return c.serve(h, body)
	default:
		return c.answered(h, body)
	}
}

// serve hands a message to who takes its channel.
func (c *conn) serve(h head, body []byte) error {
	handler := c.line.mesh.handlers[h.channel]
	if h.sort == sortTell {
		if handler != nil {
			handler(c.origin(), body, nil)
		}
		return nil
	}
	c.mu.Lock()
	_, twice := c.mu.open[h.call]
	c.mu.open[h.call] = struct{}{}
	open := len(c.mu.open)
	c.mu.Unlock()
	if twice || open > callsMax {
		return fmt.Errorf("call %d is one too many, or open already (%d are)", h.call, open)
	}
	if handler == nil {
		c.answer(head{sort: sortUntaken, channel: h.channel, call: h.call}, nil)
		return nil
	}
	reply := head{sort: sortAnswer, channel: h.channel, call: h.call}
	handler(c.origin(), body, func(body []byte) { c.answer(reply, body) })
	return nil
}

// answered hands an answer to who waits for it.
func (c *conn) answered(h head, body []byte) error {
	c.mu.Lock()
	done := c.mu.calls[h.call]
	delete(c.mu.calls, h.call)
	c.mu.Unlock()
	switch {
	case done == nil:
		return errors.New("an answer to what was not asked")
	case h.sort == sortUntaken:
		done(nil, peer.ErrUnreachable)
	case h.sort == sortUnsaid:
		done(nil, peer.ErrLost)
	default:
		done(body, nil)
	}
	return nil
}

// measure compares clocks by a pong.
func (c *conn) measure(body []byte) error {
	sent, theirs := binary.BigEndian.Uint64(body), binary.BigEndian.Uint64(body[8:])
	now := c.line.mesh.o.Clock.Micros()
	if sent > uint64(now) || theirs > clockMax {
		return errors.New("a pong from the future")
	}
	var g meeting
	g.measure(int64(sent), now, int64(theirs))
	c.line.node.measured(g.offset, g.roundTrip)
	return nil
}
