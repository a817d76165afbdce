package pack

import (
	"encoding/binary"
	"fmt"
	"io"
)

// ChunkBytesMax is the largest chunk, without its head. An Encoder ends a chunk
// once it has ChunkBytesGood, so that any value of ValueBytesMax finds room.
const (
	ChunkBytesMax  = 1 << 20
	ChunkBytesGood = 32 << 10
	ValueBytesMax  = ChunkBytesMax - ChunkBytesGood
)

// headBytes is the length of a chunk's head.
const headBytes = 4

// Encoder writes a stream of values in chunks:
//
//	+-------------+------------------+
//	| length u32  | msgpack values   |   … repeated
//	+-------------+------------------+
//
// Each value is whole in one chunk. Begin hands out a buffer to append a value to,
// End takes it back. Nothing need be done about an error before Flush, which
// returns it: what comes behind it goes nowhere.
type Encoder struct {
	w   io.Writer
	buf []byte // the chunk that is open, with its head
	err error
}

// NewEncoder returns an encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{w: w, buf: make([]byte, headBytes, 128)}
}

// Begin returns the buffer of the next value: append to it, and hand it to End.
func (e *Encoder) Begin() []byte { return e.buf }

// End takes a value that was appended to what Begin returned.
func (e *Encoder) End(b []byte) {
	if len(b) < ChunkBytesGood && e.err == nil {
		e.buf = b
		return
	}
	e.endChunk(b)
}

// endChunk is End where that is not as simple.
func (e *Encoder) endChunk(b []byte) {
	if n := len(b) - len(e.buf); n > ValueBytesMax && e.err == nil {
		e.err = fmt.Errorf("a value of %d bytes: at most %d", n, ValueBytesMax)
	}
	if e.err == nil {
		e.buf = b
		e.Flush()
	}
}

// Err returns the first error met, for who has much to encode and can stop.
func (e *Encoder) Err() error { return e.err }

// Flush writes what has not been written yet, and returns the first error met.
func (e *Encoder) Flush() error {
	if e.err == nil && len(e.buf) > headBytes {
		binary.BigEndian.PutUint32(e.buf, uint32(len(e.buf)-headBytes))
		_, e.err = e.w.Write(e.buf)
		e.buf = e.buf[:headBytes]
	}
	return e.err
}
