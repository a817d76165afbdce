package shard

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

const (
	snapshotFormat = 2
	snapshotFields = 5
	// floorsMax bounds the nodes that a snapshot may name.
	floorsMax = 1 << 16
	// zstdWindowBytes bounds what a compressed stream can make its reader hold.
	zstdWindowBytes = 1 << 20
)

// Encode writes a snapshot of the machine, which must be a clone. It returns the
// size of the state, in bytes before compression.
func (m *Machine) Encode(w io.Writer) (int64, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindowBytes))
	if err != nil {
		return 0, fmt.Errorf("begin to compress a snapshot: %w", err)
	}
	c := &counter{w: z}
	if err := m.encode(pack.NewChunkWriter(c)); err != nil {
		return 0, errors.Join(err, z.Close())
	}
	if err := z.Close(); err != nil {
		return 0, fmt.Errorf("end a compressed snapshot: %w", err)
	}
	return c.n, nil
}

// counter counts the bytes that go through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (m *Machine) encode(w *pack.ChunkWriter) error {
	n := 0
	for _, s := range &m.slots {
		if s != nil {
			n++
		}
	}
	b := pack.AppendArray(w.Begin(), snapshotFields)
	b = pack.AppendUint(b, snapshotFormat)
	b = pack.AppendUint(b, Level)
	b = pack.AppendUint(b, m.applied)
	b = pack.AppendUint(b, uint64(n))
	b = appendFloors(b, m.floors)
	if err := w.End(b); err != nil {
		return fmt.Errorf("encode a snapshot's head: %w", err)
	}
	for i, s := range &m.slots {
		if s == nil {
			continue
		}
		if err := w.End(pack.AppendUint(pack.AppendArray(w.Begin(), 1), uint64(i))); err != nil {
			return fmt.Errorf("encode slot %d: %w", i, err)
		}
		if err := s.Encode(w); err != nil {
			return fmt.Errorf("encode slot %d: %w", i, err)
		}
	}
	return nil
}

// appendFloors appends [origin…].
func appendFloors(b []byte, floors grid.Floors) []byte {
	b = pack.AppendArray(b, len(floors))
	for _, o := range floors {
		b = pack.AppendUint(b, uint64(o))
	}
	return b
}

// decodeFloors reads what appendFloors wrote.
func decodeFloors(c *pack.Cursor) (grid.Floors, error) {
	n := c.Array()
	if n > floorsMax {
		return nil, fmt.Errorf("floors of %d nodes, at most %d", n, floorsMax)
	}
	var floors grid.Floors
	for range n {
		o := grid.Origin(c.Uint())
		if k := len(floors); k > 0 && floors[k-1].Node() >= o.Node() {
			return nil, fmt.Errorf("the floor of node %d is out of order", o.Node())
		}
		floors = append(floors, o)
	}
	return floors, c.Err()
}

// Decode puts the state that a snapshot holds in place of the machine's, and
// returns its size as Encode does. On an error the machine is as it was.
func (m *Machine) Decode(r io.Reader) (int64, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(zstdWindowBytes))
	if err != nil {
		return 0, fmt.Errorf("begin to read a compressed snapshot: %w", err)
	}
	defer z.Close()
	b := bufio.NewReaderSize(z, 64<<10)
	size := &tally{r: b}
	fresh := NewMachine()
	if err := fresh.decode(pack.NewChunkReader(size)); err != nil {
		return 0, err
	}
	if _, err := b.ReadByte(); err != io.EOF {
		return 0, fmt.Errorf("read a snapshot: bytes behind its last slot (%v)", err)
	}
	m.take(fresh)
	return size.n, nil
}

// tally counts the bytes that are read through it.
type tally struct {
	r io.Reader
	n int64
}

func (t *tally) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	t.n += int64(n)
	return n, err
}

func (m *Machine) decode(r *pack.ChunkReader) error {
	c, err := r.Next()
	if err != nil {
		return fmt.Errorf("decode a snapshot's head: %w", err)
	}
	fields, format, level := c.Array(), c.Uint(), c.Uint()
	m.applied = c.Uint()
	n := c.Uint()
	switch {
	case c.Err() != nil:
		return fmt.Errorf("decode a snapshot's head: %w", c.Err())
	case fields < snapshotFields || format != snapshotFormat || level > Level:
		return fmt.Errorf("decode a snapshot: format %d at level %d, this program reads %d at %d; "+
			"run a newer one", format, level, snapshotFormat, Level)
	}
	if m.floors, err = decodeFloors(&c); err != nil {
		return fmt.Errorf("decode a snapshot's head: %w", err)
	}
	next := uint64(0)
	for range n {
		if c, err = r.Next(); err != nil {
			return fmt.Errorf("decode a snapshot's slot: %w", err)
		}
		fields, number := c.Array(), c.Uint()
		if c.Err() != nil || fields < 1 || number < next || number >= grid.Slots {
			return fmt.Errorf("decode a snapshot: slot %d, want %d to %d (%v)",
				number, next, grid.Slots-1, c.Err())
		}
		next = number + 1
		if m.slots[number], err = slot.Decode(r); err != nil {
			return fmt.Errorf("decode slot %d: %w", number, err)
		}
		m.due[number] = m.slots[number].Due()
	}
	return nil
}
