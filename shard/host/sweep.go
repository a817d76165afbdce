package host

import "github.com/thronggrid/throng/grid/slot"

// sweepAll proposes the sweep to the groups that await one: to each when this
// incarnation of the node begins to lead it for the first time, until it is
// committed. It tells the slots that all earlier incarnations of this node are
// dead, so that no session of theirs passes for one that is connected. It
// returns when it is to be called again, µs.
func (e *errands) sweepAll(now int64) int64 {
	next := int64(neverAt)
	for i := range e.tours {
		t := &e.tours[i]
		if t.number == 0 {
			continue
		}
		if t.sweepAt <= now {
			e.sweep(e.host.groups[i])
		}
		next = min(next, t.sweepAt)
	}
	return next
}

// sweep proposes a sweep of all slots of a group, by way of one of them.
func (e *errands) sweep(g *Group) {
	e.tours[g.number].sweepAt = neverAt
	w := slot.Sweep{Origin: e.host.origin, Grace: e.host.options.SessionGrace.Microseconds()}
	e.body = w.Append(e.body[:0])
	if err := e.write(pair{g.home, g.home}, g.home, slot.KindSweep, e.body); err != nil {
		e.swept(g, err)
	}
}

// swept notes that a group is swept, or must be swept again.
func (e *errands) swept(g *Group, err error) {
	if err == nil {
		g.swept.Store(true)
		e.host.changed()
		return
	}
	t := &e.tours[g.number]
	t.sweepPause = longer(t.sweepPause, pauseMin, pauseMax)
	t.sweepAt = e.host.clock.Micros() + t.sweepPause.Microseconds()
}
