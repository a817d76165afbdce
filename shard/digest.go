package shard

import (
	"encoding/binary"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

// digester hashes the state of a shard, slot by slot.
type digester struct{ xxhash.Digest }

// newDigester begins with what a snapshot's head says of the state. The first level says
// nothing: there were digests before there were levels.
func newDigester(floors grid.Floors, level uint64) *digester {
	d := &digester{}
	d.Reset()
	d.write(appendFloors(nil, floors))
	if level > 1 {
		d.write(pack.AppendUint(nil, level))
	}
	return d
}

func (d *digester) write(b []byte) { _, _ = d.Write(b) } // never fails

// slot adds a slot by its own digest.
func (d *digester) slot(number int, digest uint64) {
	b := binary.BigEndian.AppendUint16(nil, uint16(number))
	d.write(binary.LittleEndian.AppendUint64(b, digest))
}

// Digest returns a hash of the whole state, equal for equal states. It clones,
// so it is called by the applier, or while nothing is applied.
func (m *Machine) Digest() uint64 {
	c := m.Clone()
	d := newDigester(c.floors, c.level)
	for i, s := range c.slots.all() {
		d.slot(int(i), s.Digest())
	}
	return d.Sum64()
}

// EncodeDigest is Encode and Digest of a clone at once. It calls pause often, which may
// wait, and ends with its error.
func (m *Machine) EncodeDigest(w io.Writer, pause func() error) (digest uint64, err error) {
	d := newDigester(m.floors, m.level)
	_, err = m.encodeTo(w, func(number int, s *slot.Slot) error {
		h := xxhash.New()
		if err := s.EncodeAlone(paced{h, pause}); err != nil {
			return err
		}
		d.slot(number, h.Sum64())
		return pause()
	})
	return d.Sum64(), err
}

// paced lets a pause follow each write.
type paced struct {
	w     io.Writer
	pause func() error
}

func (p paced) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if err == nil {
		err = p.pause()
	}
	return n, err
}

// Content is what a snapshot holds, as ReadDigest found it.
type Content struct {
	Level   uint64      // the highest feature level that an entry had
	Applied uint64      // log index of the last entry applied
	Floors  grid.Floors // the lowest live incarnations
	Slots   int         // that something was written to
	Stamp   int64       // the highest stamp of any slot, µs
	Bytes   int64       // before compression
	Digest  uint64      // as Machine.Digest has it
}

// ReadDigest reads a snapshot that Encode wrote, to its end. It holds one slot at a time,
// and calls each with it, unless each is nil. Along with an error it returns what it found
// before; there is no digest then.
func ReadDigest(r io.Reader, each func(number int, s *slot.Slot)) (c Content, err error) {
	var d *digester
	c.Bytes, err = decode(r, func(h head) {
		c.Level, c.Applied, c.Floors = h.level, h.applied, h.floors
		d = newDigester(h.floors, h.level)
	}, func(number int, s *slot.Slot) {
		c.Slots++
		c.Stamp = max(c.Stamp, s.Stamp())
		d.slot(number, s.Digest())
		if each != nil {
			each(number, s)
		}
	})
	if err == nil {
		c.Digest = d.Sum64()
	}
	return c, err
}
