package meta

import (
	"slices"
	"time"
)

// movesMax is how many shards may be on their way at a time for the sake of balance: each
// sends a snapshot to where it goes. What lacks replicas does not wait.
const movesMax = 4

// World is what the leader of the meta group knows beside the topology.
type World struct {
	// Now is its clock, µs.
	Now int64
	// Began is since when it has listened to signs of life without a break, µs: who was
	// deaf, because it was paused say, begins anew, or it would take all others for dead.
	Began int64
	// Seen is when each node last gave a sign of life, µs; the leader's own is now.
	Seen map[uint32]int64
	// DeadAfter is how long a node may be silent, or stay away after it was stopped.
	DeadAfter time.Duration
	// Leaders has the node that leads each shard; none where that is not known.
	Leaders map[int]uint32
}

// silentPart is the part of DeadAfter from which on a silent node is given nothing new, and
// not counted on: its death is not sure, but likely.
const silentPart = 4

// sign is when a node last gave a sign of life, as far as can be told, µs.
func (w *World) sign(n *Node) int64 {
	sign := max(n.Since, w.Began)
	if n.State == Left {
		return sign
	}
	return max(sign, w.Seen[n.Number])
}

// lives says whether a node is live and not silent.
func (w *World) lives(n *Node) bool {
	return n.State == Live && w.Now-w.sign(n) <= w.DeadAfter.Microseconds()/silentPart
}

// Plan returns what is to be proposed next to bring the cluster to where it should be:
// silent nodes are declared dead, every shard gets as many replicas as are wanted and
// there are live nodes for (an odd number), dead ones are replaced, and replicas are
// spread over zones and nodes. It is empty when nothing is left to do, or when what is
// under way must come to its end first. It may be called again at any time, also while
// what it returned before is still being proposed.
func Plan(t *Topology, w World) []Command {
	if dead := deaths(t, &w); len(dead) > 0 {
		return dead // where replicas go is decided once that is agreed on
	}
	p := newPlacement(t, &w)
	moving := 0
	for i := range t.Shards {
		s := &t.Shards[i]
		switch able := p.able(s.group()); {
		case !able:
			// No change can be made to a group without a majority; who returns may yet have all.
		case s.Settled():
			if p.put(i, p.choose(s.Replicas, t.Replicas)) {
				moving++
			}
		case p.lost(s.Replicas):
			p.put(i, p.mend(s))
			moving++
		default:
			moving++
		}
	}
	for ; moving < movesMax && (p.spread() || p.balance()); moving++ {
	}
	return p.commands()
}

// mend returns the replicas of a shard that is on its way to where one of them is dead. What
// died before it got there, and has no substitute, is given up: the group, which would be
// left with an even number, becomes what it can be with those that it has.
func (p *placement) mend(s *Shard) []uint32 {
	next := p.replace(s.Replicas)
	for _, n := range next {
		if p.t.Is(n, Dead) && !slices.Contains(s.group(), n) {
			return p.choose(s.group(), p.t.Replicas)
		}
	}
	return next
}

// deaths returns the declarations of nodes that were silent for too long.
func deaths(t *Topology, w *World) []Command {
	var dead []Command
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.State != Dead && w.Now-w.sign(n) > w.DeadAfter.Microseconds() {
			dead = append(dead, &DeclareDead{Number: n.Number, Incarnation: n.Incarnation})
		}
	}
	return dead
}

// group returns where a shard's replicas are: where they should be, until a leader says.
func (s *Shard) group() []uint32 {
	if len(s.Voters) == 0 {
		return s.Replicas
	}
	return s.Voters
}

// placement is a plan in the making: where all replicas will be.
type placement struct {
	*crew
	replicas [][]uint32
	moved    []bool // changed by this plan: one change of a shard at a time
}

func newPlacement(t *Topology, w *World) *placement {
	p := &placement{crew: newCrew(t, w.lives), replicas: make([][]uint32, len(t.Shards)),
		moved: make([]bool, len(t.Shards))}
	for i := range t.Shards {
		p.replicas[i] = t.Shards[i].Replicas
		for _, n := range p.replicas[i] {
			p.load[n]++
		}
	}
	return p
}

// put gives a shard other replicas, and says whether they are others.
func (p *placement) put(i int, replicas []uint32) bool {
	if slices.Equal(replicas, p.replicas[i]) {
		return false
	}
	for _, n := range p.replicas[i] {
		p.load[n]--
	}
	for _, n := range replicas {
		p.load[n]++
	}
	p.replicas[i], p.moved[i] = replicas, true
	return true
}

// movable says whether a replica of a shard may move for a better place: all are live, and
// where they should be.
func (p *placement) movable(i int) bool {
	s := &p.t.Shards[i]
	return !p.moved[i] && s.Settled() && p.allLive(s.Replicas)
}

// spread moves one replica to a zone in which its shard has none, from one in which it has
// several, and says whether there was such a replica.
func (p *placement) spread() bool {
	for i, r := range p.replicas {
		if !p.movable(i) {
			continue
		}
		if better := p.spreadOut(r); !slices.Equal(better, r) {
			p.put(i, better)
			return true
		}
	}
	return false
}

// balance moves one replica from a node to one that has at least two less, where that does
// not take a zone from the shard: that with the largest difference. It says whether there
// was one.
func (p *placement) balance() bool {
	shard, from, to := -1, uint32(0), uint32(0)
	gain := 1
	for i, r := range p.replicas {
		if !p.movable(i) {
			continue
		}
		for _, a := range r {
			for _, b := range p.live {
				if p.load[a]-p.load[b] > gain && !slices.Contains(r, b) &&
					p.zones(swapped(r, a, b)) >= p.zones(r) {
					shard, from, to, gain = i, a, b, p.load[a]-p.load[b]
				}
			}
		}
	}
	if shard >= 0 {
		p.put(shard, swapped(p.replicas[shard], from, to))
	}
	return shard >= 0
}

// commands returns what brings about the placement.
func (p *placement) commands() []Command {
	var out []Command
	for i, moved := range p.moved {
		if moved {
			out = append(out, &Place{Shard: i, Replicas: p.replicas[i], Version: p.t.Version})
		}
	}
	return out
}
