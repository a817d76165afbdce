package meta

import (
	"cmp"
	"slices"
)

// crew is the nodes as who chooses members of a group sees them. What it is given and
// returns are sets of nodes, by rising number.
type crew struct {
	t    *Topology
	live []uint32       // those that can take a replica, by rising number
	load map[uint32]int // replicas on each node
}

// newCrew returns the nodes of a topology, of which some are taken to be live.
func newCrew(t *Topology, lives func(*Node) bool) *crew {
	c := &crew{t: t, load: make(map[uint32]int, len(t.Nodes))}
	for i := range t.Nodes {
		if n := &t.Nodes[i]; lives(n) {
			c.live = append(c.live, n.Number)
		}
	}
	return c
}

// lives says whether a node is one of the live ones.
func (c *crew) lives(n uint32) bool {
	_, is := slices.BinarySearch(c.live, n)
	return is
}

// odd returns the largest odd number that is at most n: an even one more would need one
// node more for a majority, and bear the loss of no more.
func odd(n int) int { return (n+1)/2*2 - 1 }

// size returns how many members a group of n should have when wanted are wanted: no more
// than there are live nodes for, but none are given up for want of nodes.
func (c *crew) size(n, wanted int) int {
	wanted = odd(wanted)
	return min(odd(max(n, min(wanted, len(c.live)))), wanted)
}

// choose returns a group as it should be: as large as wanted, with as few changes as
// possible.
func (c *crew) choose(group []uint32, wanted int) []uint32 {
	size := c.size(len(group), wanted)
	next := slices.Clone(group)
	for len(next) > size {
		next = without(next, c.worst(next))
	}
	next = c.replace(next)
	for len(next) < size {
		next = with(next, c.best(next)) // there is one: it grows to live nodes' number at most
	}
	return next
}

// replace puts spare nodes in place of dead ones, as far as there are some.
func (c *crew) replace(group []uint32) []uint32 {
	next := slices.Clone(group)
	for _, n := range group {
		if !c.t.Is(n, Dead) {
			continue
		}
		rest := without(next, n)
		if spare := c.best(rest); spare != 0 {
			next = with(rest, spare)
		}
	}
	return next
}

// best returns the live node that a group should take in next, or 0: of a zone of which it
// has the fewest, of those one with the fewest replicas.
func (c *crew) best(group []uint32) uint32 {
	return c.first(c.live, func(n uint32) bool { return !slices.Contains(group, n) },
		func(a, b uint32) int {
			return cmp.Or(cmp.Compare(c.inZoneOf(a, group), c.inZoneOf(b, group)),
				cmp.Compare(c.load[a], c.load[b]), cmp.Compare(a, b))
		})
}

// worst returns the member that a group should let go first: a dead one, then one that is
// stopped or silent, then one of a zone of which it has the most, of those one with the
// most replicas.
func (c *crew) worst(group []uint32) uint32 {
	return c.first(group, func(uint32) bool { return true },
		func(a, b uint32) int {
			return cmp.Or(cmp.Compare(c.rank(a), c.rank(b)),
				cmp.Compare(c.inZoneOf(b, group), c.inZoneOf(a, group)),
				cmp.Compare(c.load[b], c.load[a]), cmp.Compare(b, a))
		})
}

// first returns the first of some nodes in an order, or 0.
func (c *crew) first(
	of []uint32, want func(uint32) bool, order func(a, b uint32) int,
) (first uint32) {
	for _, n := range of {
		if want(n) && (first == 0 || order(n, first) < 0) {
			first = n
		}
	}
	return first
}

// rank orders members by how little is lost with them.
func (c *crew) rank(n uint32) int {
	switch {
	case c.t.Node(n) == nil || c.t.Is(n, Dead):
		return 0
	case !c.lives(n):
		return 1
	}
	return 2
}

// spreadOut returns a group of live nodes with one member moved to a zone in which it has
// none, from one in which it has several; the group itself when there is no such member.
func (c *crew) spreadOut(group []uint32) []uint32 {
	out := c.worst(group)
	if out == 0 || c.inZoneOf(out, group) < 2 {
		return group
	}
	in := c.best(group)
	if in == 0 || c.inZoneOf(in, group) > 0 {
		return group
	}
	return swapped(group, out, in)
}

// zone returns a node's zone.
func (c *crew) zone(n uint32) string {
	if at := c.t.Node(n); at != nil {
		return at.Zone
	}
	return ""
}

// inZoneOf returns how many of a group are in a node's zone, and not dead.
func (c *crew) inZoneOf(n uint32, group []uint32) (count int) {
	zone := c.zone(n)
	for _, m := range group {
		if c.rank(m) > 0 && c.zone(m) == zone {
			count++
		}
	}
	return count
}

// zones returns in how many zones a group is.
func (c *crew) zones(group []uint32) (count int) {
	for i, n := range group {
		if c.inZoneOf(n, group[:i]) == 0 {
			count++
		}
	}
	return count
}

// allLive says whether a whole group is live.
func (c *crew) allLive(group []uint32) bool {
	return !slices.ContainsFunc(group, func(n uint32) bool { return !c.lives(n) })
}

// lost says whether one of a group is dead.
func (c *crew) lost(group []uint32) bool {
	return slices.ContainsFunc(group, func(n uint32) bool { return c.t.Is(n, Dead) })
}

// able says whether a group has a live majority.
func (c *crew) able(group []uint32) bool {
	live := 0
	for _, n := range group {
		if c.lives(n) {
			live++
		}
	}
	return 2*live > len(group)
}

// with returns a set with one node more.
func with(set []uint32, n uint32) []uint32 {
	at, _ := slices.BinarySearch(set, n)
	return slices.Insert(slices.Clone(set), at, n)
}

// without returns a set with one node less.
func without(set []uint32, n uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(set), func(m uint32) bool { return m == n })
}

// swapped returns a set with one node in place of another.
func swapped(set []uint32, out, in uint32) []uint32 { return with(without(set, out), in) }
