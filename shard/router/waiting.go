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
	to      uint32 // who was tried last
	until   int64  // µs: when it is given up
	next    int64  // µs: when it is tried again, unless a leader is known before
}

// size is what a task takes of HeldBytesMax.
func (t *task) size() int { return taskBytes + len(t.request) }

// taskBytes is more than what it takes to keep a task, besides its request.
const taskBytes = 512

// patience is when a request that comes now is given up.
func (r *Router) patience() int64 { return r.Clock.Micros() + r.Patience.Microseconds() }

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
	l *lane, ref grid.Ref, level byte, named bool, request []byte, unknown bool, until int64,
) {
	now := r.Clock.Micros()
	if l == r.again {
		r.holdAgain(ref.Conn, unknown, now)
		return
	}
	t := &task{lane: l, ref: ref, level: level, named: named, request: request,
		unknown: unknown, until: until, next: now}
	r.mu.Lock()
	keep := now < until && !r.mu.closed && r.mayRepeat(t) && r.mu.bytes+t.size() <= HeldBytesMax
	if keep {
		r.mu.serial++
		r.mu.tasks[r.mu.serial] = t
		r.mu.bytes += t.size()
	}
	r.mu.Unlock()
	if !keep {
		l.fail(ref, t.outcome())
		return
	}
	if r.hopes(t) {
		r.kick()
	} else {
		r.arm()
	}
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
	other := r.leader(t.ref.Slot)
	if other == t.to {
		other = 0
	}
	if other != 0 {
		t.next = now
	}
	give := !r.mayRepeat(t)
	if give {
		r.drop(serial, t)
	}
	r.mu.Unlock()
	if give {
		t.lane.fail(t.ref, t.outcome())
		return
	}
	if other != 0 {
		r.kick()
	} else {
		r.arm()
	}
}

// drop removes a task. Called under mu.
func (r *Router) drop(serial uint64, t *task) {
	delete(r.mu.tasks, serial)
	r.mu.bytes -= t.size()
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
		moved := r.moved.Swap(false)
		busy := r.sweep(moved)
		if r.tryAll(moved) || busy {
			r.arm()
		}
	}
}

// sweep gives up what is under way to nodes that were lost or do not lead any more, and
// what takes too long. It says whether something is under way.
func (r *Router) sweep(moved bool) (busy bool) {
	now := r.Clock.Micros()
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
// something that waits. A shard that has another leader is tried without a pause.
func (r *Router) tryAll(moved bool) bool {
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
		case t.flying:
		case now >= t.next && r.hopes(t) || moved && r.leader(t.ref.Slot) != 0:
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

// hopes says whether there may be a node to try.
func (r *Router) hopes(t *task) bool {
	at := r.shardOf(t.ref.Slot)
	return t.level == byte(grid.Stale) || at >= 0 && r.Leader(at) != 0
}

// target is the node that is tried: the leader, or whom a replica here takes for it, or,
// for a stale read, whoever has a replica.
func (r *Router) target(t *task) uint32 {
	if n := r.leader(t.ref.Slot); n != 0 {
		return n
	}
	at := r.shardOf(t.ref.Slot)
	if at < 0 {
		return 0
	}
	if n := r.Host.Leader(at); n != 0 || t.level != byte(grid.Stale) {
		return n
	}
	return r.replica(at)
}

// replica returns a node that can be reached and has a replica of a shard, the next one
// each time; 0: there is none.
func (r *Router) replica(number int) uint32 {
	if r.Replicas == nil || number < 0 {
		return 0
	}
	var room [16]uint32
	nodes := r.Replicas(number, room[:0])
	from := int(r.turn.Add(1))
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range nodes {
		if n := nodes[(from+i)%len(nodes)]; r.mu.up[n] {
			return n
		}
	}
	return 0
}

// try sends a task to whoever leads now.
func (r *Router) try(serial uint64, t *task) {
	in := pack.NewCursor(t.request)
	var c slot.Command
	to := r.target(t)
	r.mu.Lock()
	t.to = to
	r.mu.Unlock()
	if err := c.Decode(&in); err != nil || to == 0 {
		r.holdAgain(serial, t.unknown, r.Clock.Micros())
		return
	}
	ref := grid.Ref{Conn: serial, Kind: t.ref.Kind, Slot: t.ref.Slot}
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
		err := r.reads.add(query{serial: serial, level: grid.Level(t.level), request: t.request})
		if err != nil {
			r.refuseTask(serial, ref, err)
		}
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
