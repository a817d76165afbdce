package backup

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid/pack"
)

// Reader reads a backup from front to back. Next goes to a part, Read gives its data, and
// io.EOF where that ends; then Part has its totals. It belongs to one goroutine. The first
// error sticks; bytes that are not as they were written are a *CorruptionError.
type Reader struct {
	r    *bufio.Reader
	name string // of the file, for messages
	made int64
	seed uint32

	number uint64 // of the next block
	offset uint64 // where it begins
	kind   byte   // of the block at hand
	buf    []byte // its payload
	rest   []byte // what of it was not handed out yet
	parts  []Part
	open   bool // the last of parts has not ended
	err    error
}

// NewReader reads the head of a backup. The name is for messages.
func NewReader(r io.Reader, name string) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, BlockBytesMax), name: name}
	var head [headBytes]byte
	if err := b.fill(head[:]); err != nil {
		return nil, err
	}
	var reason string
	if b.made, b.seed, reason = decodeHead(head[:]); reason != "" {
		return nil, &CorruptionError{name, reason}
	}
	if v := head[len(magic)]; v > version {
		return nil, fmt.Errorf("the backup %s was written by a newer version of throng "+
			"(format %d, this one reads %d): use that version", name, v, version)
	}
	return b, nil
}

// Made is when the backup was begun, µs since 1970.
func (r *Reader) Made() int64 { return r.made }

// Bytes is how much of the file was read.
func (r *Reader) Bytes() uint64 { return r.offset }

// Part returns the part at hand, once Next was called.
func (r *Reader) Part() Part { return r.parts[len(r.parts)-1] }

// Parts returns all parts that were read so far.
func (r *Reader) Parts() []Part { return r.parts }

// fail remembers an error.
func (r *Reader) fail(err error) error {
	if r.err == nil {
		r.err = err
	}
	return r.err
}

func (r *Reader) corrupt(format string, args ...any) error {
	return r.fail(&CorruptionError{r.name, fmt.Sprintf(format, args...)})
}

// fill reads as many bytes as there is room for.
func (r *Reader) fill(b []byte) error {
	n, err := io.ReadFull(r.r, b)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.corrupt("it is cut short at byte %d", r.offset+uint64(n))
	case err != nil:
		return r.fail(fmt.Errorf("read the backup %s: %w", r.name, err))
	}
	r.offset += uint64(len(b))
	return nil
}

// next reads and verifies a block.
func (r *Reader) next() error {
	if r.err != nil {
		return r.err
	}
	begin := r.offset
	var head [blockHeadBytes]byte
	if err := r.fill(head[:]); err != nil {
		return err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n == 0 || n > BlockBytesMax {
		return r.corrupt("the length of the block at byte %d does not fit", begin)
	}
	if r.buf == nil {
		r.buf = make([]byte, BlockBytesMax)
	}
	payload := r.buf[:n]
	if err := r.fill(payload); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(head[5:]) != blockSum(r.seed, r.number, head[0], payload) {
		return r.corrupt("the checksum of the block at byte %d does not match", begin)
	}
	r.kind, r.rest = head[0], payload
	r.number++
	return nil
}

// value decodes the payload of the block at hand.
func (r *Reader) value(want int, decode func(*pack.Cursor)) error {
	in := pack.NewCursor(r.rest)
	r.rest = nil
	more := in.Fields(want)
	decode(&in)
	err := in.End(more)
	if err == nil {
		err = in.Done()
	}
	if err != nil {
		return r.corrupt("the block before byte %d: %v", r.offset, err)
	}
	return nil
}

// Next goes to the next part; what is left of the one before is read and verified. At the
// end of a whole backup it returns io.EOF.
func (r *Reader) Next() error {
	if r.open {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
	}
	if err := r.next(); err != nil {
		return err
	}
	switch r.kind {
	case blockBegin:
		return r.begin()
	case blockIndex:
		return r.end()
	}
	return r.corrupt("the block before byte %d is none that begins a part", r.offset)
}

func (r *Reader) begin() error {
	var before Part
	if n := len(r.parts); n > 0 {
		before = r.parts[n-1]
	}
	p := Part{Offset: r.offset - blockHeadBytes - uint64(len(r.rest))}
	if err := r.value(beginFields, p.decodeBegin); err != nil {
		return err
	}
	if !p.follows(before) || len(r.parts) == PartsMax {
		return r.corrupt("%s at byte %d does not belong there", p.Name(), p.Offset)
	}
	r.parts, r.open = append(r.parts, p), true
	return nil
}

// end checks the index, which must say what was read.
func (r *Reader) end() error {
	if !bytes.Equal(r.rest, appendIndex(nil, r.parts, r.number-1)) {
		return r.corrupt("its index does not say what it holds")
	}
	if n := len(r.parts); n == 0 || r.parts[n-1].Kind < KindRecords {
		return r.corrupt("it has no records")
	}
	if _, err := r.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err != nil {
			return r.fail(fmt.Errorf("read the backup %s: %w", r.name, err))
		}
		return r.corrupt("it goes on behind its end, at byte %d", r.offset)
	}
	r.rest = nil
	return r.fail(io.EOF)
}

// Read implements io.Reader over the data of the part at hand.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if !r.open {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
		switch r.kind {
		case blockData:
			r.parts[len(r.parts)-1].Bytes += uint64(len(r.rest))
		case blockEnd:
			if err := r.endPart(); err != nil {
				return 0, err
			}
		default:
			return 0, r.corrupt("the block before byte %d is none of a part", r.offset)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *Reader) endPart() error {
	at := &r.parts[len(r.parts)-1]
	var said uint64
	err := r.value(endFields, func(in *pack.Cursor) {
		said, at.Rows, at.Digest = in.Uint(), in.Uint(), in.Uint()
	})
	if err == nil && said != at.Bytes {
		err = r.corrupt("%s holds %d bytes, its end says %d", at.Name(), at.Bytes, said)
	}
	r.open = false
	return err
}
