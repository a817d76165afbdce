package sim

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/shard/host"
)

var (
	seeds    = flag.Int("sim.seeds", 200, "how many seeds TestSim runs")
	first    = flag.Uint64("sim.first", 1, "the first seed")
	faultFor = flag.Duration("sim.faults", 60*time.Second, "how long faults strike, in the world's time")
)

const (
	clients = 4
	// healWithin is how long a healed world may take to accept a write again.
	healWithin = 10 * time.Second
	// checkWithin bounds the check of one history, in real time.
	checkWithin = 60 * time.Second
)

// stats counts what the runs went through.
type stats struct {
	operations, unknown, elections, crashes, snapshots int
}

func (s *stats) add(o stats) {
	s.operations += o.operations
	s.unknown += o.unknown
	s.elections += o.elections
	s.crashes += o.crashes
	s.snapshots += o.snapshots
}

// world is one run.
type world struct {
	t     *testing.T
	seed  uint64
	net   *network
	nodes []*node
	// background holds what goes on beside clients and faults: restarts, ends of
	// faults, old processes that shut down.
	background sync.WaitGroup

	mu      sync.Mutex
	rand    *rand.Rand
	failure error // the first thing that must not be
	events  int64
	names   int
	history []porcupine.Operation
	stats   stats
}

// TestSim runs the seeds, every other one with a single replica.
func TestSim(t *testing.T) {
	var total stats
	for i := range *seeds {
		seed := *first + uint64(i)
		ok := t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed, 1+2*int(seed%2))
				w.run()
				total.add(w.stats)
			})
		})
		if !ok {
			break
		}
	}
	say(t, fmt.Sprintf(
		"%d seeds: %d operations (%d of unknown outcome), %d elections, %d crashes, %d snapshots",
		*seeds, total.operations, total.unknown, total.elections, total.crashes, total.snapshots))
	if *seeds >= 20 && !t.Failed() {
		exercised(t, total)
	}
}

// say logs a line. The go command keeps to itself what passing tests log unless
// it is asked with -v, but what a simulation went through is always worth a
// line: where the system lets us, it is written to the go command's own stderr.
func say(t *testing.T, line string) {
	t.Log(line)
	if testing.Verbose() {
		return
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/2", os.Getppid()), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, line)
}

// exercised fails runs in which too little happened to mean anything.
func exercised(t *testing.T, s stats) {
	n := *seeds
	for what, got := range map[string][2]int{
		"operations": {s.operations, 50 * n}, "elections": {s.elections, 2 * n},
		"crashes": {s.crashes, 2 * n}, "snapshots": {s.snapshots, 2 * n},
	} {
		if got[0] < got[1] {
			t.Errorf("only %d %s: the simulation must exercise at least %d", got[0], what, got[1])
		}
	}
}

func newWorld(t *testing.T, seed uint64, replicas int) *world {
	w := &world{t: t, seed: seed, net: newNetwork(seed), rand: rand.New(rand.NewPCG(seed, 0))}
	for i := range replicas {
		w.nodes = append(w.nodes, &node{w: w, number: uint32(i + 1), disk: newDisk(),
			addr: raft.ServerAddress(fmt.Sprintf("node-%d", i+1))})
	}
	return w
}

func (w *world) voters() []raft.Server {
	var all []raft.Server
	for _, n := range w.nodes {
		all = append(all, raft.Server{ID: raft.ServerID(n.addr), Address: n.addr})
	}
	return all
}

// run is the life of a world. Whatever goes wrong in it, its nodes are closed
// before it is reported: a bubble cannot be left otherwise.
func (w *world) run() {
	w.live()
	if w.failed() == nil {
		w.recovers()
		w.agrees()
	}
	for _, n := range w.nodes {
		if h, _ := n.running(); h != nil {
			w.stats.elections += elections(h)
			w.failIf(h.Close() != nil, "node %d does not close", n.number)
		}
	}
	w.background.Wait()
	time.Sleep(10 * rpcTimeout) // requests that are still on their way give up
	w.linearizable()
	if err := w.failed(); err != nil {
		w.t.Fatalf("%v; run it again with -sim.first=%d -sim.seeds=1", err, w.seed)
	}
}

// live lets clients work while faults strike, then heals the world.
func (w *world) live() {
	for _, n := range w.nodes {
		n.start(0)
	}
	w.failIf(!w.newClient(1).create(), "the boards could not be created")
	until := time.Now().Add(*faultFor)
	var busy sync.WaitGroup
	for i := range clients {
		c := w.newClient(uint64(10 + i))
		busy.Go(func() {
			for time.Now().Before(until) && w.failed() == nil {
				c.operate()
				time.Sleep(time.Duration(c.rand.IntN(int(400 * time.Millisecond))))
			}
		})
	}
	w.faults(until)
	busy.Wait()
	w.background.Wait()
}

// elections is the number of terms a group went through, on one node.
func elections(h *host.Host) int { return int(h.Groups()[0].Raft().CurrentTerm()) }

// recovers fails unless the healed world takes a write within healWithin.
func (w *world) recovers() {
	for _, n := range w.nodes {
		n.start(0)
	}
	began := time.Now()
	w.failIf(!w.newClient(2).create(), "no write succeeds in the healed world")
	w.failIf(time.Since(began) > healWithin,
		"the healed world took its first write after %v", time.Since(began))
}

// agrees fails unless all replicas come to the same state.
func (w *world) agrees() {
	type state struct{ applied, digest uint64 }
	var states []state
	for range 100 {
		states = states[:0]
		for _, n := range w.nodes {
			if h, _ := n.running(); h != nil {
				applied, digest := h.Groups()[0].Digest()
				states = append(states, state{applied, digest})
			}
		}
		if len(states) == len(w.nodes) && len(slices.Compact(slices.Clone(states))) == 1 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.failIf(true, "the replicas do not agree: %+v", states)
}

// linearizable checks the history. Unknown is not good enough.
func (w *world) linearizable() {
	slices.SortFunc(w.history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	result, info := porcupine.CheckOperationsVerbose(model, w.history, checkWithin)
	if result == porcupine.Ok {
		return
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("throng-sim-%d.html", w.seed))
	if err := porcupine.VisualizePath(model, info, file); err != nil {
		w.t.Logf("the history could not be drawn: %v", err)
	}
	w.failIf(true, "the history of %d operations is %s; it is drawn in %s",
		len(w.history), result, file)
}

// leader returns the node that serves, if there is one.
func (w *world) leader() *node {
	for _, n := range w.nodes {
		if h, _ := n.running(); h != nil && h.Groups()[0].Serving() {
			return n
		}
	}
	return nil
}

// event returns the next moment of the history's order.
func (w *world) event() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events++
	return w.events
}

func (w *world) name() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names++
	return w.names
}

func (w *world) record(o porcupine.Operation, done bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, o)
	w.stats.operations++
	if !done {
		w.stats.unknown++
	}
}

func (w *world) count(f func(*stats)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.stats)
}

// failIf notes the first thing that must not be; the run then winds down. Any
// goroutine may call it.
func (w *world) failIf(bad bool, format string, args ...any) {
	if !bad {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = fmt.Errorf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
	}
}

func (w *world) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}
