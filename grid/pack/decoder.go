package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Decoder reads the values that an Encoder wrote, whatever chunks they are in.
type Decoder struct {
	r    io.Reader
	head [headBytes]byte
	buf  []byte
	in   Cursor // over the chunk that is being read
}

// NewDecoder returns a decoder that reads from r, which should be buffered.
func NewDecoder(r io.Reader) *Decoder { return &Decoder{r: r} }

// Next returns a cursor that stands at the next value, of which all must be read
// before the next call: until then views of it are good. The cursor is always the
// same, so that its first error sticks; it may be one of reading too. Where the
// stream has no more values it is io.ErrUnexpectedEOF.
func (d *Decoder) Next() *Cursor {
	if d.in.off == len(d.in.buf) {
		d.nextChunk()
	}
	return &d.in
}

func (d *Decoder) nextChunk() {
	if d.in.err != nil {
		return
	}
	b, err := d.chunk()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	d.in = Cursor{buf: b, err: err}
}

// Done returns nil when the stream has ended with the last value read.
func (d *Decoder) Done() error {
	if d.in.Done() != nil {
		return d.in.err
	}
	switch b, err := d.chunk(); {
	case err == nil:
		d.in.err = fmt.Errorf("a chunk of %d bytes behind the last value", len(b))
	case !errors.Is(err, io.EOF):
		d.in.err = err
	}
	return d.in.err
}

// chunk reads one chunk; io.EOF: there are no more.
func (d *Decoder) chunk() ([]byte, error) {
	if _, err := io.ReadFull(d.r, d.head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(d.head[:])
	if n == 0 || n > ChunkBytesMax {
		return nil, fmt.Errorf("a chunk of %d bytes: it has 1 to %d", n, ChunkBytesMax)
	}
	if uint32(cap(d.buf)) < n {
		d.buf = make([]byte, n)
	}
	b := d.buf[:n]
	if _, err := io.ReadFull(d.r, b); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}
