package netio

import (
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
)

// interest says which loops have members on streams of a slot, one bit for each
// loop, so that a hint wakes none but those. More than 64 loops share bits.
type interest struct {
	slots [grid.Slots]atomic.Uint64
	// joining are the loops that have been handed outcomes by which connections come
	// on streams, and have not settled them. What is hinted from then on is for them
	// too: who was answered that it is on a stream misses nothing that follows.
	joining atomic.Uint64
	lasting bool // bits are shared: they stay
}

// in returns the loops that care for a slot. It looks at joining first: a loop that has
// settled what is joining has noted in slots before what came of it.
func (i *interest) in(s grid.Slot) uint64 {
	joining := i.joining.Load()
	return i.slots[s].Load() | joining
}

// set and clear are called by the loop whose bit it is.
func (i *interest) set(s grid.Slot, loop int) { i.slots[s].Or(bit(loop)) }

func (i *interest) clear(s grid.Slot, loop int) {
	if !i.lasting {
		i.slots[s].And(^bit(loop))
	}
}

// bit is a loop's bit.
func bit(loop int) uint64 { return 1 << (loop % 64) }

// joined ends what joining is for. Called by the loop, under its inbox's lock, as
// joining is set.
func (i *interest) joined(loop int) {
	if !i.lasting {
		i.joining.And(^bit(loop))
	}
}
