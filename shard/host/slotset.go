package host

import (
	"iter"
	"math/bits"

	"github.com/thronggrid/throng/grid"
)

// slotSet is a set of slots. The zero value is empty.
type slotSet [grid.Slots / 64]uint64

func (s *slotSet) add(at grid.Slot)      { s[at/64] |= 1 << (at % 64) }
func (s *slotSet) remove(at grid.Slot)   { s[at/64] &^= 1 << (at % 64) }
func (s *slotSet) has(at grid.Slot) bool { return s[at/64]&(1<<(at%64)) != 0 }

func (s *slotSet) empty() bool { return *s == slotSet{} }

// merge adds all slots of another set.
func (s *slotSet) merge(other *slotSet) {
	for i, w := range other {
		s[i] |= w
	}
}

// all yields the slots in order. Those that are added or removed meanwhile may
// or may not be seen.
func (s *slotSet) all() iter.Seq[grid.Slot] {
	return func(yield func(grid.Slot) bool) {
		for i := range s {
			for w := s[i]; w != 0; w &= w - 1 {
				if !yield(grid.Slot(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// after returns the first slot at or behind a number, going round behind the
// last; false when the set is empty.
func (s *slotSet) after(at grid.Slot) (grid.Slot, bool) {
	for i := range len(s) + 1 {
		n := (int(at)/64 + i) % len(s)
		w := s[n]
		if i == 0 {
			w &= ^uint64(0) << (at % 64)
		}
		if w != 0 {
			return grid.Slot(n*64 + bits.TrailingZeros64(w)), true
		}
	}
	return 0, false
}
