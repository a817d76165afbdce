package raftnet

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// standApart is the time between two replicas that stand in place of a leader that is
	// gone: enough for the first to be elected. Were they to stand at once, each would vote
	// for itself, and nobody be elected until their patience is over.
	standApart = 150 * time.Millisecond
	// standJitter spreads the groups of a node, for votes go to disk.
	standJitter = 10 * time.Millisecond
)

var errOldStand = errors.New("the leader that asks to stand is of an older term")

// Standing is where a group's Raft is.
type Standing struct {
	Follower bool
	Leader   raft.ServerID
	Term     uint64
	Voters   []raft.ServerID // of the latest configuration
}

// rank is a node's place among the voters but for one, which is gone: 0 stands first. It
// depends on the group, so that leaders of many groups are not all replaced by one node's.
// -1: it has no vote.
func (s *Standing) rank(self, gone raft.ServerID, group uint32) int {
	voters := slices.Clone(s.Voters)
	voters = slices.DeleteFunc(voters, func(v raft.ServerID) bool { return v == gone })
	slices.Sort(voters)
	at := slices.Index(voters, self)
	if at < 0 {
		return -1
	}
	return (at + int(group)) % len(voters)
}

// Follow names a function that says where the group's Raft is, once that runs: it is called
// on any goroutine and must not block.
func (t *Transport) Follow(f func() Standing) { t.standing.Store(&f) }

// leaderGone lets this node stand in place of a leader whose process has ended, if it
// followed that, rather than wait until its patience with it is over.
//
// Raft stands at once when it is told to by a leader that hands over, and then claims that
// transfer, so that others vote although they have heard of their leader just now. That
// would break the promise on which leases rest, but the leader's process is gone, and its
// lease with it. So the claim is made only if nothing has changed since: the leader of this
// term is the one that is gone. If another node has stood meanwhile, there is a newer term,
// which may have a leader with a lease; then this node stands without the claim, and those
// who have heard of that leader refuse.
func (t *Transport) leaderGone(leader raft.ServerID) {
	standing := t.standing.Load()
	if standing == nil {
		return
	}
	was := (*standing)()
	if !was.Follower || was.Leader != leader {
		return
	}
	rank := was.rank(ServerID(t.self), leader, t.number)
	if rank < 0 {
		return
	}
	wait := time.Duration(rank)*standApart + time.Duration(t.net.options.Random(int64(standJitter)))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.closed {
		return
	}
	if t.mu.stand != nil {
		t.mu.stand.Stop()
	}
	t.mu.stand = t.net.options.Clock.AfterFunc(wait, func() { t.stand(was) })
}

// stand tells Raft to stand, if it still has no other leader than the one that it had.
func (t *Transport) stand(was Standing) {
	now := (*t.standing.Load())()
	if !now.Follower || now.Leader != was.Leader && now.Leader != "" {
		return
	}
	t.plain.Store(now.Term != was.Term)
	command := &raft.TimeoutNowRequest{RPCHeader: headerOf(t.self)}
	_ = t.submit(command, nil, func([]byte) {}) // refused: then it stands when its time comes
}

// mayStand says whether a leader of a term may ask this node to stand.
func (t *Transport) mayStand(term uint64) error {
	if term < t.term.Load() {
		return errOldStand // I4
	}
	t.plain.Store(false)
	return nil
}

// appendTerm appends the field of a request to stand.
func appendTerm(b []byte, term uint64) []byte { return binary.AppendUvarint(b, term) }
