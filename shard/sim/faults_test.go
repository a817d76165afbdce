package sim

import (
	"math/rand/v2"
	"time"
)

// faults strikes until the time is over, then heals the world.
func (w *world) faults(until time.Time) {
	r := w.chance()
	for time.Now().Before(until) {
		time.Sleep(between(r, 300*time.Millisecond, 4*time.Second))
		w.strike(r)
	}
	w.net.heal()
	for _, n := range w.nodes {
		n.mu.Lock()
		n.disk.release()
		n.mu.Unlock()
	}
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

// strike lets one thing go wrong.
func (w *world) strike(r *rand.Rand) {
	n := w.nodes[r.IntN(len(w.nodes))]
	if l := w.leader(); l != nil && r.IntN(2) == 0 {
		n = l
	}
	_, life := n.running()
	switch r.IntN(8) {
	case 0, 1:
		n.crash(life)
		w.restartLater(n)
	case 2:
		w.blackout()
	case 3:
		n.whileAlive(life, func() { n.disk.setFail() })
	case 4:
		n.whileAlive(life, func() {
			n.disk.setHang()
			w.later(between(r, time.Second, 8*time.Second), n.disk.release)
		})
	case 5:
		w.isolate(n, r.IntN(3), between(r, time.Second, 8*time.Second))
	case 6:
		w.weather(0.2*r.Float64(), 0.2*r.Float64(), between(r, 2*time.Millisecond, 100*time.Millisecond))
	case 7:
		w.handOver(n)
	}
}

// blackout cuts the power of all nodes at once.
func (w *world) blackout() {
	for _, n := range w.nodes {
		_, life := n.running()
		n.crash(life)
		w.restartLater(n)
	}
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

func (w *world) weather(loss, copies float64, slow time.Duration) {
	w.net.mu.Lock()
	defer w.net.mu.Unlock()
	w.net.loss, w.net.copies, w.net.slow = loss, copies, slow
}

// handOver asks a node to hand over its leadership, if it has it.
func (w *world) handOver(n *node) {
	if h, _ := n.running(); h != nil && len(w.nodes) > 1 && h.Groups()[0].Serving() {
		h.Groups()[0].Raft().LeadershipTransfer()
	}
}

// restartLater starts a node again after a while, with its clock set anew.
func (w *world) restartLater(n *node) {
	r := w.chance()
	off := between(r, -200*time.Millisecond, 200*time.Millisecond)
	w.later(between(r, 100*time.Millisecond, 5*time.Second), func() { n.start(off) })
}

// later does something after a while; the run waits for it.
func (w *world) later(d time.Duration, f func()) {
	w.background.Go(func() {
		time.Sleep(d)
		f()
	})
}
