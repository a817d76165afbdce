package host

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

const (
	// archiveBytesMax is about how much is archived in one round. Rounds begin
	// archiveEvery apart, so that rows come in batches, or as soon as
	// archiveBytesSoon wait.
	archiveBytesMax  = 4 << 20
	archiveBytesSoon = 1 << 20
	archiveEvery     = 50 * time.Millisecond
	// rowBytes is about what a row costs beside its key and message.
	rowBytes = 64

	// Pauses after failures grow between these.
	archivePauseMin = 100 * time.Millisecond
	archivePauseMax = 10 * time.Second
)

// archiver brings what slots have to archive into the archive, and tells them
// when it is there. It is one goroutine, apart from errands because the archive
// may take its time. What is archived twice is archived once: rows land by their
// revisions.
type archiver struct {
	host  *Host
	to    chat.Archive
	lane  grid.Lane
	in    backlog
	alarm alarm

	flying slotSet       // slots to which an acknowledgement is under way
	next   grid.Slot     // where gathering goes on
	at     int64         // when the next round may begin, µs, unless much waits
	pause  time.Duration // after the last round failed; 0: it did not

	rows     []chat.Row       // of the round
	acks     []acks           // of the round; used again
	outcomes []*grid.Outcomes // used again
}

// acks are the acknowledgements for what was gathered of a slot.
type acks struct {
	slot   grid.Slot
	bodies [][]byte // of KindArchived, in this order
}

// ackLast is the grid.Ref.ID of the last acknowledgement of a slot in a round.
const ackLast = 1

func newArchiver(h *Host, to chat.Archive) *archiver {
	a := &archiver{host: h, to: to}
	a.in.wake = make(chan struct{}, 1)
	a.alarm = alarm{clock: h.clock, ring: a.in.kick, at: neverAt}
	return a
}

// run serves until stop is closed and the archive has answered.
func (a *archiver) run(stop <-chan struct{}) {
	a.lane = a.host.openFar(a.in.answer)
	defer a.in.close()
	defer a.alarm.stop()
	for {
		select {
		case <-a.in.wake:
		case <-stop:
			return
		}
		a.hear()
		if a.ready() {
			a.round()
		}
	}
}

// hear takes what became of acknowledgements. A slot may have more to archive
// then, or the same again.
func (a *archiver) hear() {
	var again slotSet
	a.outcomes = a.in.answers(a.outcomes)
	for _, o := range a.outcomes {
		for i, ref := range o.Refs {
			if o.Err == nil {
				a.result(outcomeOf(o, i))
			}
			if ref.ID == ackLast {
				a.flying.remove(grid.Slot(ref.Conn))
				again.add(grid.Slot(ref.Conn))
			}
		}
		o.Release()
	}
	a.in.note(&again, 0)
}

// ready says whether a round may begin; if one may later, it sets the alarm.
func (a *archiver) ready() bool {
	some, much := a.in.waits()
	switch {
	case !some:
		a.alarm.set(neverAt)
		return false
	case much && a.pause == 0 || a.at <= a.host.clock.Micros():
		return true
	}
	a.alarm.set(a.at)
	return false
}

// round archives what waits, or a part of it.
func (a *archiver) round() {
	a.at = a.host.clock.Micros() + archiveEvery.Microseconds()
	a.gather()
	if len(a.acks) == 0 {
		return
	}
	err := a.store()
	var again slotSet
	for _, k := range a.acks {
		if err != nil || a.acknowledge(&k) != nil {
			again.add(k.slot)
		}
	}
	a.lane.Flush()
	a.in.note(&again, 0)
}

// store stores the rows of a round, which the archive may keep.
func (a *archiver) store() error {
	if len(a.rows) == 0 {
		return nil // it has them: the slots do not know
	}
	rows, began := len(a.rows), a.host.clock.Micros()
	err := a.to.Store(a.rows)
	a.host.count.stored(rows, began, a.host.clock.Micros(), err)
	a.rows = nil
	if err != nil {
		a.result(err)
	}
	return err
}

// gather collects what slots that this node leads have to archive. What it does
// not come to waits for the next round.
func (a *archiver) gather() {
	clear(a.acks)
	a.rows, a.acks = nil, a.acks[:0]
	owing, bytes := a.in.take(), 0
	for bytes < archiveBytesMax {
		s, some := owing.after(a.next)
		if !some {
			break
		}
		owing.remove(s)
		a.next = (s + 1) % grid.Slots
		switch g := a.host.leader(s); {
		case g == nil: // its next leader looks for itself
		case a.flying.has(s): // asked again when that has landed
		default:
			bytes += a.gatherFrom(g, s, archiveBytesMax-bytes)
		}
	}
	a.in.note(&owing, archiveBytesSoon)
}

// gatherFrom collects what one slot has to archive, and returns about how many
// bytes that are.
func (a *archiver) gatherFrom(g *Group, s grid.Slot, bytesMax int) (bytes int) {
	rows, bodies := g.machine.Backlog(s, bytesMax)
	if len(bodies) > 0 {
		a.acks = append(a.acks, acks{s, bodies})
	}
	a.rows = append(a.rows, rows...)
	for i := range rows {
		bytes += rowBytes + len(rows[i].Key) + len(rows[i].Message)
	}
	return bytes
}

// acknowledge tells a slot that what was gathered of it is archived.
func (a *archiver) acknowledge(k *acks) error {
	for i, body := range k.bodies {
		ref := grid.Ref{Conn: uint64(k.slot), Kind: chat.KindArchived}
		if i == len(k.bodies)-1 {
			ref.ID = ackLast
		}
		err := a.lane.Write(k.slot, chat.KindArchived, grid.RequestID{}, body, ref)
		if err != nil {
			return err // what was acknowledged counts
		}
	}
	a.flying.add(k.slot)
	return nil
}

// result notes that something was archived, or was not: that puts off the next
// round, and is logged once in a row.
func (a *archiver) result(err error) {
	a.host.count.archiveFails.Store(err != nil)
	switch log := a.host.options.Logger; {
	case err == nil && a.pause == 0:
		return
	case err == nil:
		a.pause = 0
		log.Info("messages are archived again")
		return
	case a.pause == 0:
		log.Warn("messages are not archived; they stay in memory, and it is tried again: "+
			"see to the archive before their channels are full", "error", err)
	}
	a.pause = longer(a.pause, archivePauseMin, archivePauseMax)
	a.at = a.host.clock.Micros() + a.pause.Microseconds()
}
