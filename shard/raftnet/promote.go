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
	Term     uint64          // read first: a leader that is newer than it is harmless
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

// mayClaim says whether a vote in a term may claim that the leader before has given up its
// lease: the leader of the term just before has handed over to this node, or is gone.
//
// A claim makes others vote although they have promised that leader not to. It breaks no
// promise to any other: a leader of this very term has the votes of a majority in it, so
// this node cannot get one, and in a later term there is no claim.
func (t *Transport) mayClaim(term uint64) bool {
	c := t.claim.Load()
	return c > 0 && term == c+1
}

// leaderGone lets this node stand in place of a leader whose process has ended, if it
// followed that, rather than wait until its patience with it is over. One that knows of no
// leader does not: Raft stands without asking first whether it may win, and would end the
// reign of a leader of which this node has not heard yet.
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

// stand tells Raft to stand, if it has heard of no other leader than the one that is gone.
// Another may have asked for votes in a newer term and not got them; then Raft stands
// without a claim.
func (t *Transport) stand(was Standing) {
	now := (*t.standing.Load())()
	if !now.Follower || now.Leader != was.Leader && now.Leader != "" {
		return
	}
	raise(&t.claim, was.Term)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mu.heard > was.Term {
		return // whose entries Raft may be about to take
	}
	command := &raft.TimeoutNowRequest{RPCHeader: headerOf(t.self)}
	_ = t.hand(command, nil, func([]byte) {}) // refused: then it stands when its time comes
}

// handOver lets Raft stand because the leader of a term asks it to.
func (t *Transport) handOver(term uint64, command any, answer func([]byte)) error {
	newest := uint64(0)
	if f := t.standing.Load(); f != nil {
		newest = (*f)().Term
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if term < max(newest, t.mu.heard, t.mu.asked) {
		return errOldStand // I4
	}
	raise(&t.claim, term)
	return t.hand(command, nil, answer)
}

// appendTerm appends the field of a request to stand.
func appendTerm(b []byte, term uint64) []byte { return binary.AppendUvarint(b, term) }
