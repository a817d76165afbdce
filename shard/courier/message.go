package courier

import (
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/grid"
)

// A message begins with a byte, what is to be done with it; hints follow, in big-endian
// order:
//
//	kind 2, slot 2, length of key 2, length of body 4
//	session 8, origin 8, conn 8     if the key is empty: whom it is for
//	key, body
const (
	headBytes    = 10
	addressBytes = 24
	keyBytesMax  = 1 + grid.StreamNameBytesMax
)

// What is to be done with a message.
const (
	push   byte = 1 // push the hints
	passOn byte = 2 // push them, and send them on to the other nodes of their streams
)

// sizeOf returns the bytes that a hint takes.
func sizeOf(h *grid.Hint) int {
	n := headBytes + int(h.Stream.To-h.Stream.From) + int(h.Body.To-h.Body.From)
	if h.Stream.To == h.Stream.From {
		n += addressBytes
	}
	return n
}

// appendHint appends a hint.
func appendHint(b []byte, h *grid.Hint, key, body []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(h.Kind))
	b = binary.BigEndian.AppendUint16(b, uint16(h.Slot))
	b = binary.BigEndian.AppendUint16(b, uint16(len(key)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	if len(key) == 0 {
		b = binary.BigEndian.AppendUint64(b, uint64(h.To.Session))
		b = binary.BigEndian.AppendUint64(b, uint64(h.To.Origin))
		b = binary.BigEndian.AppendUint64(b, h.To.Conn)
	}
	return append(append(b, key...), body...)
}

// decode reads a message into empty effects, whose spans point into it. Hints come
// without nodes.
func decode(b []byte, e *grid.Effects) error {
	switch {
	case len(b) > InboundBytesMax:
		return fmt.Errorf("a message of %d bytes: at most %d", len(b), InboundBytesMax)
	case len(b) == 0 || b[0] != push && b[0] != passOn:
		return fmt.Errorf("a message that begins with %q, which is nothing to be done",
			b[:min(1, len(b))])
	}
	e.Bytes = b
	for at := 1; at < len(b); {
		size, err := decodeHint(b, at, e)
		if err != nil {
			return fmt.Errorf("hint %d, at byte %d of %d: %w", len(e.Hints), at, len(b), err)
		}
		at += size
	}
	return nil
}

// decodeHint reads the hint at a place, and returns its size.
func decodeHint(b []byte, at int, e *grid.Effects) (int, error) {
	rest := b[at:]
	if len(rest) < headBytes {
		return 0, fmt.Errorf("a head of %d bytes: want %d", len(rest), headBytes)
	}
	h := grid.Hint{
		Kind: grid.Kind(binary.BigEndian.Uint16(rest)),
		Slot: grid.Slot(binary.BigEndian.Uint16(rest[2:])),
	}
	key, body := int(binary.BigEndian.Uint16(rest[4:])), binary.BigEndian.Uint32(rest[6:])
	head := headBytes
	if key == 0 {
		if head += addressBytes; len(rest) < head {
			return 0, fmt.Errorf("a head of %d bytes: want %d", len(rest), head)
		}
		h.To = grid.Address{
			Session: grid.SessionID(binary.BigEndian.Uint64(rest[headBytes:])),
			Origin:  grid.Origin(binary.BigEndian.Uint64(rest[headBytes+8:])),
			Conn:    binary.BigEndian.Uint64(rest[headBytes+16:]),
		}
	}
	switch {
	case h.Slot >= grid.Slots:
		return 0, fmt.Errorf("slot %d: there are %d", h.Slot, grid.Slots)
	case key > keyBytesMax:
		return 0, fmt.Errorf("a key of %d bytes: at most %d", key, keyBytesMax)
	case uint64(body) > uint64(len(rest)-head) || key > len(rest)-head-int(body):
		return 0, fmt.Errorf("a key of %d and a body of %d bytes, in %d", key, body, len(rest)-head)
	}
	from := uint32(at + head)
	if key > 0 {
		h.Stream = grid.Span{From: from, To: from + uint32(key)}
	}
	h.Body = grid.Span{From: from + uint32(key), To: from + uint32(key) + body}
	e.Hints = append(e.Hints, h)
	return head + key + int(body), nil
}
