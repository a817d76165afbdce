package ranking

import (
	"math/bits"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
)

// index finds the ordinal of an owner. It grows by linear hashing, a part at a
// time, so that no insert waits for all of it: the simpler single table stalls
// 0.1 s to rehash a million records. A part is an open-addressing table with
// linear probing. Its slots are 32 bits: the low bits are an ordinal plus one,
// the others, as many as are left, are bits of the owner's hash, so that a
// probe seldom reads the record of another owner.
type index struct {
	parts []part
	n     int
}

type part struct {
	slots []uint32 // 0: empty
	n     int
	bits  uint8 // width of an ordinal plus one in a slot
}

const (
	partRecords  = 512 // on average, at most; a part that is due to be split has up to twice that
	partSlotsMin = 8
	tagShift     = 18 // lower bits of a hash choose the part; RecordsMax needs 18 of them
)

func hash(owner *grid.ID) uint64 { return xxhash.Sum64(owner[:]) }

// part returns the number of the part for a hash: by as many low bits as number
// all parts, or one less where that part does not exist yet.
func (x *index) part(h uint64) uint64 {
	n := uint64(len(x.parts))
	width := bits.Len64(n - 1)
	i := h & (1<<width - 1)
	if i >= n {
		i &= 1<<(width-1) - 1
	}
	return i
}

// home is where a probe for a hash begins.
func (p *part) home(h uint64) int { return int((h >> 32) * uint64(len(p.slots)) >> 32) }

// tag is the bits of a hash that a slot holds, in their place.
func (p *part) tag(h uint64) uint32 { return uint32(h>>tagShift) << p.bits }

func (p *part) after(i int) int {
	if i++; i < len(p.slots) {
		return i
	}
	return 0
}

// find returns the ordinal of an owner.
func (x *index) find(t *table, owner *grid.ID) (Ordinal, bool) {
	if x.n == 0 {
		return 0, false
	}
	h := hash(owner)
	p := &x.parts[x.part(h)]
	i, found := p.locate(t, owner, h)
	if !found {
		return 0, false
	}
	return p.ordinal(i), true
}

// locate returns the slot of an owner.
func (p *part) locate(t *table, owner *grid.ID, h uint64) (slot int, found bool) {
	if p.n == 0 {
		return 0, false
	}
	tag, low := p.tag(h), uint32(1)<<p.bits-1
	for i := p.home(h); ; i = p.after(i) {
		s := p.slots[i]
		if s == 0 {
			return 0, false
		}
		if s&^low == tag && t.at(Ordinal(s&low-1)).Owner == *owner {
			return i, true
		}
	}
}

func (p *part) ordinal(slot int) Ordinal { return Ordinal(p.slots[slot]&(1<<p.bits-1) - 1) }

// add enters an owner who is not there.
func (x *index) add(t *table, owner *grid.ID, o Ordinal) {
	if x.n >= len(x.parts)*partRecords {
		x.grow(t)
	}
	h := hash(owner)
	p := &x.parts[x.part(h)]
	p.reserve(t, o)
	p.put(h, o)
	x.n++
}

// newPart returns an empty part with bits enough for ordinals up to twice those
// that the table has.
func newPart(t *table, slots int) part {
	return part{slots: make([]uint32, slots), bits: uint8(bits.Len32(uint32(t.next)) + 1)}
}

// roomFor returns how many slots a part of n gets, so that it can grow by a
// quarter before it is four fifths full.
func roomFor(n int) int { return max(partSlotsMin, n*5/4*5/4+1) }

// reserve makes room for one more ordinal.
func (p *part) reserve(t *table, o Ordinal) {
	if p.n*5 < len(p.slots)*4 && bits.Len32(uint32(o)+1) <= int(p.bits) {
		return
	}
	old := *p
	*p = newPart(t, roomFor(old.n))
	for i, s := range old.slots {
		if s != 0 {
			o := old.ordinal(i)
			p.put(hash(&t.at(o).Owner), o)
		}
	}
}

func (p *part) put(h uint64, o Ordinal) {
	i := p.home(h)
	for p.slots[i] != 0 {
		i = p.after(i)
	}
	p.slots[i] = p.tag(h) | (uint32(o) + 1)
	p.n++
}

// grow adds a part, and moves to it what it takes over from another.
func (x *index) grow(t *table) {
	x.parts = append(x.parts, part{})
	n := len(x.parts) - 1
	if n == 0 {
		return
	}
	from := n - 1<<(bits.Len(uint(n))-1)
	old := x.parts[from]
	x.parts[from], x.parts[n] = newPart(t, roomFor(old.n/2)), newPart(t, roomFor(old.n/2))
	for i, s := range old.slots {
		if s == 0 {
			continue
		}
		o := old.ordinal(i)
		h := hash(&t.at(o).Owner)
		p := &x.parts[x.part(h)]
		p.reserve(t, o)
		p.put(h, o)
	}
}

// build enters all records of a table that has no free places, and says whether
// all owners differ. Each part is made once, in its final size.
func (x *index) build(t *table) bool {
	x.n = int(t.next)
	x.parts = make([]part, (x.n+partRecords-1)/partRecords)
	sizes := make([]int, len(x.parts))
	for o := range t.next {
		sizes[x.part(hash(&t.at(o).Owner))]++
	}
	for i, n := range sizes {
		x.parts[i] = newPart(t, roomFor(n))
	}
	for o := range t.next {
		owner := &t.at(o).Owner
		h := hash(owner)
		p := &x.parts[x.part(h)]
		if _, found := p.locate(t, owner, h); found {
			return false
		}
		p.put(h, o)
	}
	return true
}

// remove takes an owner out, and closes the gap, so that probes need no marks
// of what was removed.
func (x *index) remove(t *table, owner *grid.ID) {
	h := hash(owner)
	p := &x.parts[x.part(h)]
	gap, found := p.locate(t, owner, h)
	if !found {
		panic("ranking: remove an owner who is not there")
	}
	p.n--
	x.n--
	for i := p.after(gap); p.slots[i] != 0; i = p.after(i) {
		home := p.home(hash(&t.at(p.ordinal(i)).Owner))
		// What lies between its home and here may move into the gap if the gap
		// lies there too; distances are counted backwards around the ring.
		if p.back(i, home) >= p.back(i, gap) {
			p.slots[gap] = p.slots[i]
			gap = i
		}
	}
	p.slots[gap] = 0
}

// back returns how many slots before i another lies.
func (p *part) back(i, other int) int {
	if d := i - other; d >= 0 {
		return d
	}
	return i - other + len(p.slots)
}
