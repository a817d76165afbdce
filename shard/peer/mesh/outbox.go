package mesh

import "net"

const (
	copyMax       = 4 << 10   // bodies up to this are copied behind their heads
	outboxKeepMax = 1 << 20   // an empty outbox does not hold on to more
	writeBytesMax = 256 << 10 // in one system call, about: each must end in time
)

// An outbox is frames on their way: heads and small bodies back to back, and large
// bodies where they are. The zero outbox is empty.
type outbox struct {
	small []byte
	large []largeBody
	bytes int // of all frames
}

// A largeBody comes after the first at bytes of small.
type largeBody struct {
	at   int
	body []byte
}

func (o *outbox) add(h head, body []byte) {
	h.length = uint32(len(body))
	o.small = h.append(o.small)
	if len(body) <= copyMax {
		o.small = append(o.small, body...)
	} else {
		o.large = append(o.large, largeBody{len(o.small), body})
	}
	o.bytes += headBytes + len(body)
}

// pieces appends the bytes of all frames in order, in pieces of at most writeBytesMax.
func (o *outbox) pieces(out net.Buffers) net.Buffers {
	at := 0
	for _, l := range o.large {
		out = split(out, o.small[at:l.at])
		out = split(out, l.body)
		at = l.at
	}
	return split(out, o.small[at:])
}

func split(out net.Buffers, b []byte) net.Buffers {
	for len(b) > writeBytesMax {
		out, b = append(out, b[:writeBytesMax]), b[writeBytesMax:]
	}
	if len(b) == 0 {
		return out
	}
	return append(out, b)
}

// reset empties an outbox for its next use.
func (o *outbox) reset() {
	clear(o.large)
	o.large, o.small, o.bytes = o.large[:0], o.small[:0], 0
	if cap(o.small) > outboxKeepMax {
		o.small = nil
	}
	if cap(o.large) > outboxKeepMax/64 {
		o.large = nil
	}
}
