package host

import (
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// lagMax is how many committed entries a replica may not have applied yet and still
// count as ready: about a second's.
const lagMax = 1 << 13

// Health is how a node's shards are, for who asks whether it is ready.
type Health struct {
	Shards []ShardHealth // in order of shards
	// DiskStall is the age of the oldest write or sync of the log that is unfinished;
	// 0: there is none.
	DiskStall time.Duration
	Failed    bool // the disk or the log failed: nothing is acknowledged any more
	Stopping  bool // Close was called
	// Reason says in words why the node is not ready, where no single shard is to
	// blame; "": it is no reason.
	Reason string
}

// ShardHealth is this node's replica of one shard.
type ShardHealth struct {
	Shard  int
	Leader string // the name of the node that leads the shard; "": none is known
	Leads  bool   // this node does, and answers for it
	Led    bool   // this node does so, or another is known to lead
	Term   uint64 // of Raft

	Last     uint64 // log index of the last entry that is stored
	Commit   uint64 // log index of the last entry that is known to be committed
	Applied  uint64 // log index up to which entries are applied
	Lag      uint64 // entries committed and not applied; on a follower up to a few too many
	Snapshot uint64 // log index that the newest snapshot covers; 0: there is none

	// Lease is for how long this node may still answer reads as leader if it hears of
	// no follower any more; LeaseForever for a sole voter, 0 without a lease.
	Lease time.Duration
	// Reason says in words why the replica is not ready; "": it is.
	Reason string
}

// LeaseForever is the lease of a leader that needs nobody's consent.
const LeaseForever = time.Duration(forever)

// Ready says whether all shards are ready, and the disk.
func (h *Health) Ready() bool {
	for i := range h.Shards {
		if h.Shards[i].Reason != "" {
			return false
		}
	}
	return h.Reason == ""
}

// Health returns how the shards are at this moment. Any goroutine may call it; it
// takes a few µs a shard, and holds up nothing.
func (h *Host) Health() Health {
	out := Health{DiskStall: h.db.Stalled(), Failed: h.dead.Load()}
	select {
	case <-h.stop:
		out.Stopping = true
	default:
	}
	switch {
	case out.Failed:
		out.Reason = "the node has failed, and ends: see its log"
	case out.Stopping:
		out.Reason = "the node is stopping"
	case out.DiskStall > diskStallMax:
		out.Reason = fmt.Sprintf("a write to the disk has been under way for %v",
			out.DiskStall.Round(time.Millisecond))
	}
	for _, g := range h.Groups() {
		out.Shards = append(out.Shards, g.health())
	}
	return out
}

func (g *Group) health() ShardHealth {
	r := g.raft.Load()
	_, leader := r.LeaderWithID()
	s := ShardHealth{Shard: g.number, Leader: string(leader), Term: r.CurrentTerm(),
		Last: r.LastIndex(), Commit: r.CommitIndex(), Applied: g.fsm.applied(),
		Snapshot: g.snapshots.Stats().Index}
	reign := g.serving.Load()
	if reign != nil {
		s.Leads = true
		// Entries that Raft keeps to itself are never applied; the reign's barrier, for
		// one, is behind all that was to be applied before.
		s.Applied = max(s.Applied, reign.barrier)
		s.Lease = g.lease.left(reign.term)
	}
	if s.Commit > s.Applied {
		s.Lag = s.Commit - s.Applied
	}
	state := r.State()
	s.Led = s.Leads || s.Leader != "" && state != raft.Leader
	s.Reason = g.unready(&s, state)
	return s
}

// unready says why the replica is not ready.
func (g *Group) unready(s *ShardHealth, state raft.RaftState) string {
	switch {
	case s.Leader == "":
		return "the shard has no leader"
	case !s.Leads && state == raft.Leader:
		return fmt.Sprintf("this node was elected, and catches up: entry %d of %d",
			s.Applied, s.Commit)
	case s.Leads && !g.swept.Load():
		return "the sessions of earlier starts of the node are not yet detached"
	case s.Leads && s.Lease == 0:
		return "this node leads, and its followers do not answer"
	case s.Lag > lagMax:
		return fmt.Sprintf("%d entries are committed and not yet applied", s.Lag)
	}
	return ""
}

// left returns for how long the lease of a term still runs.
func (l *lease) left(term uint64) time.Duration {
	until := l.until.Load()
	switch {
	case l.term.Load() != term:
		return 0
	case until == forever:
		return LeaseForever
	}
	return time.Duration(max(0, until-l.clock.Micros())) * time.Microsecond
}
