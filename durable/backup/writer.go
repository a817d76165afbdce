package backup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Writer writes the container of a backup: parts, one after the other. It belongs to one
// goroutine. After an error it is of no use.
type Writer struct {
	w     io.Writer
	seed  uint32
	block []byte // the block that is being filled, behind room for its head

	number uint64 // of the next block
	offset uint64 // where it begins
	parts  []Part
	open   bool // the last of parts has not ended
	err    error
}

// NewWriter begins a backup at a time, µs since 1970.
func NewWriter(w io.Writer, made int64) (*Writer, error) {
	head, seed := appendHead(nil, made)
	b := &Writer{w: w, seed: seed,
		block: make([]byte, blockHeadBytes, blockHeadBytes+BlockBytesMax)}
	b.put(head)
	return b, b.err
}

func (w *Writer) put(b []byte) {
	if w.err != nil {
		return
	}
	if _, err := w.w.Write(b); err != nil {
		w.err = fmt.Errorf("write the backup: %w", err)
	}
	w.offset += uint64(len(b))
}

// flush writes the block that was filled as one of a kind.
func (w *Writer) flush(kind byte) {
	payload := w.block[blockHeadBytes:]
	w.block[0] = kind
	binary.LittleEndian.PutUint32(w.block[1:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(w.block[5:], blockSum(w.seed, w.number, kind, payload))
	w.put(w.block)
	w.number++
	w.block = w.block[:blockHeadBytes]
}

// Begin begins a part, of which Kind, Shard, Term and Index are taken.
func (w *Writer) Begin(p Part) error {
	var before Part
	if n := len(w.parts); n > 0 {
		before = w.parts[n-1]
	}
	if w.err == nil && (w.open || !p.follows(before) || len(w.parts) == PartsMax) {
		w.err = fmt.Errorf("write the backup: %s cannot follow %s", p.Name(), before.Name())
	}
	if w.err != nil {
		return w.err
	}
	p = Part{Kind: p.Kind, Shard: p.Shard, Term: p.Term, Index: p.Index, Offset: w.offset}
	w.parts, w.open = append(w.parts, p), true
	w.block = p.appendBegin(w.block)
	w.flush(blockBegin)
	return w.err
}

// Write adds to the data of the part that is open.
func (w *Writer) Write(p []byte) (n int, err error) {
	if !w.open {
		return 0, errors.New("write the backup: no part is open")
	}
	for len(p) > 0 && w.err == nil {
		m := min(cap(w.block)-len(w.block), len(p))
		w.block = append(w.block, p[:m]...)
		p, n = p[m:], n+m
		if len(w.block) == cap(w.block) {
			w.data()
		}
	}
	return n, w.err
}

// data writes the block of data that is being filled.
func (w *Writer) data() {
	if n := len(w.block) - blockHeadBytes; n > 0 {
		w.parts[len(w.parts)-1].Bytes += uint64(n)
		w.flush(blockData)
	}
}

// End ends the part that is open.
func (w *Writer) End(rows, digest uint64) error {
	if !w.open {
		return errors.New("write the backup: no part is open")
	}
	w.data()
	p := &w.parts[len(w.parts)-1]
	p.Rows, p.Digest = rows, digest
	w.open = false
	w.block = p.appendEnd(w.block)
	w.flush(blockEnd)
	return w.err
}

// Close writes the index. Only then is it a backup.
func (w *Writer) Close() ([]Part, error) {
	if w.open {
		return nil, errors.New("write the backup: a part has not ended")
	}
	w.block = appendIndex(w.block, w.parts, w.number)
	w.flush(blockIndex)
	return w.parts, w.err
}

// Bytes is how much was written.
func (w *Writer) Bytes() uint64 { return w.offset }
