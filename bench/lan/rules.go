package lan

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// NodesMax is how many nodes a network may have.
const NodesMax = 32

// Clients is the number of the benchmark with its clients among the nodes.
const Clients = 0

// Fault is what is wrong with a line. The zero value is a line as it should be.
type Fault struct {
	Cut    bool          // nothing passes
	Delay  time.Duration // each packet takes this long,
	Jitter time.Duration // and up to this much longer
	Loss   float64       // the part of the packets that are lost, 0 to 1
}

// Rules say what is wrong with each line.
type Rules struct {
	nodes   int
	mu      sync.RWMutex
	lines   [NodesMax + 1][NodesMax + 1]Fault
	changed chan struct{} // closed at the next change

	passed, dropped, delayed atomic.Int64
}

// NewRules returns rules for nodes 1 to n, and node 0, between which all is well.
func NewRules(n int) (*Rules, error) {
	if n < 1 || n > NodesMax {
		return nil, fmt.Errorf("a network of %d nodes: want 1 to %d", n, NodesMax)
	}
	return &Rules{nodes: n, changed: make(chan struct{})}, nil
}

// Set says what is wrong with the line from one node to another.
func (r *Rules) Set(from, to int, f Fault) {
	r.change(func() { r.lines[from][to] = f })
}

// Isolate puts a fault on all lines from and to a node that lead to its peers, or, with
// clients, to everybody.
func (r *Rules) Isolate(node int, f Fault, clients bool) {
	r.around(node, clients, func(other int) { r.lines[node][other], r.lines[other][node] = f, f })
}

// Deafen puts a fault on all lines to a node, which its peers hear on.
func (r *Rules) Deafen(node int, f Fault) {
	r.around(node, false, func(other int) { r.lines[other][node] = f })
}

// Mute puts a fault on all lines from a node, which hears its peers on.
func (r *Rules) Mute(node int, f Fault) {
	r.around(node, false, func(other int) { r.lines[node][other] = f })
}

func (r *Rules) around(node int, clients bool, each func(other int)) {
	r.change(func() {
		for other := range r.nodes + 1 {
			if other != node && (other != Clients || clients) {
				each(other)
			}
		}
	})
}

// Heal makes all lines what they should be.
func (r *Rules) Heal() {
	r.change(func() { clear(r.lines[:]) })
}

func (r *Rules) change(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
	close(r.changed)
	r.changed = make(chan struct{})
}

// at returns what is wrong with a line, and a channel that is closed when that changes.
func (r *Rules) at(from, to int) (Fault, <-chan struct{}) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.lines[from][to], r.changed
}

// Counts says what became of packets, or of a proxy's chunks.
type Counts struct{ Passed, Dropped, Delayed int64 }

// Counts returns what became of all packets so far. Those delayed count as passed too.
func (r *Rules) Counts() Counts {
	return Counts{r.passed.Load(), r.dropped.Load(), r.delayed.Load()}
}

// lost draws whether a packet is lost on a line.
func (f *Fault) lost() bool { return f.Loss > 0 && rand.Float64() < f.Loss }

// wait draws how long a packet takes on a line.
func (f *Fault) wait() time.Duration {
	if f.Jitter <= 0 {
		return f.Delay
	}
	return f.Delay + rand.N(f.Jitter)
}
