package router

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

// task is a request that has failed and is tried again.
type task struct {
	lane    *lane
	ref     grid.Ref
	level   byte // or command
	named   bool
	request []byte // slot.Command
	unknown bool   // it may have been done
	flying  bool   // it is being tried
	until   int64  // µs: when it is given up
	next    int64  // µs: when it is tried again, unless a leader is known before
}

// outcome is what becomes of a task that is given up.
func (t *task) outcome() error {
	if t.unknown {
		return errUnknown
	}
	return errNoLeader
}

// hold keeps a request that has failed, to try it again; or answers it, when that may do
// harm, or when its time is up. The request is its own.
func (r *Router) hold(
	l *lane, ref grid.Ref, level byte, named bool, request []byte, unknown, over bool,
) {
	now := r.Clock.Micros()
	if l == r.again {
		r.holdAgain(ref.Conn, unknown, now)
		return
	}
	t := &task{lane: l, ref: ref, level: level, named: named, request: request,
		unknown: unknown, until: now + r.Patience.Microseconds(), next: now}
	r.mu.Lock()
	keep := !over && !r.mu.closed && r.mayRepeat(t) && r.mu.bytes+len(request) <= HeldBytesMax
	if keep {
		r.mu.serial++
		r.mu.tasks[r.mu.serial] = t
		r.mu.bytes += len(request)
	}
	r.mu.Unlock()
	if !keep {
		l.fail(ref, t.outcome())
		return
	}
	r.kick()
}

// mayRepeat says whether doing it again does no harm.
func (r *Router) mayRepeat(t *task) bool {
	return !t.unknown || t.named || t.level != command || r.Again != nil && r.Again(t.ref.Kind)
}

// holdAgain lets a task wait that has failed once more.
func (r *Router) holdAgain(serial uint64, unknown bool, now int64) {
	r.mu.Lock()
	t := r.mu.tasks[serial]
	if t == nil {
		r.mu.Unlock()
		return
	}
	t.unknown = t.unknown || unknown
	t.flying, t.next = false, now+pause.Microseconds()
	give := !r.mayRepeat(t)
	if give {
		r.drop(serial, t)
	}
	r.mu.Unlock()
	if give {
		t.lane.fail(t.ref, t.outcome())
		return
	}
	r.arm()
}

// drop removes a task. Called under mu.
func (r *Router) drop(serial uint64, t *task) {
	delete(r.mu.tasks, serial)
	r.mu.bytes -= len(t.request)
}

// retried takes the outcomes of tasks: the Deliver of the lane again.
func (r *Router) retried(o *grid.Outcomes) {
	for i, ref := range o.Refs {
		if o.Confirmed {
			continue // nothing is confirmed on this lane
		}
		r.mu.Lock()
		t := r.mu.tasks[ref.Conn]
		if t != nil {
			r.drop(ref.Conn, t)
		}
		r.mu.Unlock()
		if t == nil {
			continue
		}
		if o.Err != nil {
			t.lane.fail(t.ref, o.Err)
			continue
		}
		status, body := o.Body(i)
		t.answer(status, body)
	}
	o.Release()
}

func (t *task) answer(status byte, body []byte) {
	b := append(append(make([]byte, 0, 1+len(body)), status), body...)
	ends := []uint32{uint32(len(b))}
	t.lane.deliver(&grid.Outcomes{Refs: []grid.Ref{t.ref}, Ends: ends, Bytes: b})
}

// run tries again what waits, and looks after what takes too long, until the router stops.
func (r *Router) run() {
	for {
		select {
		case <-r.wake:
		case <-r.stop:
			return
		}
		busy := r.sweep()
		if r.tryAll() || busy {
			r.arm()
		}
	}
}

// sweep gives up what is under way to nodes that were lost or do not lead any more, and
// what takes too long. It says whether something is under way.
func (r *Router) sweep() (busy bool) {
	moved, now := r.moved.Swap(false), r.Clock.Micros()
	r.mu.Lock()
	lost := r.mu.lost
	r.mu.lost = nil
	lanes := r.mu.lanes
	r.mu.Unlock()
	for _, l := range lanes {
		l.flying.Lock()
		n := len(l.flying.batches)
		l.flying.Unlock()
		if n == 0 {
			continue
		}
		busy = true
		l.giveUp(func(b *batch, t *item) bool {
			switch {
			case now >= b.until, slices.Contains(lost, b.node):
				return true
			case !moved:
				return false
			}
			to := r.leader(t.ref.Slot)
			// What must not be repeated waits for who may yet say what became of it.
			return to != 0 && to != b.node &&
				(t.level != command || t.named || r.Again != nil && r.Again(t.ref.Kind))
		}, true)
	}
	return busy
}

// tryAll tries what waits, as far as somebody is known to lead. It says whether there is
// something that waits.
func (r *Router) tryAll() bool {
	type try struct {
		serial uint64
		*task
	}
	var over, ready []try
	now := r.Clock.Micros()
	r.mu.Lock()
	for serial, t := range r.mu.tasks {
		switch {
		case now >= t.until:
			t.unknown = t.unknown || t.flying && t.level == command
			r.drop(serial, t)
			over = append(over, try{serial, t})
		case !t.flying && now >= t.next && r.target(t.ref.Slot) != 0:
			t.flying = true
			ready = append(ready, try{serial, t})
		}
	}
	waits := len(r.mu.tasks) > 0
	r.mu.Unlock()
	for _, t := range over {
		t.lane.fail(t.ref, t.outcome())
	}
	slices.SortFunc(ready, func(a, b try) int { return int(int64(a.serial) - int64(b.serial)) })
	for _, t := range ready {
		r.try(t.serial, t.task)
	}
	r.again.Flush()
	return waits
}

// target is the node that is tried: the leader, or whom a replica here takes for it.
func (r *Router) target(s grid.Slot) uint32 {
	if n := r.leader(s); n != 0 {
		return n
	}
	if n := r.shardOf(s); n >= 0 {
		return r.Host.Leader(n)
	}
	return 0
}

// try sends a task to whoever leads now.
func (r *Router) try(serial uint64, t *task) {
	in := pack.NewCursor(t.request)
	var c slot.Command
	if err := c.Decode(&in); err != nil {
		r.holdAgain(serial, t.unknown, r.Clock.Micros())
		return
	}
	ref := grid.Ref{Conn: serial, Kind: t.ref.Kind, Slot: t.ref.Slot}
	to := r.target(c.Slot)
	switch {
	case to != r.self():
		if r.again.stage(to, &c, t.level, ref) != nil {
			r.holdAgain(serial, false, r.Clock.Micros())
		}
	case t.level == command:
		if err := r.again.local.Write(c.Slot, c.Kind, c.ID, c.Body, ref); err != nil {
			r.refuseTask(serial, ref, err)
		}
	default:
		r.reads.add(query{serial: serial, level: grid.Level(t.level), request: t.request})
	}
}

// refuseTask takes an error that a task has met at once.
func (r *Router) refuseTask(serial uint64, ref grid.Ref, err error) {
	if leaderless(err) {
		r.holdAgain(serial, false, r.Clock.Micros())
		return
	}
	r.retried(&grid.Outcomes{Refs: []grid.Ref{ref}, Err: err})
}
