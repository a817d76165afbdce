package host

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// TestAReplicaWithoutFoundersWaits: it neither stands, nor votes itself in, nor says much.
func TestAReplicaWithoutFoundersWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		c := newCluster(t)
		c.change = func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&said, nil)) }
		defer c.close()
		h := c.start(7)
		said.Reset()
		time.Sleep(time.Hour)
		if s, ok := h.Status(0); !ok || s.Term != 0 || s.Leader != 0 || s.Last != 0 || len(s.Voters) != 0 {
			t.Errorf("%+v", s)
		}
		if said.Len() > 0 {
			t.Errorf("it said: %s", said.String())
		}
	})
}

// TestADroppedReplicaKeepsItsVote: whatever it had promised, it has promised still, and it
// does not found its group a second time.
func TestADroppedReplicaKeepsItsVote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.close()
		for n := range uint32(3) {
			c.start(n+1, 1, 2, 3)
		}
		c.until("a leader", func() bool { _, h := c.leader(); return h != nil })
		leader, _ := c.leader()
		victim := leader%3 + 1
		h := c.hosts[victim]
		before := h.Group(0).log
		term, err := before.GetUint64(keyTerm)
		if err != nil || term < 2 {
			t.Fatalf("term %d: %v", term, err)
		}
		if err := h.Drop(0); err != nil {
			t.Fatal(err)
		}
		if _, there := h.Status(0); there || h.Group(0) != nil || len(h.Groups()) != 0 {
			t.Error("the replica is still there")
		}
		c.crash(victim)
		h = c.start(victim, 1, 2, 3)
		log := h.Group(0).log
		if last, _ := log.LastIndex(); last != 0 {
			t.Errorf("its log ends at %d", last)
		}
		if again, err := log.GetUint64(keyTerm); err != nil || again != term {
			t.Errorf("term %d, after %d: %v", again, term, err)
		}
		c.until("the log", func() bool { s, _ := h.Status(0); return len(s.Voters) == 3 })
		c.agree(1, 2, 3)
	})
}

// TestAPowerCutDuringADrop cuts the power after each sync of it: the replica is whole then,
// or can be dropped again, and begins anew.
func TestAPowerCutDuringADrop(t *testing.T) {
	mem := vfs.NewCrashableMem()
	spy := &syncSpy{FS: mem, mem: mem}
	h := openShards(t, spy, 1, func(o *Options) { o.LogBytesMax = 2 << 10 })
	c := newCaller(t, h)
	for i := range 100 {
		name := fmt.Sprint("b", i)
		c.write(name, 100, createBody(name))
	}
	for h.Group(0).snapshots.Stats().Index == 0 {
		time.Sleep(time.Millisecond)
	}
	spy.mu.Lock()
	spy.clones = nil
	spy.mu.Unlock()
	if err := h.Drop(0); err != nil {
		t.Fatal(err)
	}
	spy.mu.Lock()
	clones := spy.clones
	spy.mu.Unlock()
	if len(clones) < 2 {
		t.Errorf("%d syncs", len(clones))
	}
	for i, clone := range clones {
		t.Run(fmt.Sprint("sync=", i), func(t *testing.T) {
			h, err := Open(Options{FS: clone, Dir: "data", Clock: clock.Real(), Node: 1,
				Logger: slog.New(slog.DiscardHandler), Fatal: func(err error) { panic(err) }})
			if err != nil {
				t.Fatal(err)
			}
			startAll(t, h, 1)
			if err := h.Drop(0); err != nil {
				t.Fatal(err)
			}
			if err := h.Start(0, nil); err != nil {
				t.Fatal(err)
			}
			if s, _ := h.Status(0); s.Last != 0 || len(s.Voters) != 0 || s.Term == 0 {
				t.Errorf("%+v", s)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWhatADroppedReplicaHeldIsAnswered drops it under writes.
func TestWhatADroppedReplicaHeldIsAnswered(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	at, _ := h.home(0)
	asked, refused := 0, 0
	dropped := make(chan error, 1)
	for i := 0; refused < 100; i++ {
		if i == 500 {
			go func() { dropped <- h.Drop(0) }()
		}
		if c.lane.Write(at, 100, grid.RequestID{}, createBody("b"), grid.Ref{ID: uint32(i)}) == nil {
			asked++
		} else {
			refused++
		}
		c.lane.Flush()
	}
	for range asked {
		<-c.in
	}
	if err := <-dropped; err != nil {
		t.Error(err)
	}
	if _, err := c.lane.Read(at, grid.Stale, 100, nil, nil); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a read: %v", err)
	}
	if err := c.lane.Confirm(at, grid.Ref{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a confirmed read: %v", err)
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	h, err := Open(Options{FS: vfs.NewMem(), Dir: "data", Clock: clock.Real(),
		Logger: slog.New(slog.DiscardHandler), Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	says := func(err error, words string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
	says(h.Start(0, nil), "no number")
	h.SetNode(3)
	says(h.Start(0, nil), "slot table")
	says(h.Start(MetaGroup, nil), "machine")
	says(h.Start(MetaGroup+1, nil), "numbered")
	says(h.Drop(-1), "numbered")
	startAll(t, h, 1, 3)
	says(h.Start(0, nil), "runs already")
	if o := h.Origin(); o.Node() != 3 || o.Incarnation() != 1 {
		t.Errorf("origin %d of node %d", o.Incarnation(), o.Node())
	}
	if err := h.PutSetting("cluster", []byte("blue")); err != nil {
		t.Error(err)
	}
	if b, err := h.Setting("cluster"); string(b) != "blue" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := h.Setting("other"); b != nil || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	says(h.PutSetting(keyIncarnation, nil), "own")
}

// sum is a machine that adds up what it is told.
type sum struct{ at, total uint64 }

func (m *sum) Apply(index uint64, e *shard.Entry, r shard.Results, _ *grid.Effects) error {
	m.at = index
	var c slot.Command
	for {
		more, err := e.Next(&c)
		if err != nil || !more {
			return err
		}
		if len(c.Body) != 1 {
			r.Done(fault.New(fault.InvalidArgument, "one byte").Append(append(r.Buffer(), byte(fault.InvalidArgument))))
			continue
		}
		m.total += uint64(c.Body[0])
		r.Done(append(r.Buffer(), 0, byte(m.total)))
	}
}

func (m *sum) Query(grid.Slot, grid.Kind, []byte, []byte) ([]byte, error) { return nil, nil }

func (m *sum) Freeze() func(io.Writer) (int64, error) {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, m.at), m.total)
	return func(w io.Writer) (int64, error) {
		n, err := w.Write(b)
		return int64(n), err
	}
}

func (m *sum) Decode(r io.Reader) (int64, error) {
	var b [16]byte
	n, err := io.ReadFull(r, b[:])
	m.at, m.total = binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	return int64(n), err
}

func (m *sum) Reset()          { *m = sum{} }
func (m *sum) Applied() uint64 { return m.at }
func (m *sum) Digest() uint64  { return m.total }

// TestTheMetaGroup runs beside the shards, on a machine of its own, and through snapshots.
func TestTheMetaGroup(t *testing.T) {
	fs := vfs.NewCrashableMem()
	var m *sum
	start := func(fs vfs.FS) *Host {
		m = &sum{}
		h := openShards(t, fs, 1, func(o *Options) { o.Meta, o.LogBytesMax = m, 1<<10 })
		if err := h.Start(MetaGroup, []uint32{1}); err != nil {
			t.Fatal(err)
		}
		if err := h.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := start(fs)
	type outcome struct {
		reply []byte
		err   error
	}
	propose := func(h *Host, body ...byte) outcome {
		done := make(chan outcome, 1)
		h.Propose(9, body, func(reply []byte, err error) { done <- outcome{reply, err} })
		return <-done
	}
	for i := range 100 {
		if o := propose(h, 1); o.err != nil || len(o.reply) != 1 || int(o.reply[0]) != i+1 {
			t.Fatalf("%+v", o)
		}
	}
	if o := propose(h, 0xcc, 200); fault.CodeOf(o.err) != fault.InvalidArgument {
		t.Errorf("%+v", o)
	}
	if len(h.Groups()) != 1 || len(h.Stats().Shards) != 1 || len(h.Health().Shards) != 1 {
		t.Error("the meta group is counted among the shards")
	}
	if !h.Serving(MetaGroup) || !h.Confirmed(MetaGroup) || h.Leader(MetaGroup) != 1 {
		t.Error("the meta group is not led")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if o := propose(h, 1); fault.CodeOf(o.err) != fault.Unavailable {
		t.Errorf("%+v", o)
	}
	h = start(fs.CrashClone(vfs.CrashCloneCfg{}))
	if o := propose(h, 5); o.err != nil || o.reply[0] != 105 {
		t.Errorf("%+v", o)
	}
	if err := h.Drop(MetaGroup); err != nil || m.total != 0 {
		t.Errorf("%d, %v", m.total, err)
	}
}

// TestLeadershipIsHandedOver by name, and altogether.
func TestLeadershipIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.close()
		for n := range uint32(3) {
			c.start(n+1, 1, 2, 3)
		}
		c.until("a leader", func() bool { _, h := c.leader(); return h != nil })
		leader, h := c.leader()
		to := leader%3 + 1
		if err := c.hosts[to].Transfer(0, leader); err == nil {
			t.Error("a follower handed over")
		}
		if err := h.Transfer(0, to); err != nil {
			t.Error(err)
		}
		c.until("the transfer", func() bool { n, _ := c.leader(); return n == to })
		h = c.hosts[to]
		if err := h.HandOver(context.Background()); err != nil {
			t.Error(err)
		}
		c.until("another leader", func() bool { n, _ := c.leader(); return n != 0 && n != to })
		if err := h.HandOver(context.Background()); err != nil {
			t.Errorf("nothing to hand over: %v", err)
		}
	})
}

// TestNothingIsHandedToADeadNode: Raft takes no command while it hands over, so who is not
// there is not waited for, and somebody else is found.
func TestNothingIsHandedToADeadNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.close()
		for n := range uint32(3) {
			c.start(n+1, 1, 2, 3)
		}
		c.until("a leader", func() bool { _, h := c.leader(); return h != nil })
		leader, h := c.leader()
		dead, alive := leader%3+1, (leader+1)%3+1
		c.crash(dead)
		time.Sleep(2 * time.Second)
		began := time.Now()
		if err := h.Transfer(0, dead); err == nil {
			t.Error("a dead node took over")
		}
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("it was waited for, %v long", took)
		}
		if err := h.HandOver(context.Background()); err != nil {
			t.Error(err)
		}
		c.until("the one that is alive leads", func() bool { n, _ := c.leader(); return n == alive })
	})
}

// TestANodeThatMayNotLead hands over, and leads again once it may.
func TestANodeThatMayNotLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.close()
		bad := make(map[uint32]bool)
		c.change = func(o *Options) {
			node := o.Node
			o.MayLead = func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return !bad[node]
			}
		}
		set := func(all bool, nodes ...uint32) {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, n := range nodes {
				bad[n] = all
			}
		}
		for n := range uint32(3) {
			c.start(n+1, 1, 2, 3)
		}
		for range 5 {
			c.until("a leader", func() bool { _, h := c.leader(); return h != nil })
			leader, _ := c.leader()
			set(true, leader)
			c.until("another leader", func() bool { n, _ := c.leader(); return n != 0 && n != leader })
			set(false, leader)
		}
		set(true, 1, 2, 3)
		c.until("no leader", func() bool { _, h := c.leader(); return h == nil })
		for range 100 {
			if n, _ := c.leader(); n != 0 {
				t.Errorf("node %d leads, and may not", n)
			}
			time.Sleep(100 * time.Millisecond)
		}
		set(false, 2)
		c.until("the one leader that may", func() bool { n, _ := c.leader(); return n == 2 })
		time.Sleep(10 * time.Second)
		if n, _ := c.leader(); n != 2 {
			t.Errorf("node %d leads", n)
		}
	})
}

// TestASoleVoterIsNotAskedWhetherItMayLead: nobody else could.
func TestASoleVoterIsNotAskedWhetherItMayLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), func(o *Options) { o.MayLead = func() bool { return false } })
		time.Sleep(time.Minute)
		if !h.leads() {
			t.Error("it leads no more")
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
