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
	return m.encodeTo(w, nil)
}

// encodeTo is Encode that calls each, if it is not nil, behind each slot.
func (m *Machine) encodeTo(w io.Writer, each func(int, *slot.Slot) error) (int64, error) {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindowBytes))
	if err != nil {
		return 0, fmt.Errorf("begin to compress a snapshot: %w", err)
	}
	c := &counter{w: z}
	e := pack.NewEncoder(c)
	err = m.encode(e, each)
	if err == nil {
		err = e.Flush()
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("encode a snapshot: %w", err), z.Close())
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

func (m *Machine) encode(e *pack.Encoder, each func(int, *slot.Slot) error) error {
	n := 0
	for range m.slots.all() {
		n++
	}
	b := pack.AppendArray(e.Begin(), snapshotFields)
	b = pack.AppendUint(b, snapshotFormat)
	b = pack.AppendUint(b, m.level)
	b = pack.AppendUint(b, m.applied)
	b = pack.AppendUint(b, uint64(n))
	e.End(appendFloors(b, m.floors))
	for i, s := range m.slots.all() {
		if e.Err() != nil {
			break
		}
		e.End(pack.AppendUint(pack.AppendArray(e.Begin(), 1), uint64(i)))
		s.Encode(e)
		if each != nil {
			if err := each(int(i), s); err != nil {
				return err
			}
		}
	}
	return e.Err()
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
	fresh := NewMachine()
	size, err := decode(r, func(h head) {
		fresh.applied, fresh.floors, fresh.level = h.applied, h.floors, max(h.level, 1)
	}, func(number int, s *slot.Slot) {
		fresh.slots.put(grid.Slot(number), s)
	})
	if err != nil {
		return 0, err
	}
	m.take(fresh)
	return size, nil
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

// head is what a snapshot begins with.
type head struct {
	level   uint64
	applied uint64
	slots   uint64
	floors  grid.Floors
}

// decode reads a snapshot to its end: it calls begin with the head and each with the
// slots, in order, of which it keeps none. It returns the size before compression.
func decode(r io.Reader, begin func(head), each func(int, *slot.Slot)) (int64, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(zstdWindowBytes))
	if err != nil {
		return 0, fmt.Errorf("begin to read a compressed snapshot: %w", err)
	}
	defer z.Close()
	size := &tally{r: bufio.NewReaderSize(z, 64<<10)}
	err = decodeValues(pack.NewDecoder(size), begin, each)
	return size.n, err
}

func decodeValues(d *pack.Decoder, begin func(head), each func(int, *slot.Slot)) error {
	h, err := decodeHead(d.Next())
	if err != nil {
		return err
	}
	begin(h)
	next := uint64(0)
	for range h.slots {
		in := d.Next()
		more := in.Fields(1)
		number := in.Uint()
		if err := in.End(more); err != nil {
			return fmt.Errorf("decode a snapshot's slot: %w", err)
		}
		if number < next || number >= grid.Slots {
			return fmt.Errorf("decode a snapshot: slot %d, want %d to %d",
				number, next, grid.Slots-1)
		}
		next = number + 1
		s, err := slot.Decode(d)
		if err != nil {
			return fmt.Errorf("decode slot %d: %w", number, err)
		}
		each(int(number), s)
	}
	if err := d.Done(); err != nil {
		return fmt.Errorf("decode a snapshot: %w", err)
	}
	return nil
}

func decodeHead(in *pack.Cursor) (h head, err error) {
	more := in.Fields(snapshotFields)
	format, level := in.Uint(), in.Uint()
	h.level, h.applied, h.slots = level, in.Uint(), in.Uint()
	if in.Err() == nil && (format != snapshotFormat || level > Level) {
		return h, fmt.Errorf("decode a snapshot: format %d at level %d, this program reads %d "+
			"at %d; run a newer one", format, level, snapshotFormat, Level)
	}
	if h.floors, err = decodeFloors(in); err == nil {
		err = in.End(more)
	}
	if err != nil {
		return h, fmt.Errorf("decode a snapshot's head: %w", err)
	}
	return h, nil
}
