package websocket

import (
	"encoding/binary"
	"math"
)

// HeadBytesMax is the size of the longest head of a message from the server.
const HeadBytesMax = 10

// AppendHead appends the head of a binary message, in one frame, whose payload has
// n bytes.
func AppendHead(b []byte, n int) []byte {
	switch {
	case n < 126:
		return append(b, headBinary, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, headBinary, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, headBinary, 127), uint64(n))
}

// Message makes a binary message of b, which begins with HeadBytesMax bytes of room
// for its head. It returns what to send, a part of b: head and payload.
func Message(b []byte) []byte {
	var room [HeadBytesMax]byte
	head := AppendHead(room[:0], len(b)-HeadBytesMax)
	start := HeadBytesMax - len(head)
	copy(b[start:], head)
	return b[start:]
}
