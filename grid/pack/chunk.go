package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ChunkBytesMax is the largest chunk, without its head. A writer should end a
// chunk at about ChunkBytesGood.
const (
	ChunkBytesMax  = 1 << 20
	ChunkBytesGood = 32 << 10
)

// ChunkWriter writes a stream of chunks:
//
//	+-------------+------------------+
//	| length u32  | msgpack values   |   … repeated
//	+-------------+------------------+
//
// Begin hands out an empty buffer to append to, End writes it as one chunk.
type ChunkWriter struct {
	w   io.Writer
	buf []byte
}

// NewChunkWriter returns a writer of chunks to w.
func NewChunkWriter(w io.Writer) *ChunkWriter { return &ChunkWriter{w: w} }

// Begin returns the buffer of the next chunk. It holds the chunk's head
// already; append to it and hand it to End.
func (c *ChunkWriter) Begin() []byte { return append(c.buf[:0], 0, 0, 0, 0) }

// End writes a chunk that was begun with Begin.
func (c *ChunkWriter) End(b []byte) error {
	c.buf = b
	n := len(b) - 4
	if n > ChunkBytesMax {
		return fmt.Errorf("a chunk of %d bytes: at most %d", n, ChunkBytesMax)
	}
	binary.BigEndian.PutUint32(b, uint32(n))
	_, err := c.w.Write(b)
	return err
}

// ChunkReader reads what a ChunkWriter wrote.
type ChunkReader struct {
	r   io.Reader
	buf []byte
}

// NewChunkReader returns a reader of chunks from r, which should be buffered.
func NewChunkReader(r io.Reader) *ChunkReader { return &ChunkReader{r: r} }

// Next reads one chunk and returns a cursor over it, valid until the next call.
// At the end of the stream it returns io.EOF; a stream that ends inside a chunk
// is io.ErrUnexpectedEOF.
func (c *ChunkReader) Next() (Cursor, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return Cursor{}, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > ChunkBytesMax {
		return Cursor{}, fmt.Errorf("a chunk of %d bytes: at most %d", n, ChunkBytesMax)
	}
	if uint32(cap(c.buf)) < n {
		c.buf = make([]byte, n)
	}
	c.buf = c.buf[:n]
	if _, err := io.ReadFull(c.r, c.buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Cursor{}, err
	}
	return NewCursor(c.buf), nil
}
