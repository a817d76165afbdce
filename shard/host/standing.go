package host

import (
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/shard/raftnet"
)

// follower is a transport that lets this node stand at once in place of a leader whose
// process has ended.
type follower interface {
	Follow(standing func() raftnet.Standing)
}

// standing says where the group's Raft is.
func (g *Group) standing() raftnet.Standing {
	r := g.raft.Load()
	term := r.CurrentTerm() // before the leader: see raftnet.Standing
	_, leader := r.LeaderWithID()
	return raftnet.Standing{Follower: r.State() == raft.Follower, Leader: leader,
		Term: term, Voters: g.voters()}
}
