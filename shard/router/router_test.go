package router

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/peer/peertest"
)

// world is a few nodes with a router each.
type world struct {
	*state
	net   *peertest.Network
	nodes []*peertest.Node
}

func newWorld(nodes int) *world {
	w := &world{state: newState(), net: peertest.New(clock.Real())}
	for n := range uint32(nodes) {
		h := &fakeHost{w.state, n + 1}
		d := w.net.Join(h.Origin())
		w.routers[n+1] = New(Options{Host: h, Peers: d, Clock: clock.Real(), Replicas: w.replicas})
		w.nodes = append(w.nodes, d)
	}
	for _, d := range w.nodes {
		d.Start()
	}
	return w
}

func (w *world) end() {
	for _, r := range w.routers {
		r.Close()
	}
	for _, d := range w.nodes {
		d.End()
	}
	for _, d := range w.nodes {
		d.Wait()
	}
	time.Sleep(time.Minute) // timers
}

// caller has a lane on a node, and keeps what it is answered.
type caller struct {
	lane grid.Lane
	mu   sync.Mutex
	got  map[uint32]int
	errs map[uint32]error
	body map[uint32][]byte
	last uint32
}

func (w *world) caller(node uint32) *caller {
	c := &caller{got: map[uint32]int{}, errs: map[uint32]error{}, body: map[uint32][]byte{}}
	c.lane = w.routers[node].Open(func(o *grid.Outcomes) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, ref := range o.Refs {
			c.got[ref.ID]++
			if c.errs[ref.ID] = o.Err; o.Err == nil && !o.Confirmed {
				_, b := o.Body(i)
				c.body[ref.ID] = slices.Clone(b)
			}
		}
		o.Release()
	})
	return c
}

// times is how often a request was answered.
func (c *caller) times(id uint32) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[id]
}

// err is what it was answered with.
func (c *caller) err(id uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errs[id]
}

func (c *caller) write(t rapid.TB, s grid.Slot, client byte, seq uint64) uint32 {
	c.last++
	body := pack.AppendUint(pack.AppendArray(nil, 1), uint64(c.last))
	id := grid.RequestID{Client: grid.ID{client}, Seq: seq}
	if err := c.lane.Write(s, kindAdd, id, body, grid.Ref{ID: c.last, Kind: kindAdd}); err != nil {
		t.Fatal(err)
	}
	return c.last
}

func (c *caller) ask(t rapid.TB, s grid.Slot, level grid.Level) uint32 {
	c.last++
	body := pack.AppendUint(pack.AppendArray(nil, 1), uint64(c.last))
	if err := c.lane.Ask(s, level, kindGet, body, grid.Ref{ID: c.last, Kind: kindGet}); err != nil {
		t.Fatal(err)
	}
	return c.last
}

// Any node takes writes and reads for all shards; those of one lane for one shard are
// executed in order.
func TestAnyNodeTakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		for i := range testShards {
			w.lead(i, uint32(i%3+1))
		}
		synctest.Wait()
		for node := range uint32(3) {
			c := w.caller(node + 1)
			for i := range 100 {
				c.write(t, grid.Slot(i%4*1024), byte(node+1), uint64(i+1))
			}
			for i := range 12 {
				c.ask(t, grid.Slot(i%4*1024), grid.Level(i%3))
			}
			c.lane.Flush()
			time.Sleep(time.Second)
			synctest.Wait()
			for id := uint32(1); id <= c.last; id++ {
				if c.times(id) != 1 || c.err(id) != nil {
					t.Errorf("node %d, %d: answered %d times, %v", node+1, id, c.times(id), c.err(id))
				}
			}
		}
		for key, seqs := range w.order {
			if !slices.IsSorted(seqs) || len(seqs) != 25 {
				t.Errorf("%x: %v", key, seqs)
			}
		}
		w.end()
	})
}

// An outcome that comes twice, or from a node that was not asked, counts for nothing.
func TestAnOutcomeCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		w.lead(w.table.Shard(0), 2)
		synctest.Wait()
		c, r := w.caller(1), w.routers[1]
		id, other := c.write(t, 0, 1, 1), c.write(t, 0, 1, 2)
		c.lane.Flush()
		number := c.lane.(*lane).number
		answer := reply{to: r.Origin()}
		answer.add(r, r.Origin(), name{number, 1, 0}, 0, []byte{0x90})
		r.takeOutcomes(grid.OriginOf(3, 1), answer.message, nil)
		if c.times(id) != 0 {
			t.Error("a node answered that was not asked")
		}
		for range 2 {
			r.takeOutcomes(grid.OriginOf(2, 1), answer.message, nil)
		}
		time.Sleep(time.Second) // for the answer of node 2
		synctest.Wait()
		if c.times(id) != 1 || c.times(other) != 1 {
			t.Errorf("answered %d and %d times", c.times(id), c.times(other))
		}
		w.end()
	})
}

// Without a leader a request waits for its patience and is then refused; what may have
// been done and has no request id is not done again.
func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		c := w.caller(1)
		failed, read := c.write(t, 0, 1, 1), c.ask(t, 0, grid.Leader)
		c.lane.Flush()
		time.Sleep(defaultPatience - time.Second)
		synctest.Wait()
		if c.times(failed)+c.times(read) != 0 {
			t.Error("answered early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for _, id := range []uint32{failed, read} {
			f := fault.Of(c.err(id))
			if c.times(id) != 1 || f.Code != fault.Unavailable || f.Unknown || f.Retry == 0 {
				t.Errorf("%d: %d times, %v", id, c.times(id), c.err(id))
			}
		}
		w.flaky = func() int { return 1 }
		w.lead(w.table.Shard(0), 2)
		synctest.Wait()
		nameless := c.write(t, 0, 1, 0)
		c.lane.Flush()
		time.Sleep(time.Second)
		synctest.Wait()
		if f := fault.Of(c.err(nameless)); c.times(nameless) != 1 || !f.Unknown {
			t.Errorf("%d times, %v", c.times(nameless), c.err(nameless))
		}
		if n := w.done[grid.RequestID{Client: grid.ID{1}}]; n != 1 {
			t.Errorf("done %d times", n)
		}
		w.end()
	})
}

// Whatever happens to leaders and connections, each request is answered once, none with a
// request id is executed twice, and what is said to have failed was not executed.
func TestEachIsAnsweredOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 1<<16), 5, 60).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) { checkHistory(t, steps) })
	})
}

func checkHistory(t *testing.T, steps []int) {
	w := newWorld(3)
	var mu sync.Mutex
	flake := 0
	w.flaky = func() int {
		mu.Lock()
		defer mu.Unlock()
		if flake++; flake%5 < 3 {
			return 0
		}
		return flake % 5 % 3
	}
	callers := []*caller{w.caller(1), w.caller(2), w.caller(3)}
	seq := uint64(0)
	ids := map[*caller]map[uint32]grid.RequestID{}
	for _, c := range callers {
		ids[c] = map[uint32]grid.RequestID{}
	}
	for _, s := range steps {
		c, at := callers[s%3], grid.Slot(s/3%4*1024)
		switch s / 12 % 8 {
		case 0, 1, 2:
			seq++
			id := c.write(t, at, 7, seq)
			ids[c][id] = grid.RequestID{Client: grid.ID{7}, Seq: seq}
		case 3:
			c.ask(t, at, grid.Level(s/96%3))
		case 4:
			w.lead(w.table.Shard(at), uint32(s/96%4)) // 0: nobody
		case 5:
			w.net.Cut(uint32(s%3+1), uint32((s+1)%3+1), s/96%2 == 0)
		default:
			time.Sleep(time.Duration(s%700) * time.Millisecond)
			synctest.Wait()
		}
		for _, c := range callers {
			c.lane.Flush()
		}
	}
	time.Sleep(3 * defaultPatience)
	synctest.Wait()
	for n, c := range callers {
		for id := uint32(1); id <= c.last; id++ {
			if c.times(id) != 1 {
				t.Errorf("node %d: request %d was answered %d times", n+1, id, c.times(id))
			}
			if name, ok := ids[c][id]; ok {
				done := w.done[name]
				failed := c.err(id) != nil && !fault.Of(c.err(id)).Unknown
				if done > 1 || done == 0 && c.err(id) == nil || done == 1 && failed {
					t.Errorf("node %d: request %d was done %d times: %v", n+1, id, done, c.err(id))
				}
			}
		}
	}
	for n, r := range w.routers {
		r.mu.Lock()
		if len(r.mu.tasks) != 0 || r.mu.bytes != 0 {
			t.Errorf("node %d still holds %d tasks, %d bytes", n, len(r.mu.tasks), r.mu.bytes)
		}
		r.mu.Unlock()
	}
	w.end()
}
