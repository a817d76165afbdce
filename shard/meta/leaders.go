package meta

import (
	"cmp"
	"slices"
)

// Transfer is a leadership that should move.
type Transfer struct {
	Shard    int
	From, To uint32
}

// Leaders returns which leaderships should move so that the live nodes lead as many shards
// each, within one, as far as replicas allow. Shards on their way, and those of which it is
// not known who leads them, stay as they are. It is empty when there is nothing to better.
func Leaders(t *Topology, w World) []Transfer {
	l := &leaders{crew: newCrew(t, w.lives), by: map[uint32][]int{}, load: map[uint32]int{}}
	for i := range t.Shards {
		n := w.Leaders[i]
		if !l.lives(n) {
			continue
		}
		l.load[n]++
		if s := &t.Shards[i]; s.Settled() && slices.Contains(s.Voters, n) {
			l.by[n] = append(l.by[n], i)
		}
	}
	for l.lighten() {
	}
	var out []Transfer
	for n, shards := range l.by {
		for _, i := range shards {
			if w.Leaders[i] != n {
				out = append(out, Transfer{Shard: i, From: w.Leaders[i], To: n})
			}
		}
	}
	slices.SortFunc(out, func(a, b Transfer) int { return cmp.Compare(a.Shard, b.Shard) })
	return out
}

// leaders is who would lead what.
type leaders struct {
	*crew
	by   map[uint32][]int // the shards that each leads and could hand over
	load map[uint32]int   // how many each leads
}

// lighten takes a shard from a node that leads at least two more than another one that can
// be reached by handing over, from node to node if it must be; it says whether it did.
func (l *leaders) lighten() bool {
	heavy := slices.Clone(l.live)
	slices.SortFunc(heavy, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(l.load[b], l.load[a]), cmp.Compare(a, b))
	})
	for _, from := range heavy {
		if l.lightenOne(from) {
			return true
		}
	}
	return false
}

// step is how a search came to a node: by a shard that another could hand to it.
type step struct {
	from  uint32
	shard int
}

// lightenOne searches breadth first, so that as few shards as possible change hands.
func (l *leaders) lightenOne(start uint32) bool {
	came := map[uint32]step{start: {}}
	for queue := []uint32{start}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		if l.load[start]-l.load[from] >= 2 {
			l.handOver(came, start, from)
			return true
		}
		for _, i := range l.by[from] {
			for _, to := range l.t.Shards[i].Voters {
				if _, known := came[to]; !known && l.lives(to) {
					came[to] = step{from, i}
					queue = append(queue, to)
				}
			}
		}
	}
	return false
}

// handOver moves one shard along each step of the way that led from one node to another.
func (l *leaders) handOver(came map[uint32]step, start, end uint32) {
	l.load[start]--
	l.load[end]++
	for to := end; to != start; to = came[to].from {
		s := came[to]
		at := slices.Index(l.by[s.from], s.shard)
		l.by[s.from] = slices.Delete(l.by[s.from], at, at+1)
		l.by[to] = append(l.by[to], s.shard)
	}
}
