package host

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

const (
	// dueEvery is how often slots are looked through for what is due.
	dueEvery = 100 * time.Millisecond
	// dueAgain is how soon that is done again after a slot did some of it.
	dueAgain = 5 * time.Millisecond
)

// tickAll lets slots do what is due, in all groups that this node leads. It
// returns when it is to be called again, µs.
func (e *errands) tickAll(now int64) int64 {
	if now < e.lookAt {
		return e.lookAt
	}
	e.lookAt = neverAt
	for _, g := range e.led {
		e.tick(g, now)
		e.lookAt = now + dueEvery.Microseconds()
	}
	return e.lookAt
}

// tick proposes a KindDue to each slot of a group in which something is due.
func (e *errands) tick(g *Group, now int64) {
	e.slots = g.machine.Due(now, e.slots[:0])
	e.body = slot.AppendDue(e.body[:0])
	for _, s := range e.slots {
		if e.ticking.has(s) {
			continue
		}
		if e.write(pair{s, s}, s, slot.KindDue, e.body) != nil {
			return // the next look is soon enough
		}
		e.ticking.add(s)
	}
}

// ticked notes that a slot did what was due, or failed to. There may be more: it
// does a bounded part of it at a time, and none while its outbox is full.
func (e *errands) ticked(s grid.Slot, err error) {
	e.ticking.remove(s)
	if err == nil {
		e.lookAt = min(e.lookAt, e.host.clock.Micros()+dueAgain.Microseconds())
	}
}
