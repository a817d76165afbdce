package courier

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/shard/peer"
)

// parcels are the messages that are made of one entry's hints, one for each node.
type parcels struct {
	to  []parcel
	one [1]uint32 // the node of a hint for one session
	set presence.NodeSet
}

// parcel is the message for one node.
type parcel struct {
	node uint32
	left int    // bytes of hints that are still to come
	body []byte // nil: there is none yet
}

// of returns the parcel for a node.
func (p *parcels) of(node uint32) *parcel {
	for i := range p.to {
		if p.to[i].node == node {
			return &p.to[i]
		}
	}
	p.to = append(p.to, parcel{node: node})
	return &p.to[len(p.to)-1]
}

// nodesOf returns the nodes that a hint is for, this one perhaps among them.
func (p *parcels) nodesOf(e *grid.Effects, h *grid.Hint) []uint32 {
	if h.Stream != (grid.Span{}) {
		return e.NodesOf(h)
	}
	p.one[0] = h.To.Origin.Node()
	return p.one[:]
}

// send sends hints to the other nodes that they are for. They are weighed first, so
// that each message is allocated once.
func (c *Courier) send(e *grid.Effects, hints []grid.Hint, channel peer.Channel, p *parcels) {
	for i := range hints {
		size := sizeOf(&hints[i])
		for _, node := range p.nodesOf(e, &hints[i]) {
			p.of(node).left += size
		}
	}
	for i := range hints {
		h := &hints[i]
		nodes := p.nodesOf(e, h)
		if h.Kind == presence.KindNodes && slices.Contains(nodes, c.self) {
			if p.set.Decode(e.Of(h.Body)) == nil {
				c.sets.keep(e.Of(h.Stream), &p.set)
			}
		}
		c.pack(e, h, nodes, channel, p)
	}
	for i := range p.to {
		if at := &p.to[i]; at.body != nil {
			c.tell(at.node, channel, at.body)
		}
	}
	clear(p.to)
	p.to = p.to[:0]
}

// pack adds a hint, encoded once, to the messages for some nodes.
func (c *Courier) pack(
	e *grid.Effects, h *grid.Hint, nodes []uint32, channel peer.Channel, p *parcels,
) {
	size := sizeOf(h)
	var encoded []byte
	for _, node := range nodes {
		if node == c.self || node == 0 {
			continue
		}
		to := p.of(node)
		if to.body != nil && len(to.body)+size > MessageBytesMax {
			c.tell(node, channel, to.body)
			to.body = nil
		}
		if to.body == nil {
			room := max(1+size, min(1+to.left, MessageBytesMax))
			to.body = append(make([]byte, 0, room), push)
		}
		to.left -= size
		at := len(to.body)
		if encoded == nil {
			to.body = appendHint(to.body, h, e.Of(h.Stream), e.Of(h.Body))
			encoded = to.body[at:]
		} else {
			to.body = append(to.body, encoded...)
		}
	}
}
