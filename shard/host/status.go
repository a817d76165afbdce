package host

import (
	"github.com/hashicorp/raft"
)

// Status is how one replica is, for who places replicas and moves leaderships.
type Status struct {
	Term   uint64 // of Raft
	Leader uint32 // the node that leads the group; 0: none is known
	Serves bool   // this node leads, and answers for the group
	Swept  bool   // the floors that were wanted when it began to are in force

	Last    uint64 // log index of the last entry that is stored
	Commit  uint64 // log index of the last entry that is known to be committed
	Applied uint64 // log index of the last command applied

	// Voters and Learners are the group's newest configuration that this replica knows.
	Voters, Learners []uint32
	// ConfigurationIndex is its log index; 0: it knows none.
	ConfigurationIndex uint64
}

// Status returns how the node's replica of a group is; false if it has none. Any goroutine
// may call it; it takes a few µs.
func (h *Host) Status(number int) (s Status, ok bool) {
	g := h.Group(number)
	if g == nil {
		return s, false
	}
	r := g.raft.Load()
	_, leader := r.LeaderWithID()
	c := r.GetConfiguration()
	s = Status{Term: r.CurrentTerm(), Leader: nodeOf(leader), Serves: g.Serving(),
		Swept: g.swept.Load(), Last: r.LastIndex(), Commit: r.CommitIndex(),
		Applied: g.fsm.applied(), ConfigurationIndex: c.Index()}
	for _, at := range c.Configuration().Servers {
		if at.Suffrage == raft.Voter {
			s.Voters = append(s.Voters, nodeOf(at.ID))
		} else {
			s.Learners = append(s.Learners, nodeOf(at.ID))
		}
	}
	return s, true
}

// Serving says whether this node leads a group, and answers for it.
func (h *Host) Serving(number int) bool {
	g := h.Group(number)
	return g != nil && g.Serving()
}

// Leader returns the node that leads a group, as the replica here knows; 0: it knows none,
// or there is no replica here. It takes some 50 ns.
func (h *Host) Leader(number int) uint32 {
	g := h.Group(number)
	if g == nil {
		return 0
	}
	_, id := g.raft.Load().LeaderWithID()
	return nodeOf(id)
}

// Confirmed says whether this node leads a group and its lease holds: what its machine said
// before this was asked was the newest.
func (h *Host) Confirmed(number int) bool {
	g := h.Group(number)
	if g == nil {
		return false
	}
	r := g.serving.Load()
	return r != nil && g.lease.holds(r.term) && g.leads(r)
}
