package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/grid"
)

// Limits of frames, in bytes, head included.
const (
	HeadBytes     = 12       // length, kind, flags, id
	FrameBytesMin = 13       // the shortest msgpack array is one byte
	FrameBytesMax = 64 << 10 // default limit of frames from clients
	HelloBytesMax = 4 << 10  // limit before the server knows who speaks
	ReplyBytesMax = 16 << 20 // limit of frames from the server
	lengthBytes   = 4        // the length field, which does not count itself
	levelShift    = 4
	levelMask     = 3 << levelShift
)

// The kinds of this package; features own ranges from KindFeatures on.
const (
	KindHello    grid.Kind = 0x0001
	KindGoodbye  grid.Kind = 0x0002
	KindPing     grid.Kind = 0x0003
	KindMissed   grid.Kind = 0x0004
	KindToken    grid.Kind = 0x0005
	KindFeatures grid.Kind = 0x0100
)

// Flags are the bits of a frame's flags field.
type Flags uint16

// The flags of a reply.
const (
	Reply Flags = 1 << 0
	Error Flags = 1 << 1
)

// LevelFlags returns the flags of a read request at a level.
func LevelFlags(l grid.Level) Flags { return Flags(l) << levelShift & levelMask }

// Level returns the read level that a request asks for; 3 is no level.
func (f Flags) Level() grid.Level { return grid.Level(f & levelMask >> levelShift) }

// Frame is one whole frame; Body is a view of the buffer it was found in.
type Frame struct {
	Kind  grid.Kind
	Flags Flags
	ID    uint32
	Body  []byte
}

// LengthError says that a frame's length field is out of bounds. The stream
// cannot be followed any further.
type LengthError struct {
	Bytes uint64 // the frame's size by its head
	Max   int    // the limit that holds
}

func (e *LengthError) Error() string {
	return fmt.Sprintf("a frame of %d bytes: it must have %d to %d", e.Bytes, FrameBytesMin, e.Max)
}

// Next looks for a frame at the start of b and returns its size in bytes. When
// the size is more than len(b), that many bytes are needed before the frame, or
// its head, can be looked at; the frame is then zero. The error is a
// *LengthError; bytesMax bounds the size.
func Next(b []byte, bytesMax int) (f Frame, size int, err error) {
	if len(b) < HeadBytes {
		if len(b) < lengthBytes {
			return Frame{}, HeadBytes, nil
		}
		_, err := frameSize(b, bytesMax)
		return Frame{}, HeadBytes, err
	}
	if size, err = frameSize(b, bytesMax); err != nil {
		return Frame{}, 0, err
	}
	if size > len(b) {
		return Frame{}, size, nil
	}
	return Frame{
		Kind:  grid.Kind(binary.BigEndian.Uint16(b[4:])),
		Flags: Flags(binary.BigEndian.Uint16(b[6:])),
		ID:    binary.BigEndian.Uint32(b[8:]),
		Body:  b[HeadBytes:size:size],
	}, size, nil
}

// frameSize reads and checks the length field.
func frameSize(b []byte, bytesMax int) (int, error) {
	total := uint64(binary.BigEndian.Uint32(b)) + lengthBytes
	if total < FrameBytesMin || total > uint64(bytesMax) {
		return 0, &LengthError{Bytes: total, Max: bytesMax}
	}
	return int(total), nil
}

// Begin appends the head of a frame, whose array the caller appends next; End
// completes it.
func Begin(b []byte, kind grid.Kind, flags Flags, id uint32) []byte {
	b = append(b, 0, 0, 0, 0, byte(kind>>8), byte(kind), byte(flags>>8), byte(flags))
	return binary.BigEndian.AppendUint32(b, id)
}

// End fills in the length of the frame that Begin began at offset start of b.
func End(b []byte, start int) []byte {
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-lengthBytes))
	return b
}
