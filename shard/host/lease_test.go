package host

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/clock"
)

// handClock stands still until it is moved.
type handClock struct {
	clock.Clock
	now int64
}

func (c *handClock) Micros() int64 { return c.now }

func threeVoters() []raft.ServerID { return []raft.ServerID{"a", "b", "c"} }

func leaseOf(c clock.Clock) *lease { return newLease(c, "a", time.Second, threeVoters) }

func TestALeaseRunsFromTheSending(t *testing.T) {
	c := &handClock{now: 1_000_000}
	l := leaseOf(c)
	l.enter(5)
	if l.holds(5) {
		t.Error("a lease without an answer")
	}
	c.now += 300_000
	l.answered("b", 5, 1_000_000, 0) // sent long before it was answered
	if !l.holds(5) || l.holds(4) || l.holds(6) {
		t.Error("the lease belongs to the term of its answers")
	}
	c.now = 1_000_000 + 899_999
	if !l.holds(5) {
		t.Error("the lease ended early")
	}
	c.now++ // a tenth of the second is kept for clocks that drift
	if l.holds(5) {
		t.Error("the lease outlived HeartbeatTimeout less drift, counted from the sending")
	}
}

func TestALeaseNeedsAQuorum(t *testing.T) {
	c := &handClock{now: 1_000_000}
	l := newLease(c, "a", time.Second, func() []raft.ServerID { return []raft.ServerID{"a", "b", "c", "d", "e"} })
	l.enter(1)
	l.answered("b", 1, 1_000_000, 0)
	if l.holds(1) {
		t.Error("two of five are no quorum")
	}
	l.answered("c", 1, 500_000, 0)
	c.now = 500_000 + 900_000
	if l.holds(1) {
		t.Error("the lease runs from the older of the two answers that make a quorum")
	}
	l.answered("stranger", 1, 1_300_000, 0)
	if l.holds(1) {
		t.Error("who is no voter does not count")
	}
}

func TestALeaseEndsWithItsTerm(t *testing.T) {
	c := &handClock{now: 1_000_000}
	l := leaseOf(c)
	l.enter(1)
	l.answered("b", 1, c.now, 0)
	l.enter(2)
	if l.holds(1) || l.holds(2) {
		t.Error("a new term begins without a lease")
	}
	l.answered("b", 1, c.now+1, 0)
	if l.holds(2) {
		t.Error("an answer of an older term counted")
	}
	l.answered("b", 2, c.now, 0)
	l.handOver()
	l.answered("c", 2, c.now+1, 0)
	if l.holds(2) {
		t.Error("a term in which leadership was handed over has no lease any more")
	}
}

func TestASoleVoterNeedsNoLease(t *testing.T) {
	l := newLease(&handClock{}, "a", time.Second, func() []raft.ServerID { return []raft.ServerID{"a"} })
	l.enter(3)
	if !l.holds(3) || l.holds(2) || !l.waitRound(3, 1<<60) {
		t.Error("a sole voter leads its term as long as it lasts")
	}
	stranger := newLease(&handClock{}, "x", time.Second, func() []raft.ServerID { return []raft.ServerID{"a"} })
	stranger.enter(3)
	if stranger.holds(3) {
		t.Error("who is no voter has no lease")
	}
}

func TestARoundCountsOnlyRequestsSentAfterIt(t *testing.T) {
	c := &handClock{now: 100}
	l := leaseOf(c)
	l.enter(1)
	l.answered("b", 1, 100, 0)
	ended := make(chan bool)
	go func() { ended <- l.waitRound(1, 100) }()
	select {
	case <-ended:
		t.Fatal("an answer to a request sent before the read confirmed it")
	case <-time.After(20 * time.Millisecond):
	}
	l.answered("c", 1, 101, 0)
	if !<-ended {
		t.Error("a round was not counted")
	}
	go func() { ended <- l.waitRound(1, 200) }()
	l.enter(2)
	if <-ended {
		t.Error("a round of a term that is over")
	}
}

func wrapped(c *handClock, votesAt int64, stalled time.Duration) (*transport, *raft.InmemTransport) {
	_, inner := raft.NewInmemTransport("a")
	return newTransport(inner, leaseOf(c), func() time.Duration { return stalled }, votesAt,
		func() uint64 { return 0 }), inner
}

func TestNoVotesRightAfterTheStart(t *testing.T) {
	c := &handClock{now: 1000}
	tr, _ := wrapped(c, 2000, 0)
	defer tr.Close()
	for _, tc := range []struct {
		command any
		early   bool
	}{
		{&raft.RequestVoteRequest{}, true},
		{&raft.RequestPreVoteRequest{}, true},
		{&raft.RequestVoteRequest{LeadershipTransfer: true}, false},
		{&raft.AppendEntriesRequest{}, false},
	} {
		if got := tr.early(tc.command); got != tc.early {
			t.Errorf("%T %+v is early: %v", tc.command, tc.command, got)
		}
	}
	c.now = 2000
	if tr.early(&raft.RequestVoteRequest{}) {
		t.Error("a vote is refused after HeartbeatTimeout")
	}
}

func TestAHangingDiskStopsHeartbeats(t *testing.T) {
	tr, _ := wrapped(&handClock{}, 0, diskStallMax+1)
	defer tr.Close()
	err := tr.AppendEntries("b", "b", &raft.AppendEntriesRequest{}, &raft.AppendEntriesResponse{})
	if !errors.Is(err, errDiskStalled) {
		t.Errorf("a heartbeat over a hanging disk: %v", err)
	}
	if _, err := tr.AppendEntriesPipeline("b", "b"); !errors.Is(err, errDiskStalled) {
		t.Errorf("a pipeline over a hanging disk: %v", err)
	}
}

func TestWhoHandsOverIsSilent(t *testing.T) {
	tr, _ := wrapped(&handClock{}, 0, 0)
	defer tr.Close()
	send := func(term uint64) error {
		return tr.AppendEntries("b", "b", &raft.AppendEntriesRequest{Term: term}, &raft.AppendEntriesResponse{})
	}
	if err := send(4); errors.Is(err, errHandedOver) {
		t.Errorf("a heartbeat: %v", err)
	}
	if tr.TimeoutNow("b", "b", &raft.TimeoutNowRequest{}, &raft.TimeoutNowResponse{}) == nil {
		t.Fatal("there is a node b")
	}
	if err := send(4); !errors.Is(err, errHandedOver) {
		t.Errorf("a heartbeat of a leader that has handed over: %v", err)
	}
	err := tr.InstallSnapshot("b", "b", &raft.InstallSnapshotRequest{Term: 4}, &raft.InstallSnapshotResponse{}, nil)
	if !errors.Is(err, errHandedOver) {
		t.Errorf("a snapshot of a leader that has handed over: %v", err)
	}
	if err := send(5); errors.Is(err, errHandedOver) {
		t.Errorf("a heartbeat of the next term: %v", err)
	}
}
