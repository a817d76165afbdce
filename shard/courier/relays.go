package courier

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// relays are the signals that wait for Flush.
type relays struct {
	staged atomic.Bool // there are some
	mu     struct {
		sync.Mutex
		push, ask parcels  // to the nodes of streams, and to leaders of their slots
		nodes     []uint32 // scratch
	}
}

// Relay stages a signal to a stream, the body of a push, for the other nodes that have
// members on it: it goes out with Flush. Who signals without being on the stream is
// outside. It keeps neither key nor body.
func (c *Courier) Relay(slot grid.Slot, key []byte, kind grid.Kind, body []byte, outside bool) {
	var room [16]uint32
	nodes := c.sets.of(key, room[:0])
	leader := uint32(0)
	if len(nodes) == 0 && outside {
		if leader = c.options.Leader(slot); leader == c.self {
			nodes = c.options.State.Nodes(slot, key, nodes)
		}
	}
	if len(nodes) == 0 && (leader == 0 || leader == c.self) {
		return
	}
	c.relays.mu.Lock()
	defer c.relays.mu.Unlock()
	h := grid.Hint{Kind: kind, Slot: slot}
	if len(nodes) == 0 {
		c.stage(&c.relays.mu.ask, leader, passOn, &h, key, body)
	}
	for _, node := range nodes {
		if node != c.self {
			c.stage(&c.relays.mu.push, node, push, &h, key, body)
		}
	}
}

// stage adds a signal to the message for a node. Under mu.
func (c *Courier) stage(p *parcels, node uint32, do byte, h *grid.Hint, key, body []byte) {
	to := p.of(node)
	size := headBytes + len(key) + len(body)
	if len(to.body)+size > MessageBytesMax && len(to.body) > 0 {
		c.tell(node, peer.Relays, to.body)
		to.body = nil
	}
	if to.body == nil {
		to.body = append(make([]byte, 0, 1+max(size, to.left)), do)
	}
	to.body = appendHint(to.body, h, key, body)
	c.relays.staged.Store(true)
}

// Flush sends the signals that were staged, one message for each node.
func (c *Courier) Flush() {
	if !c.relays.staged.Load() {
		return
	}
	c.relays.mu.Lock()
	defer c.relays.mu.Unlock()
	c.relays.staged.Store(false)
	for _, p := range [...]*parcels{&c.relays.mu.push, &c.relays.mu.ask} {
		for i := range p.to {
			to := &p.to[i]
			if to.body == nil {
				continue
			}
			to.left = min(len(to.body), gatheredBytes) // as much may come next time
			c.tell(to.node, peer.Relays, to.body)
			to.body = nil
		}
	}
}

// gatheredBytes is the most that is allocated ahead for a message of signals.
const gatheredBytes = 4 << 10

// takeRelay takes a message of the channel Relays.
func (c *Courier) takeRelay(from grid.Origin, body []byte, answer func([]byte)) {
	in := c.open(from, body, answer)
	if in == nil {
		return
	}
	if body[0] == passOn {
		c.address(in, from.Node())
		c.post(&in.Effects, peer.Relays)
	}
	c.hear(&in.Effects)
	c.close(in)
}

// address notes in each signal the nodes that it is for: all of its stream but the one
// that it comes from.
func (c *Courier) address(in *inbox, from uint32) {
	for i := range in.Hints {
		h := &in.Hints[i]
		at := len(in.Nodes)
		in.Nodes = c.options.State.Nodes(h.Slot, in.Of(h.Stream), in.Nodes)
		if n := slices.Index(in.Nodes[at:], from); n >= 0 {
			in.Nodes = slices.Delete(in.Nodes, at+n, at+n+1)
		}
		h.Nodes = grid.Span{From: uint32(at), To: uint32(len(in.Nodes))}
	}
}
