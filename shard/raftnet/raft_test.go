package raftnet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
	"github.com/thronggrid/throng/shard/peer/peertest"
)

// memory is a raft.FSM that keeps what it was given.
type memory struct {
	mu  sync.Mutex
	all []byte
}

func (m *memory) Apply(l *raft.Log) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, l.Data...)
	return nil
}

func (m *memory) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.all)
}

type frozen []byte

func (f frozen) Persist(s raft.SnapshotSink) error {
	if _, err := s.Write(f); err != nil {
		return err
	}
	return s.Close()
}
func (frozen) Release() {}

func (m *memory) Snapshot() (raft.FSMSnapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return frozen(bytes.Clone(m.all)), nil
}

func (m *memory) Restore(r io.ReadCloser) error {
	b, err := io.ReadAll(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = b
	return err
}

// replica is one start of a node with one group.
type replica struct {
	number uint32
	node   *peertest.Node
	trans  *Transport
	raft   *raft.Raft
	fsm    *memory
}

// group is replicas of one group on one network, in a bubble.
type group struct {
	t    *testing.T
	net  *peertest.Network
	all  map[uint32]*replica
	logs map[uint32]*raft.InmemStore
	snap map[uint32]*raft.InmemSnapshotStore
}

const heartbeat = 1500 * time.Millisecond

func newGroup(t *testing.T, delay time.Duration) *group {
	g := &group{t: t, net: peertest.New(clock.Real()), all: make(map[uint32]*replica),
		logs: make(map[uint32]*raft.InmemStore), snap: make(map[uint32]*raft.InmemSnapshotStore)}
	g.net.Delay = func() time.Duration { return delay }
	return g
}

// start starts a replica. The voters found the group if its log is empty.
func (g *group) start(number uint32, incarnation uint64, voters ...uint32) *replica {
	g.t.Helper()
	if g.logs[number] == nil {
		g.logs[number], g.snap[number] = raft.NewInmemStore(), raft.NewInmemSnapshotStore()
	}
	r := &replica{number: number, node: g.net.Join(grid.OriginOf(number, incarnation)), fsm: &memory{}}
	n := New(Options{Peers: r.node, Clock: clock.Real(), Random: rand.Int64N})
	r.trans = n.Transport(number, 9)
	c := raft.DefaultConfig()
	c.LocalID = ServerID(number)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = heartbeat, heartbeat, heartbeat/2
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = 1<<40, time.Hour, 1
	c.Logger = hclog.NewNullLogger()
	if last, _ := g.logs[number].LastIndex(); last == 0 && len(voters) > 0 {
		var config raft.Configuration
		for _, v := range voters {
			config.Servers = append(config.Servers,
				raft.Server{ID: ServerID(v), Address: raft.ServerAddress(ServerID(v))})
		}
		err := raft.BootstrapCluster(c, g.logs[number], g.logs[number], g.snap[number], r.trans, config)
		if err != nil {
			g.t.Fatal(err)
		}
	}
	var err error
	if r.raft, err = raft.NewRaft(c, r.fsm, g.logs[number], g.logs[number], g.snap[number], r.trans); err != nil {
		g.t.Fatal(err)
	}
	r.trans.Follow(func() Standing {
		s := Standing{Term: r.raft.CurrentTerm(), Follower: r.raft.State() == raft.Follower}
		_, s.Leader = r.raft.LeaderWithID()
		for _, v := range r.raft.GetConfiguration().Configuration().Servers {
			s.Voters = append(s.Voters, v.ID)
		}
		return s
	})
	r.node.Start()
	g.all[number] = r
	return r
}

// end ends a replica's process: nothing is heard of it any more.
func (g *group) end(r *replica) {
	r.node.End()
	delete(g.all, r.number)
	if err := r.raft.Shutdown().Error(); err != nil {
		g.t.Error(err)
	}
	r.node.Wait()
}

func (g *group) close() {
	for _, r := range g.all {
		g.end(r)
	}
}

// leader waits for one.
func (g *group) leader(within time.Duration) *replica {
	g.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, r := range g.all {
			if r.raft.State() == raft.Leader && r.raft.VerifyLeader().Error() == nil {
				return r
			}
		}
	}
	g.t.Fatalf("there is no leader after %v", within)
	return nil
}

func (g *group) apply(r *replica, n, size int) {
	g.t.Helper()
	for i := range n {
		if err := r.raft.Apply(bytes.Repeat([]byte{byte(i)}, size), 10*time.Second).Error(); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (g *group) until(what string, is func() bool) {
	g.t.Helper()
	for range 20000 {
		if is() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	g.t.Fatalf("not within 20 s: %s", what)
}

// TestReplication: entries reach all replicas, and their order is that of the leader.
func TestReplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, time.Millisecond)
		defer g.close()
		for n := range uint32(3) {
			g.start(n+1, 1, 1, 2, 3)
		}
		l := g.leader(10 * time.Second)
		g.apply(l, 100, 10)
		for _, r := range g.all {
			g.until("all is applied", func() bool { return r.fsm.len() == 1000 })
		}
	})
}

// TestALeaderThatIsGone is replaced at once, not when patience with it is over; and it may
// come back.
func TestALeaderThatIsGone(t *testing.T) {
	for run := range 20 {
		synctest.Test(t, func(t *testing.T) {
			g := newGroup(t, time.Millisecond)
			defer g.close()
			for n := range uint32(3) {
				g.start(n+1, 1, 1, 2, 3)
			}
			l := g.leader(10 * time.Second)
			g.apply(l, 10, 10)
			time.Sleep(time.Duration(run) * 37 * time.Millisecond)
			number := l.number
			g.end(l)
			next := g.leader(250 * time.Millisecond)
			g.apply(next, 10, 10)
			back := g.start(number, 2)
			g.until("it catches up", func() bool { return back.fsm.len() == 200 })
		})
	}
}

// TestALeaderThatIsCutOff is replaced when patience with it is over, and not before: it may
// hold a lease.
func TestALeaderThatIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, time.Millisecond)
		defer g.close()
		for n := range uint32(3) {
			g.start(n+1, 1, 1, 2, 3)
		}
		l := g.leader(10 * time.Second)
		g.apply(l, 10, 10)
		began := time.Now()
		for n := range uint32(3) {
			if n+1 != l.number {
				g.net.Cut(l.number, n+1, true)
				g.net.Cut(n+1, l.number, true)
			}
		}
		delete(g.all, l.number)
		g.leader(10 * time.Second)
		if took := time.Since(began); took < heartbeat*9/10 {
			t.Errorf("there was another leader after %v", took)
		}
		g.all[l.number] = l
	})
}

// TestASnapshot goes to a replica that lacks what the log has no more, in pieces.
func TestASnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, time.Millisecond)
		defer g.close()
		l := g.start(1, 1, 1)
		g.leader(10 * time.Second)
		g.apply(l, 50, 100<<10) // many pieces
		if err := l.raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		late := g.start(2, 1)
		if err := l.raft.AddVoter(ServerID(2), raft.ServerAddress(ServerID(2)), 0, 0).Error(); err != nil {
			t.Fatal(err)
		}
		g.until("the snapshot is there", func() bool { return late.fsm.len() == 50*100<<10 })
	})
}

// TestASnapshotIsCut: whatever becomes of the connection while a snapshot comes in, both
// sides go on, and in the end it is there.
func TestASnapshotIsCut(t *testing.T) {
	for after := range 12 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, time.Millisecond)
				defer g.close()
				l := g.start(1, 1, 1)
				g.leader(10 * time.Second)
				g.apply(l, 50, 100<<10)
				if err := l.raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
				late := g.start(2, 1)
				add := l.raft.AddNonvoter(ServerID(2), raft.ServerAddress(ServerID(2)), 0, 0)
				time.Sleep(time.Duration(after) * 4 * time.Millisecond)
				for _, way := range [][2]uint32{{1, 2}, {2, 1}} {
					g.net.Cut(way[0], way[1], true)
				}
				time.Sleep(time.Second)
				for _, way := range [][2]uint32{{1, 2}, {2, 1}} {
					g.net.Cut(way[0], way[1], false)
				}
				if err := add.Error(); err != nil {
					t.Fatal(err)
				}
				g.until("the snapshot is there", func() bool { return late.fsm.len() == 50*100<<10 })
			})
		})
	}
}

// TestStandsAreOfTheirTerm: a request to stand that comes late is refused.
func TestStandsAreOfTheirTerm(t *testing.T) {
	for _, newer := range []any{&raft.AppendEntriesRequest{Term: 7}, &raft.RequestVoteRequest{Term: 7}} {
		tr := newTransport(nil, 1, 9)
		tr.mu.Lock()
		tr.note(newer)
		tr.mu.Unlock()
		late := &raft.TimeoutNowRequest{}
		if err := tr.handOver(6, late, nil); !errors.Is(err, errOldStand) || len(tr.consumer) > 0 {
			t.Errorf("after %+v a stand of term 6: %v", newer, err)
		}
		if tr.mayClaim(7) {
			t.Error("votes may claim what was refused")
		}
	}
}

// TestClaims: a vote claims a transfer only in the term after the one whose leader is gone:
// in a later one there may have been a leader that has a lease.
func TestClaims(t *testing.T) {
	tr := newTransport(nil, 1, 9)
	if tr.mayClaim(1) {
		t.Error("a claim without a leader that is gone")
	}
	tr.Follow(func() Standing { return Standing{Term: 6, Follower: true} })
	tr.stand(Standing{Term: 5, Follower: true, Leader: "node-2"})
	if len(tr.consumer) != 1 {
		t.Error("Raft was not told to stand")
	}
	if !tr.mayClaim(6) || tr.mayClaim(7) {
		t.Errorf("term 6: %v, term 7: %v", tr.mayClaim(6), tr.mayClaim(7))
	}
	tr.note(&raft.AppendEntriesRequest{Term: 6})
	if tr.stand(Standing{Term: 5, Follower: true, Leader: "node-2"}); len(tr.consumer) != 1 {
		t.Error("Raft shall stand against a leader of which it has heard")
	}
	close(tr.stop)
	tr.running.Wait()
}

// TestAPipelineToANodeThatHangs does not hold Raft for ever, which could not be shut down.
func TestAPipelineToANodeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := peertest.New(clock.Real())
		here, hangs := net.Join(grid.OriginOf(1, 1)), net.Join(grid.OriginOf(2, 1))
		hangs.Serve(peer.Raft, func(grid.Origin, []byte, func([]byte)) {}) // never answers
		tr := New(Options{Peers: here, Clock: clock.Real(), Random: rand.Int64N}).Transport(1, 9)
		here.Start()
		hangs.Start()
		p, err := tr.AppendEntriesPipeline("", "node-2")
		if err != nil {
			t.Fatal(err)
		}
		args, resp := &raft.AppendEntriesRequest{Term: 1}, &raft.AppendEntriesResponse{}
		var futures []raft.AppendFuture
		for range pipelineMax {
			f, err := p.AppendEntries(args, resp)
			if err != nil {
				t.Fatal(err)
			}
			futures = append(futures, f)
		}
		if _, err := p.AppendEntries(args, resp); !errors.Is(err, errLate) {
			t.Errorf("one more: %v", err)
		}
		hangs.End()
		for _, f := range futures {
			if !errors.Is(f.Error(), peer.ErrLost) {
				t.Error(f.Error())
			}
		}
		if err := errors.Join(p.Close(), tr.Close()); err != nil {
			t.Error(err)
		}
		here.End()
		hangs.Wait()
		here.Wait()
	})
}

// TestNothingComesUnscreened sends a request while its group is being opened: before Raft
// asks for requests nobody has said yet which it must not get.
func TestNothingComesUnscreened(t *testing.T) {
	n := New(Options{Peers: peer.Nobody{}, Clock: clock.Real(), Random: rand.Int64N})
	tr := n.Transport(1, 9)
	screened := 0
	send := func() {
		vote := appendVote(begin(9, kindVote, 32), &raft.RequestVoteRequest{Term: 2})
		n.take(grid.OriginOf(2, 1), vote, func([]byte) {})
	}
	send()
	tr.Screen(func(any) error { screened++; return errBusy })
	send()
	requests := tr.Consumer()
	if len(requests) > 0 {
		t.Error("Raft is handed a request that nobody has screened")
	}
	send()
	if screened != 1 || len(requests) > 0 {
		t.Errorf("%d requests were screened, and Raft has %d", screened, len(requests))
	}
}

// TestTwoSnapshotsAtOnce: the newer one wins, the older one ends, and none is counted twice.
func TestTwoSnapshotsAtOnce(t *testing.T) {
	here := peertest.New(clock.Real()).Join(grid.OriginOf(1, 1))
	n := New(Options{Peers: here, Clock: clock.Real(), Random: rand.Int64N})
	tr := n.Transport(1, 9)
	request := appendSnapshot(nil, &raft.InstallSnapshotRequest{Term: 3, Size: 10})
	var both sync.WaitGroup
	for from := range uint32(2) {
		both.Go(func() {
			if err := tr.beginSnapshot(from+2, 7, &reader{b: request}, func([]byte) {}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	first, second := <-tr.consumer, <-tr.consumer
	if n.snapshots.Load() != 1 {
		t.Errorf("%d snapshots come in", n.snapshots.Load())
	}
	tr.endSnapshot(errAborted)
	for _, r := range []io.Reader{first.Reader, second.Reader} {
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, errAborted) {
			t.Errorf("what has ended reads %v", err)
		}
	}
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
	if n.snapshots.Load() != 0 {
		t.Errorf("%d snapshots come in after all have ended", n.snapshots.Load())
	}
}
