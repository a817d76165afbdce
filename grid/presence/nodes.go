package presence

import (
	"cmp"
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// KindNodes is what gateways are told of the nodes that have members on a stream: a
// NodeSet, when the set changes and either the old or the new one has several. It is
// never sent to a client.
const KindNodes grid.Kind = 0x03F2

// NodeSet is the body of KindNodes: [stamp, [node, …]]. Of two of one stream the one
// with the higher stamp holds. A gateway that is not among the nodes, or is alone,
// need not keep it.
type NodeSet struct {
	Stamp int64    // of the stream's slot
	Nodes []uint32 // rising
}

// nodesMax is the most nodes of a set that is understood.
const nodesMax = 1 << 12

// Append appends the body.
func (s *NodeSet) Append(b []byte) []byte {
	b = pack.AppendArray(b, 2)
	b = pack.AppendInt(b, s.Stamp)
	b = pack.AppendArray(b, len(s.Nodes))
	for _, n := range s.Nodes {
		b = pack.AppendUint(b, uint64(n))
	}
	return b
}

// Decode reads the body. It uses the memory of Nodes again.
func (s *NodeSet) Decode(body []byte) error {
	in := pack.NewCursor(body)
	more := in.Fields(2)
	s.Stamp = in.Int()
	n := in.Array()
	if in.Err() == nil && n > nodesMax {
		return fault.New(fault.InvalidArgument, "a set of %d nodes: at most %d", n, nodesMax)
	}
	s.Nodes = s.Nodes[:0]
	for range n {
		node, last := in.Uint(), len(s.Nodes)-1
		if in.Err() != nil {
			break
		}
		if node > 1<<32-1 || last >= 0 && s.Nodes[last] >= uint32(node) {
			return fault.New(fault.InvalidArgument, "a set of nodes in which %d has no place", node)
		}
		s.Nodes = append(s.Nodes, uint32(node))
	}
	return in.End(more)
}

// shares is how many members of a group each gateway has: derived from the members,
// in order of origins, none of them without a member. A gateway that was started anew
// is another one, since it has forgotten what it was told.
type shares []share

type share struct {
	origin  grid.Origin
	members int
}

// find returns where an origin stands, or would.
func (s shares) find(o grid.Origin) (int, bool) {
	return slices.BinarySearchFunc(s, o, func(at share, o grid.Origin) int {
		return cmp.Compare(at.origin, o)
	})
}

// add counts one member more of an origin.
func (s *shares) add(o grid.Origin) {
	i, found := s.find(o)
	if !found {
		*s = slices.Insert(*s, i, share{origin: o})
	}
	(*s)[i].members++
}

// remove counts one member less.
func (s *shares) remove(o grid.Origin) {
	i, _ := s.find(o)
	if (*s)[i].members--; (*s)[i].members == 0 {
		*s = slices.Delete(*s, i, i+1)
	}
}

// Nodes appends the numbers of the nodes that have members on the stream of a key, in
// rising order. Like Query it may run beside other queries.
func (s *Streams) Nodes(key []byte, out []uint32) []uint32 {
	x, _ := s.byKey.Get(view(key))
	return x.nodes(out)
}

// Scan calls each with the keys of at most so many streams behind one, "" for the first,
// in order, and the nodes that have members on them; each keeps nothing of these. It
// returns the last key, and whether there may be more behind it. Like Query it may run
// beside other queries.
func (s *Streams) Scan(
	after string, most int, each func(key string, nodes []uint32),
) (last string, more bool) {
	var room [16]uint32
	s.byKey.Ascend(after, func(key string, x stream) bool {
		if key == after {
			return true
		}
		if more = most == 0; more {
			return false
		}
		most--
		last = key
		each(key, x.nodes(room[:0]))
		return true
	})
	return last, more
}

func (x stream) nodes(out []uint32) []uint32 {
	switch {
	case x.group != nil:
		last := grid.Origin(0)
		for i, at := range x.group.shares {
			if i == 0 || at.origin.Node() != last.Node() {
				out = append(out, at.origin.Node())
			}
			last = at.origin
		}
	case x.one != nil:
		out = append(out, x.one.origin.Node())
	}
	return out
}

// on says whether a gateway has members on the stream.
func (x stream) on(o grid.Origin) bool {
	if x.group != nil {
		_, found := x.group.shares.find(o)
		return found
	}
	return x.one != nil && x.one.origin == o
}

// tellNodes hints to the gateways of a stream which nodes have members on it now, and
// to one that may have none any more.
func (s *Streams) tellNodes(t *grid.Turn, key []byte, gone grid.Origin) {
	if t.Effects == nil {
		return
	}
	var room [16]uint32
	nodes := s.Nodes(key, room[:0])
	told := nodes
	if gone != 0 && !slices.Contains(nodes, gone.Node()) {
		told = append(told, gone.Node())
	}
	if len(told) < 2 {
		return
	}
	set := NodeSet{Stamp: t.Stamp, Nodes: nodes}
	t.Effects.TellNodes(t, told, key, KindNodes, set.Append(t.Effects.Begin()))
}
