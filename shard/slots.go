package shard

import (
	"iter"
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

// slotsPerPage is small, because the slots of a shard lie scattered over all there are.
const slotsPerPage = 16

// slots are the slots of a machine that something was written to, in pages: a node has
// many machines, and most have few of all slots.
type slots [grid.Slots / slotsPerPage]*page

// page is a run of slots.
type page struct {
	slots [slotsPerPage]*slot.Slot // nil: nothing was written to it
	due   [slotsPerPage]int64      // when something is due in each; derived from slots
}

// get returns a slot; nil if nothing was written to it.
func (s *slots) get(at grid.Slot) *slot.Slot {
	if p := s[at/slotsPerPage]; p != nil {
		return p.slots[at%slotsPerPage]
	}
	return nil
}

// page returns the page of a slot, making it if need be.
func (s *slots) page(at grid.Slot) *page {
	p := s[at/slotsPerPage]
	if p == nil {
		p = &page{}
		for i := range p.due {
			p.due[i] = math.MaxInt64
		}
		s[at/slotsPerPage] = p
	}
	return p
}

// put places a slot.
func (s *slots) put(at grid.Slot, one *slot.Slot) {
	p := s.page(at)
	p.slots[at%slotsPerPage], p.due[at%slotsPerPage] = one, one.Due()
}

// all yields the slots that there are, in order of their numbers.
func (s *slots) all() iter.Seq2[grid.Slot, *slot.Slot] {
	return func(yield func(grid.Slot, *slot.Slot) bool) {
		for i, p := range s {
			if p == nil {
				continue
			}
			for k, one := range p.slots {
				if one != nil && !yield(grid.Slot(i*slotsPerPage+k), one) {
					return
				}
			}
		}
	}
}
