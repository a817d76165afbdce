package sim

import (
	"math/rand/v2"
	"time"
)

// faults strikes until the time is over, then heals the world.
func (w *world) faults() {
	r := w.chance()
	for w.stormy() {
		time.Sleep(between(r, 300*time.Millisecond, 4*time.Second))
		w.strike(r)
	}
	w.net.heal()
	for _, n := range w.nodes {
		n.mu.Lock()
		n.disk.release()
		n.disk.setFull(false)
		n.disk.cutAt(0, nil)
		n.mu.Unlock()
	}
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

// strike lets one thing go wrong.
func (w *world) strike(r *rand.Rand) {
	n := w.nodes[r.IntN(len(w.nodes))]
	if l := w.leader(r); l != nil && r.IntN(2) == 0 {
		n = l
	}
	_, life := n.running()
	switch r.IntN(18) {
	case 0:
		n.crash(life)
	case 1:
		n.whileAlive(life, func() { n.disk.cutAt(1+r.IntN(20), func() { n.crash(life) }) })
	case 2:
		w.blackout()
	case 3:
		n.whileAlive(life, func() { n.disk.setFail() })
	case 4:
		w.hang(n, life, between(r, time.Second, 8*time.Second))
	case 5:
		w.isolate(n, r.IntN(3), between(r, time.Second, 8*time.Second))
	case 6:
		w.net.setWeather(0.02*r.Float64(), between(r, 2*time.Millisecond, 100*time.Millisecond))
	case 7:
		w.handOver(r)
	case 8, 9:
		w.fill(n, between(r, 500*time.Millisecond, 8*time.Second))
	case 10, 11:
		w.pause(n, between(r, time.Second, 9*time.Second))
	default:
		w.depose(r)
	}
}

// blackout cuts the power of all nodes at once.
func (w *world) blackout() {
	for _, n := range w.nodes {
		_, life := n.running()
		n.crash(life)
	}
}

// hang lets the syncs of a node hang for a while.
func (w *world) hang(n *node, life int, d time.Duration) {
	n.whileAlive(life, func() {
		n.disk.setHang()
		w.later(d, n.disk.release)
	})
}

// isolate cuts a node off from the others: both ways, or one.
func (w *world) isolate(n *node, ways int, d time.Duration) {
	set := func(cut bool) {
		for _, o := range w.nodes {
			if o != n {
				w.net.setCut(n.addr, o.addr, cut && ways != 1)
				w.net.setCut(o.addr, n.addr, cut && ways != 2)
			}
		}
	}
	set(true)
	w.later(d, func() { set(false) })
}

// pause lets all that a node says and is told wait for a while. Its clock goes on.
func (w *world) pause(n *node, d time.Duration) {
	w.net.setPaused(n.addr, true)
	w.later(d, func() { w.net.setPaused(n.addr, false) })
}

// depose lets a leader lose its office without noticing: its disk hangs, and
// Raft with it, so that nothing but its lease keeps it from answering reads.
// Often it is cut off as well, or gets the last answers late.
func (w *world) depose(r *rand.Rand) {
	n := w.leader(r)
	if n == nil || len(w.nodes) == 1 {
		return
	}
	_, life := n.running()
	d := between(r, 4*time.Second, 9*time.Second)
	w.hang(n, life, d)
	if r.IntN(2) == 0 {
		w.net.setLate(n.addr, between(r, 300*time.Millisecond, 2*time.Second))
		time.Sleep(between(r, 100*time.Millisecond, 400*time.Millisecond))
		w.later(d, func() { w.net.setLate(n.addr, 0) })
	}
	if r.IntN(3) > 0 {
		w.isolate(n, r.IntN(3), d)
	}
}

// handOver asks a node to hand over its leadership of a group.
func (w *world) handOver(r *rand.Rand) {
	n, g := w.leader(r), r.IntN(w.shards)
	if n == nil || len(w.nodes) == 1 {
		return
	}
	if h, _ := n.running(); h != nil && h.Groups()[g].Serving() {
		h.Groups()[g].Raft().LeadershipTransfer()
	}
}

// restartLater starts a node again after a while.
func (w *world) restartLater(n *node) {
	w.later(between(w.chance(), 100*time.Millisecond, 5*time.Second), n.start)
}

// later does something after a while; the run waits for it.
func (w *world) later(d time.Duration, f func()) {
	w.background.Go(func() {
		time.Sleep(d)
		f()
	})
}
