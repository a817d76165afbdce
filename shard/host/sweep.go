package host

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

// sweepAll proposes what sweeps the led groups lack: one for each node whose floor in the
// group's machine is below the one that SetFloors wants. A sweep tells all slots of a group
// that the earlier incarnations of that node are dead, so that no session of theirs passes
// for one that is connected. It returns when it is to be called again, µs.
func (e *errands) sweepAll(now int64) int64 {
	next := int64(neverAt)
	for _, g := range e.led {
		t := &e.tours[g.number]
		if t.sweepAt <= now {
			e.sweep(t)
		}
		next = min(next, t.sweepAt)
	}
	return next
}

// sweep proposes the sweeps that a group lacks, by way of one of its slots.
func (e *errands) sweep(t *tour) {
	t.sweepAt, t.unswept = neverAt, false
	var missing []grid.Origin
	if want := e.host.floors.Load(); want != nil {
		missing = t.group.machine.Floors().Below(*want)
	}
	home, some := e.host.home(t.group.number)
	if len(missing) == 0 || !some { // slots that come later are swept as they come
		e.allSwept(t.group)
		return
	}
	for _, o := range missing {
		t.sweeps++
		w := slot.Sweep{Origin: o, Grace: e.host.options.SessionGrace.Microseconds()}
		e.body = w.Append(e.body[:0])
		if err := e.write(pair{home, home}, home, slot.KindSweep, e.body); err != nil {
			e.swept(t, err)
		}
	}
}

// home returns the first slot of a shard; false if it has none.
func (h *Host) home(number int) (grid.Slot, bool) {
	t := h.table.Load()
	for s := range grid.Slot(grid.Slots) {
		if t.Shard(s) == number {
			return s, true
		}
	}
	return 0, false
}

// swept notes how a sweep ended. Behind the last of them it is looked again what is missing.
func (e *errands) swept(t *tour, err error) {
	t.sweeps--
	t.unswept = t.unswept || err != nil
	switch {
	case t.sweeps > 0:
	case t.unswept:
		t.sweepPause = longer(t.sweepPause, pauseMin, pauseMax)
		t.sweepAt = e.host.clock.Micros() + t.sweepPause.Microseconds()
	default:
		t.sweepPause, t.sweepAt = 0, 0
	}
}

// lookForSweeps lets a group be looked at, now or when what is under way has ended.
func (e *errands) lookForSweeps(t *tour) {
	if t.sweeps == 0 {
		t.sweepAt = 0
	}
}

// allSwept notes that a group lacks no sweep: of those that were wanted by then.
func (e *errands) allSwept(g *Group) {
	if g.swept.CompareAndSwap(false, true) {
		e.host.changed()
	}
}
