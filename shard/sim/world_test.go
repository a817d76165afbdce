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
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/peer"
)

var (
	seeds    = flag.Int("sim.seeds", seedsDefault, "how many seeds TestSim runs")
	first    = flag.Uint64("sim.first", 1, "the first seed")
	faultFor = flag.Duration("sim.faults", 60*time.Second, "how long faults strike, in the world's time")
)

const (
	clients           = 4
	clientsPerSession = 2
	// healWithin is how long a healed world may take to accept a write again.
	healWithin = 10 * time.Second
	// checkWithin bounds the check of one history, in real time.
	checkWithin = 30 * time.Second
)

// stats counts what the runs went through.
type stats struct {
	operations, unknown, failed, elections, crashes, snapshots int
	// stillborn counts lives that ended while the data directory was opened.
	stillborn int
	// leaseOver counts reads at leader level that were refused for want of a lease.
	leaseOver, stale int
	// What players did.
	sessions, resumed, messages int
	// filled counts disks that were filled, waits the writes that waited until one had space, refused
	// the commands that were, and startless the starts that ended because of that.
	filled, waits, refused, startless int
}

func (s *stats) add(o stats) {
	s.operations += o.operations
	s.unknown += o.unknown
	s.elections += o.elections
	s.crashes += o.crashes
	s.snapshots += o.snapshots
	s.failed += o.failed
	s.stillborn += o.stillborn
	s.leaseOver += o.leaseOver
	s.stale += o.stale
	s.sessions += o.sessions
	s.resumed += o.resumed
	s.messages += o.messages
	s.filled += o.filled
	s.waits += o.waits
	s.refused += o.refused
	s.startless += o.startless
}

// world is one run.
type world struct {
	seed   uint64
	shards int
	net    *network
	nodes  []*node
	until  time.Time // faults strike before
	// background holds what goes on beside clients and faults: restarts, ends of
	// faults, old processes that shut down.
	background *tasks
	post       *post
	archive    *archive
	chat       map[grid.Kind]grid.Op // the requests of channels
	players    []*player             // nobody, if duties cannot reach every shard

	mu      sync.Mutex
	rand    *rand.Rand
	failure error // the first thing that must not be
	floors  grid.Floors
	events  int64
	names   int
	conns   uint64
	history []porcupine.Operation
	written written
	stats   stats
	over    bool // no node starts any more
}

// TestSim runs the seeds, as many at a time as there are processors: every other
// one with a single replica, every other pair with a single shard.
func TestSim(t *testing.T) {
	var total struct {
		sync.Mutex
		stats
		failed bool
	}
	t.Cleanup(func() {
		say(t, fmt.Sprintf("%d seeds: %+v", *seeds, total.stats))
		if *seeds >= 20 && !t.Failed() {
			exercised(t, total.stats)
		}
	})
	for i := range *seeds {
		seed := *first + uint64(i)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			total.Lock()
			enough := total.failed
			total.Unlock()
			if enough {
				t.Skip("another seed has failed")
			}
			stats, err := simulate(t, seed)
			total.Lock()
			defer total.Unlock()
			total.add(stats)
			if err != nil {
				total.failed = true
				t.Fatalf("%v; run it again with -sim.first=%d -sim.seeds=1", err, seed)
			}
		})
	}
}

// simulate runs one seed. The history is checked outside of the bubble, whose
// clock stands still while somebody computes: the checker's time-out is real.
func simulate(t *testing.T, seed uint64) (stats, error) {
	var w *world
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed, 1+2*int(seed%2), 1+int(seed/2%2))
		w.run()
	})
	w.linearizable()
	return w.stats, w.failed()
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
		"sessions": {s.sessions, 2 * n}, "sessions resumed": {s.resumed, 2 * n},
		"messages":             {s.messages, 20 * n},
		"commands that failed": {s.failed, n / 2}, "stale reads": {s.stale, 5 * n},
		"starts cut short": {s.stillborn, n / 4}, "leases that were over": {s.leaseOver, n / 4},
		"writes that waited for space": {s.waits, n / 4}, "commands refused for want of it": {s.refused, n},
	} {
		if got[0] < got[1] {
			t.Errorf("only %d %s: the simulation must exercise at least %d", got[0], what, got[1])
		}
	}
}

func newWorld(seed uint64, replicas, shards int) *world {
	w := &world{seed: seed, shards: shards, net: newNetwork(seed), until: time.Now().Add(*faultFor),
		rand: rand.New(rand.NewPCG(seed, 0)), written: make(written), background: newTasks()}
	for i := range replicas {
		w.nodes = append(w.nodes, &node{w: w, number: uint32(i + 1), disk: newDisk(),
			addr: fmt.Sprintf("node-%d", i+1)})
	}
	w.post, w.archive, w.chat = newPost(w), newArchive(w), make(map[grid.Kind]grid.Op)
	for _, o := range chat.Ops(w.archive) {
		w.chat[o.Kind] = o
	}
	if replicas == 1 || shards == 1 { // else two shards may have leaders on two nodes
		for n := range players {
			w.players = append(w.players, w.newPlayer(n))
		}
	}
	return w
}

func (w *world) voters() (all []uint32) {
	for _, n := range w.nodes {
		all = append(all, n.number)
	}
	return all
}

func (w *world) others(n *node) (all []peer.Node) {
	for _, o := range w.nodes {
		if o != n {
			all = append(all, peer.Node{Number: o.number, Address: o.addr})
		}
	}
	return all
}

// raise lets all nodes know that the earlier lives of the one that starts are over.
func (w *world) raise(h *host.Host) {
	w.mu.Lock()
	w.floors = w.floors.With(h.Origin())
	floors := w.floors
	w.mu.Unlock()
	h.SetFloors(floors)
	for _, n := range w.nodes {
		if other, _ := n.running(); other != nil {
			other.SetFloors(floors)
		}
	}
}

// run is the life of a world. Whatever goes wrong in it, its nodes are closed
// before it is reported.
func (w *world) run() {
	w.live()
	if w.failed() == nil {
		w.recovers()
		if len(w.players) > 0 {
			w.settlePresences()
			w.settleRooms()
		}
		w.agrees()
	}
	w.close()
}

// close closes all nodes, and those that are being started meanwhile. A bubble
// cannot be left before.
func (w *world) close() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	for range 2 {
		for _, n := range w.nodes {
			if h, _ := n.running(); h != nil {
				w.count(func(s *stats) { s.elections += elections(h) })
				w.failIf(h.Close() != nil, "node %d does not close", n.number)
				n.mu.Lock()
				n.space.Close()
				n.on.close()
				n.host, n.alive = nil, false
				n.mu.Unlock()
			}
		}
		w.background.Wait()
	}
	w.net.close()
	time.Sleep(10 * time.Second) // what is still on its way gives up
}

func (w *world) closing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// stormy says whether faults still strike.
func (w *world) stormy() bool { return time.Now().Before(w.until) }

// live lets clients work while faults strike, then heals the world.
func (w *world) live() {
	go w.net.run()
	for _, n := range w.nodes {
		n.start()
	}
	w.failIf(!w.newClient(1, newNumbers(1)).create(), "the boards could not be created")
	var busy sync.WaitGroup
	var s *numbers
	for i := range clients {
		if i%clientsPerSession == 0 {
			s = newNumbers(byte(10 + i))
		}
		c := w.newClient(uint64(10+i), s)
		busy.Go(func() {
			for w.stormy() && w.failed() == nil {
				c.operate()
				time.Sleep(time.Duration(c.rand.IntN(int(400 * time.Millisecond))))
			}
		})
	}
	for _, p := range w.players {
		busy.Go(func() {
			for w.stormy() && w.failed() == nil {
				p.play()
				time.Sleep(time.Duration(p.rand.IntN(int(400 * time.Millisecond))))
			}
		})
	}
	w.faults()
	busy.Wait()
	w.background.Wait()
}

// elections is the number of terms that the groups went through, on one node.
func elections(h *host.Host) (n int) {
	for _, g := range h.Groups() {
		n += int(g.Raft().CurrentTerm())
	}
	return n
}

// recovers fails unless the healed world takes a write within healWithin.
func (w *world) recovers() {
	for _, n := range w.nodes {
		n.start()
	}
	began := time.Now()
	w.failIf(!w.newClient(2, newNumbers(2)).create(), "no write succeeds in the healed world")
	w.failIf(time.Since(began) > healWithin,
		"the healed world took its first write after %v", time.Since(began))
}

// agrees fails unless all replicas of every group come to the same state.
func (w *world) agrees() {
	var states []string
	for range 100 {
		states = states[:0]
		for _, n := range w.nodes {
			if h, _ := n.running(); h != nil {
				states = append(states, digests(h))
			}
		}
		if len(states) == len(w.nodes) && len(slices.Compact(slices.Clone(states))) == 1 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.failIf(true, "the replicas do not agree: %q", states)
}

func digests(h *host.Host) (all string) {
	for _, g := range h.Groups() {
		applied, digest := g.Digest()
		all += fmt.Sprintf("%d:%x ", applied, digest)
	}
	return all
}

// linearizable checks the history. Unknown is not good enough.
func (w *world) linearizable() {
	if w.failed() != nil {
		return
	}
	slices.SortFunc(w.history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	result, info := porcupine.CheckOperationsVerbose(model, w.history, checkWithin)
	if result == porcupine.Ok {
		return
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("throng-sim-%d.html", w.seed))
	if err := porcupine.VisualizePath(model, info, file); err != nil {
		file = fmt.Sprintf("no file: %v", err)
	}
	w.failIf(true, "the history of %d operations is %s; it is drawn in %s",
		len(w.history), result, file)
}

// leader returns the node that serves one of the groups, if there is one. A
// deposed one that has not noticed counts, too.
func (w *world) leader(r *rand.Rand) *node {
	g := r.IntN(w.shards)
	for _, i := range r.Perm(len(w.nodes)) {
		if h, _ := w.nodes[i].running(); h != nil && h.Groups()[g].Serving() {
			return w.nodes[i]
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
