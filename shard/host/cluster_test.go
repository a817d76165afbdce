package host

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/shard"
)

// cluster is a few nodes with one shard, in a bubble, joined by Raft's transport in memory.
type cluster struct {
	t      *testing.T
	change func(*Options)

	mu     sync.Mutex
	hosts  map[uint32]*Host
	disks  map[uint32]*vfs.MemFS
	ends   map[[2]uint32]*raft.InmemTransport // by node and group
	reigns []string
}

func newCluster(t *testing.T) *cluster {
	return &cluster{t: t, hosts: make(map[uint32]*Host), disks: make(map[uint32]*vfs.MemFS),
		ends: make(map[[2]uint32]*raft.InmemTransport)}
}

// open opens a node on its disk, and starts its replica of the shard unless it is told not to.
func (c *cluster) open(node uint32) *Host {
	c.t.Helper()
	if c.disks[node] == nil {
		c.disks[node] = vfs.NewCrashableMem()
	}
	o := Options{FS: c.disks[node], Dir: "data", Clock: clock.Real(), Node: node,
		Logger:    slog.New(slog.DiscardHandler),
		Transport: func(group uint32) raft.Transport { return c.join(node, group) },
		Reign: func(group int, term uint64, leads bool) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reigns = append(c.reigns, fmt.Sprintf("node %d, group %d: %v", node, group, leads))
		},
		LogBytesMax: 8 << 10, RetainBytes: 8 << 10,
		Fatal: func(err error) { panic(err) }}
	if c.change != nil {
		c.change(&o)
	}
	h, err := Open(o)
	if err != nil {
		c.t.Fatal(err)
	}
	h.SetTable(shard.NewTable(1))
	h.SetFloors(grid.Floors{h.Origin()})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts[node] = h
	return h
}

func (c *cluster) start(node uint32, founders ...uint32) *Host {
	c.t.Helper()
	h := c.open(node)
	if err := h.Start(0, founders); err != nil {
		c.t.Fatal(err)
	}
	return h
}

// join makes a node's end of the network anew.
func (c *cluster) join(node, group uint32) raft.Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	addr := raft.ServerAddress(serverID(node))
	_, end := raft.NewInmemTransportWithTimeout(addr, 500*time.Millisecond)
	for at, other := range c.ends {
		if at[1] == group && at[0] != node {
			end.Connect(raft.ServerAddress(serverID(at[0])), other)
			other.Connect(addr, end)
		}
	}
	c.ends[[2]uint32{node, group}] = end
	return end
}

// cut takes a node off the network.
func (c *cluster) cut(node uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, end := range c.ends {
		if at[0] != node {
			end.Disconnect(raft.ServerAddress(serverID(node)))
			continue
		}
		end.DisconnectAll()
		delete(c.ends, at)
	}
}

// crash cuts the power of a node. The process goes on behind the scenes, and is heard no more.
func (c *cluster) crash(node uint32) {
	h := c.hosts[node]
	c.cut(node)
	c.disks[node] = c.disks[node].CrashClone(vfs.CrashCloneCfg{})
	c.mu.Lock()
	delete(c.hosts, node)
	c.mu.Unlock()
	go func() { _ = h.Close() }()
}

func (c *cluster) close() {
	for _, h := range c.hosts {
		if err := h.Close(); err != nil {
			c.t.Error(err)
		}
	}
	time.Sleep(time.Minute) // those that were crashed have closed
}

// leader returns the node that answers for the shard, if one does.
func (c *cluster) leader() (uint32, *Host) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, h := range c.hosts {
		if h.Confirmed(0) {
			return n, h
		}
	}
	return 0, nil
}

// until waits for something that must come within a while.
func (c *cluster) until(what string, holds func() bool) {
	c.t.Helper()
	for range 600 {
		if holds() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	for n, h := range c.hosts {
		s, _ := h.Status(0)
		c.t.Logf("node %d: %+v", n, s)
	}
	c.t.Fatalf("%s: not within a minute", what)
}

// steer tells all nodes what is wanted, and waits for it.
func (c *cluster) steer(voters, learners []uint32) {
	c.t.Helper()
	c.until(fmt.Sprintf("voters %d, learners %d", voters, learners), func() bool {
		for _, h := range c.hosts {
			h.Steer(0, voters, learners)
		}
		_, h := c.leader()
		if h == nil {
			return false
		}
		s, _ := h.Status(0)
		return same(s.Voters, voters) && same(s.Learners, learners) && slices.Contains(voters, h.node)
	})
}

func same(a, b []uint32) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// agree waits until some nodes have come to the same state.
func (c *cluster) agree(nodes ...uint32) {
	c.t.Helper()
	c.until("equal states", func() bool {
		var states []string
		for _, n := range nodes {
			applied, digest := c.hosts[n].Groups()[0].Digest()
			states = append(states, fmt.Sprintf("%d:%x", applied, digest))
		}
		return len(slices.Compact(states)) == 1
	})
}

// writer writes one score after the other, each until it is done, and asks again with the
// same request id when that is not known.
type writer struct {
	c    *cluster
	done int64 // points that were acknowledged
	stop chan struct{}
	gone sync.WaitGroup
}

func (c *cluster) writes() *writer {
	w := &writer{c: c, stop: make(chan struct{})}
	w.must(leaderboard.KindCreate, 1, createBody("b"))
	w.gone.Go(func() {
		for seq := uint64(2); ; seq++ {
			select {
			case <-w.stop:
				return
			default:
			}
			if !w.must(leaderboard.KindSubmit, seq, submitBody("b", 1, 1)) {
				return
			}
			w.done++
			time.Sleep(25 * time.Millisecond)
		}
	})
	return w
}

// must writes once, through all failures; false if it was stopped before.
func (w *writer) must(kind grid.Kind, seq uint64, body []byte) bool {
	id := grid.RequestID{Seq: seq, Low: seq}
	binary.BigEndian.PutUint64(id.Client[:], 1)
	for {
		_, h := w.c.leader()
		if h != nil && w.once(h, kind, id, body) {
			return true
		}
		select {
		case <-w.stop:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (w *writer) once(h *Host, kind grid.Kind, id grid.RequestID, body []byte) bool {
	done := make(chan bool, 1)
	l := h.Open(func(o *grid.Outcomes) {
		ok := o.Err == nil
		if ok {
			status, _ := o.Body(0)
			ok = fault.Code(status) == fault.OK
		}
		o.Release()
		done <- ok
	})
	if l.Write(grid.SlotOf("b"), kind, id, body, grid.Ref{}) != nil {
		return false
	}
	l.Flush()
	select {
	case ok := <-done:
		return ok
	case <-time.After(10 * time.Second):
		return false // the node was crashed
	}
}

// end stops writing, and fails unless all that was acknowledged is there, once.
func (w *writer) end() {
	w.c.t.Helper()
	close(w.stop)
	w.gone.Wait()
	w.c.until("a leader", func() bool { _, h := w.c.leader(); return h != nil })
	_, h := w.c.leader()
	got := newCaller(w.c.t, h).score("b", 1, grid.Leader)
	if got != w.done && got != w.done+1 { // the last one may be unknown
		w.c.t.Errorf("a score of %d, and %d writes were acknowledged", got, w.done)
	}
	if w.done == 0 {
		w.c.t.Error("nothing was written")
	}
}
