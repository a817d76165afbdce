package host

import (
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// errands does, for the groups that this node leads, what nobody asks for: it
// carries duties from slot to slot (carry.go), lets slots do what is due
// (due.go), and sweeps after a start (sweep.go). It is one goroutine with a lane
// of its own; whoever has news for it leaves them in its inbox. What it proposes
// carries no request ids: done twice it is done once.
//
// What it knows of a group is worth nothing once a reign is over. The state of
// the slots says it all to whoever leads next, this node included.
type errands struct {
	host     *Host
	lane     grid.Lane
	in       inbox
	mail     mail // what was taken out of the inbox
	alarm    alarm
	archiver *archiver // nil: none

	tours [shard.ShardsMax]tour
	led   []*Group // those with a tour
	last  uint32   // number of the newest tour
	carries
	ticking slotSet // slots that a KindDue is under way to
	lookAt  int64   // when to look what is due, µs; neverAt: this node leads nothing

	slots    []grid.Slot // used again
	body     []byte      // used again
	refusing bool        // the last outcome that a slot gave was an error
}

// tour is what errands knows of one reign of a group.
type tour struct {
	group  *Group // nil: this node does not lead it
	number uint32 // 0: likewise
	// sweepAt is when it is looked at what to sweep, µs; neverAt: a sweep is under way, or
	// there is nothing to.
	sweepAt    int64
	sweepPause time.Duration // after the last one failed
	sweeps     int           // under way
	unswept    bool          // one of them has failed
}

// Pauses after failures grow between these.
const (
	pauseMin = 5 * time.Millisecond
	pauseMax = time.Second
)

func newErrands(h *Host) *errands {
	e := &errands{host: h, lookAt: neverAt}
	e.in.wake = make(chan struct{}, 1)
	e.alarm = alarm{clock: h.clock, ring: e.in.kick, at: neverAt}
	e.carries = newCarries()
	e.want, e.each = e.wants, e.offer
	return e
}

// run serves until stop is closed.
func (e *errands) run(stop <-chan struct{}) {
	e.lane = e.host.openFar(e.in.answer)
	defer e.in.close()
	defer e.alarm.stop()
	for {
		select {
		case <-e.in.wake:
			e.round()
		case <-stop:
			return
		}
	}
}

// round takes what has come and does all that there is to do now.
func (e *errands) round() {
	e.in.take(&e.mail)
	for _, n := range e.mail.news {
		e.end(n.group)
		if n.leads {
			e.begin(n.group)
		}
	}
	if e.mail.raised {
		for _, g := range e.led {
			e.lookForSweeps(&e.tours[g.number])
		}
	}
	e.owe()
	for _, o := range e.mail.outcomes {
		e.hear(o)
		o.Release()
	}
	now := e.host.clock.Micros()
	next := min(e.sweepAll(now), e.tickAll(now), e.carryAll(now))
	e.lane.Flush()
	e.host.count.carrying(&e.carries)
	e.alarm.set(next)
}

// begin takes up what a group owes, now that this node leads it.
func (e *errands) begin(g *Group) {
	if e.host.options.AtRest {
		e.allSwept(g) // by the node's next start
		return
	}
	e.last++
	e.tours[g.number] = tour{group: g, number: e.last}
	e.led = append(e.led, g)
	e.lookAt = 0
	e.slots = g.machine.Owing(e.slots[:0])
	for _, s := range e.slots {
		e.mail.owing.add(s)
	}
	// What could not be carried to a group that this node did not lead.
	e.dirty.merge(&e.waiting)
	e.waiting = slotSet{}
}

// owe notes that slots owe something, if this node leads them.
func (e *errands) owe() {
	for s := range e.mail.owing.all() {
		if e.tour(s).number == 0 {
			e.mail.owing.remove(s)
		}
	}
	e.dirty.merge(&e.mail.owing)
	if e.archiver != nil {
		e.archiver.in.note(&e.mail.owing, e.mail.bytes)
	}
}

// end forgets a group; there may be nothing to forget.
func (e *errands) end(g *Group) {
	if e.tours[g.number].group != g {
		return
	}
	e.abandon(g)
	for s := range e.ticking.all() {
		if e.tour(s).group == g {
			e.ticking.remove(s)
		}
	}
	e.tours[g.number] = tour{}
	e.led = slices.DeleteFunc(e.led, func(o *Group) bool { return o == g })
}

func (e *errands) tour(s grid.Slot) *tour { return &e.tours[e.host.table.Load().Shard(s)] }

// write stages a command that is sent to a slot on behalf of another or the same
// one. Its outcome counts as long as the tour of the latter lasts.
func (e *errands) write(p pair, to grid.Slot, kind grid.Kind, body []byte) error {
	ref := grid.Ref{Conn: uint64(p.from)<<16 | uint64(p.to), ID: e.tour(p.from).number, Kind: kind}
	return e.lane.Write(to, kind, grid.RequestID{}, body, ref)
}

// hear takes outcomes to whom they belong.
func (e *errands) hear(o *grid.Outcomes) {
	for i, ref := range o.Refs {
		p := pair{from: grid.Slot(ref.Conn >> 16), to: grid.Slot(ref.Conn)}
		if e.tour(p.from).number != ref.ID {
			continue // a reign is over that this was done in
		}
		err := e.outcome(o, i)
		switch ref.Kind {
		case slot.KindDeliver:
			e.delivered(p, err)
		case slot.KindCarried:
			e.acknowledged(p, err)
		case slot.KindDue:
			e.ticked(p.from, err)
		case slot.KindSweep:
			e.swept(e.tour(p.from), err)
		}
	}
}

// outcome returns the error that a command has met. One that a slot itself gives
// should not be, and is logged once until all is well again.
func (e *errands) outcome(o *grid.Outcomes, i int) error {
	if o.Err != nil {
		return o.Err
	}
	err := outcomeOf(o, i)
	if err != nil && !e.refusing {
		e.host.options.Logger.Error("a slot refuses what is to be done in it; it is tried again",
			"kind", o.Refs[i].Kind, "error", err)
	}
	e.refusing = err != nil
	return err
}

// outcomeOf returns the error that stands in an outcome.
func outcomeOf(o *grid.Outcomes, i int) error {
	status, body := o.Body(i)
	if fault.Code(status) == fault.OK {
		return nil
	}
	c := pack.NewCursor(body)
	err, broken := fault.Decode(&c)
	if broken != nil {
		return broken
	}
	return err
}
