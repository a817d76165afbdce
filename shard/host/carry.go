package host

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

const (
	// carriesMax is how many deliveries of duties a node has under way at a time,
	// and carryBytesMax how large they may be together, so that clients' commands
	// do not wait long behind them.
	carriesMax    = 4096
	carryBytesMax = 1 << 20
	// askMax is how many deliveries a slot may have under way when it is asked for
	// more: each asking looks at all that it owes.
	askMax = 16
)

// carries are the duties under way from slot to slot: a KindDeliver to the slot
// that is to carry them out, then a KindCarried to the slot that they are from.
// There is at most one of either for a pair of slots, so that what is delivered
// again after a failure meets no later delivery on its way.
type carries struct {
	dirty slotSet   // slots that may owe what nobody carries yet
	next  grid.Slot // where asking them goes on
	// waiting are slots that owe something to a group that this node does not lead.
	waiting slotSet
	ways    map[pair]carry
	resting []pair // ways that rest, or did when they were abandoned
	wakeAt  int64  // µs: not after the first of them has rested; neverAt: none rests
	bytes   int    // of all that is under way
	debtors []debtor

	asked grid.Slot // the slot that Duties is called for
	want  func(to grid.Slot) bool
	each  func(to grid.Slot, last uint64, body []byte)
}

// pair is a way for duties.
type pair struct{ from, to grid.Slot }

// carry is what goes on between a pair.
type carry struct {
	last  uint64 // number of the last duty that is under way
	bytes int
	until int64 // µs: it rests after a failure; 0: it is under way
}

// debtor is what is known of a slot that owes.
type debtor struct {
	flying int32         // deliveries under way
	pause  time.Duration // after the last failure; 0 after a success
	until  int64         // µs: the end of that pause, for all that fails in it
}

func newCarries() carries {
	return carries{ways: make(map[pair]carry), debtors: make([]debtor, grid.Slots), wakeAt: neverAt}
}

// carryAll asks slots what they owe while there is room. It returns when it is to
// be called again, µs.
func (e *errands) carryAll(now int64) int64 {
	if now >= e.wakeAt {
		e.wakeRested(now)
	}
	for range grid.Slots {
		s, some := e.dirty.after(e.next)
		if !some || e.crowded() {
			break
		}
		e.next = (s + 1) % grid.Slots
		e.dirty.remove(s)
		if e.debtors[s].flying > askMax {
			continue // the next one that lands asks
		}
		e.asked = s
		if g := e.tour(s).group; g != nil {
			g.machine.Duties(s, e.want, e.each)
		}
	}
	return e.wakeAt
}

func (e *errands) crowded() bool { return len(e.ways) >= carriesMax || e.bytes >= carryBytesMax }

// wants says whether what the slot that is asked owes to one other can be sent now.
// Called under the machine's read lock, for all that the slot owes to: the lock is
// held for long only by what is sent, of which carries knows a bound.
func (e *errands) wants(to grid.Slot) bool {
	if _, busy := e.ways[pair{e.asked, to}]; busy || e.crowded() {
		return false // what lands or has rested asks again; of this slot there is something
	}
	if e.host.lanes == nil && e.host.leader(to) == nil {
		e.waiting.add(e.asked)
		return false
	}
	return true
}

// offer sends it. Called under the machine's read lock.
func (e *errands) offer(to grid.Slot, last uint64, body []byte) {
	p := pair{e.asked, to}
	e.ways[p] = carry{last: last, bytes: len(body)}
	e.bytes += len(body)
	e.debtors[p.from].flying++
	if err := e.write(p, to, slot.KindDeliver, body); err != nil {
		e.rest(p)
	}
}

// delivered goes on with the acknowledgement.
func (e *errands) delivered(p pair, err error) {
	if err == nil {
		e.body = slot.AppendCarried(e.body[:0], p.to, e.ways[p].last)
		err = e.write(p, p.from, slot.KindCarried, e.body)
	}
	if err != nil {
		e.rest(p)
	}
}

// acknowledged ends a way.
func (e *errands) acknowledged(p pair, err error) {
	if err != nil {
		e.rest(p)
		return
	}
	e.land(p)
	delete(e.ways, p)
	e.debtors[p.from].pause = 0
	e.dirty.add(p.from)
}

// land notes that nothing is under way between a pair.
func (e *errands) land(p pair) {
	e.bytes -= e.ways[p].bytes
	e.debtors[p.from].flying--
}

// rest lets a pair wait for a while after a failure. Nobody knows then whether
// the delivery was carried out: it is taken up again from the beginning.
func (e *errands) rest(p pair) {
	e.host.count.rested.Add(1)
	e.land(p)
	d := &e.debtors[p.from]
	if now := e.host.clock.Micros(); now >= d.until {
		d.pause = longer(d.pause, pauseMin, pauseMax)
		d.until = now + d.pause.Microseconds()
	}
	e.ways[p] = carry{until: d.until}
	e.resting = append(e.resting, p)
	e.wakeAt = min(e.wakeAt, d.until)
}

// wakeRested lets slots be asked again for what has rested long enough.
func (e *errands) wakeRested(now int64) {
	kept, next := e.resting[:0], int64(neverAt)
	for _, p := range e.resting {
		c, known := e.ways[p]
		switch {
		case !known || c.until == 0: // abandoned, and perhaps taken up again
		case c.until > now:
			kept, next = append(kept, p), min(next, c.until)
		default:
			delete(e.ways, p)
			e.dirty.add(p.from)
		}
	}
	e.resting, e.wakeAt = kept, next
}

// abandon forgets all that is carried for the slots of a group.
func (e *errands) abandon(g *Group) {
	for p, c := range e.ways {
		if e.tour(p.from).group != g {
			continue
		}
		if c.until == 0 {
			e.land(p)
		}
		delete(e.ways, p)
	}
	for s := range e.debtors {
		if at := grid.Slot(s); e.tour(at).group == g {
			e.debtors[s] = debtor{}
			e.dirty.remove(at)
			e.waiting.remove(at)
		}
	}
}
