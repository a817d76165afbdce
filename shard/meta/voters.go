package meta

import "slices"

// VotersMax is how many voters the meta group has at the most: each has a part in every
// change of the topology.
const VotersMax = 5

// Voters returns how the meta group should be made up, each by rising number: an odd number
// of voters up to VotersMax, spread over zones, and all other nodes that are not dead as
// learners, so that each has the topology. It changes what the group's leader last reported
// as little as possible, one voter at a time; none are returned before there was a report.
func Voters(t *Topology) (voters, learners []uint32) {
	c := newCrew(t, func(n *Node) bool { return n.State == Live })
	voters = t.Meta.Voters
	if c.able(voters) {
		if voters = c.choose(voters, VotersMax); c.allLive(voters) {
			voters = c.spreadOut(voters)
		}
	}
	if len(voters) == 0 {
		return nil, nil
	}
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.State != Dead && !slices.Contains(voters, n.Number) {
			learners = append(learners, n.Number)
		}
	}
	return voters, learners
}
