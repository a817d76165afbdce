package courier

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/shard/peer"
)

// Limits of this package.
const (
	MessageBytesMax = 256 << 10 // of a message with more than one hint
	InboundBytesMax = 4 << 20   // of a message from another node
	SetsMax         = 1 << 18   // streams whose nodes are kept
)

// Options says what a courier works with. All must be set but Logger.
type Options struct {
	Self   grid.Origin // this incarnation of the node
	Peers  peer.Peers
	State  State
	Leader func(grid.Slot) uint32 // the node that is believed to lead a slot; 0: none is known
	Clock  clock.Clock
	Logger *slog.Logger // nil: discards
}

// State is what the courier reads of the shards of this node. Its methods may be called
// from any goroutine, and block for no longer than an applier takes for some commands.
type State interface {
	// Nodes appends the nodes that have members on a stream, in rising order, as far as
	// this node's replica of its slot knows.
	Nodes(slot grid.Slot, key []byte, out []uint32) []uint32
	// Streams calls each with at most so many of the streams of a slot that have members,
	// behind the one with a key, if this node leads the slot's shard: the stamp of the
	// slot, their keys and nodes, and the numbers of their channels' last messages. It
	// returns the last key, and whether there may be more behind it.
	Streams(slot grid.Slot, after string, most int,
		each func(stamp int64, key string, nodes []uint32, last uint64)) (next string, more bool)
	// ShardOf returns the number of the shard that serves a slot.
	ShardOf(slot grid.Slot) int
}

// Courier carries hints and signals between nodes. Its methods may be called from any
// goroutine.
type Courier struct {
	options  Options
	self     uint32
	listener atomic.Pointer[func(*grid.Effects)]
	sets     sets
	relays   relays
	news     announcer
	spares   sync.Pool // of *parcels
	inbound  sync.Pool // of *inbox

	sent, lost, refused atomic.Uint64
}

// inbox is where a message from another node is decoded.
type inbox struct {
	grid.Effects
	set presence.NodeSet
}

// Stats count since the start.
type Stats struct {
	Sent    uint64 // messages handed to peers
	Lost    uint64 // messages that could not be
	Refused uint64 // messages of other nodes that could not be understood
	Sets    int    // streams whose nodes are kept now
}

// New returns a courier, which serves the channels Hints and Relays of its peers.
func New(o Options) *Courier {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Courier{options: o, self: o.Self.Node()}
	c.sets.init(c.self)
	c.spares.New = func() any { return new(parcels) }
	c.inbound.New = func() any { return new(inbox) }
	o.Peers.Serve(peer.Hints, c.takeHints)
	o.Peers.Serve(peer.Relays, c.takeRelay)
	o.Peers.Watch(c.heed)
	return c
}

// Listen names who takes what is for this node: as grid.Shards.Listen, but that it is
// called on the goroutines of peers too.
func (c *Courier) Listen(hints func(*grid.Effects)) { c.listener.Store(&hints) }

// Stats returns the counts.
func (c *Courier) Stats() Stats {
	return Stats{c.sent.Load(), c.lost.Load(), c.refused.Load(), c.sets.len()}
}

// Hints takes the effects of an entry: what grid.Shards.Listen of the host is given.
func (c *Courier) Hints(e *grid.Effects) {
	c.hear(e)
	c.post(e, peer.Hints)
}

// hear gives effects to this node's listener.
func (c *Courier) hear(e *grid.Effects) {
	if hints := c.listener.Load(); hints != nil {
		(*hints)(e)
	}
}

// post sends what is for other nodes.
func (c *Courier) post(e *grid.Effects, channel peer.Channel) {
	for i := range e.Hints {
		if c.leaves(e, &e.Hints[i]) {
			p := c.spares.Get().(*parcels)
			c.send(e, e.Hints[i:], channel, p)
			c.spares.Put(p)
			return
		}
	}
}

// leaves says whether a hint is for another node too.
func (c *Courier) leaves(e *grid.Effects, h *grid.Hint) bool {
	if h.Stream == (grid.Span{}) {
		node := h.To.Origin.Node()
		return node != c.self && node != 0
	}
	nodes := e.NodesOf(h)
	return len(nodes) > 1 || len(nodes) == 1 && nodes[0] != c.self
}

// tell sends a message.
func (c *Courier) tell(node uint32, channel peer.Channel, body []byte) {
	if err := c.options.Peers.Tell(node, channel, body); err != nil {
		c.lost.Add(1)
		return
	}
	c.sent.Add(1)
}

// takeHints takes a message of the channel Hints.
func (c *Courier) takeHints(from grid.Origin, body []byte, answer func([]byte)) {
	in := c.open(from, body, answer)
	if in == nil {
		return
	}
	for i := range in.Hints {
		if h := &in.Hints[i]; h.Kind == presence.KindNodes {
			c.keep(in, h)
		}
	}
	c.hear(&in.Effects)
	c.close(in)
}

// keep keeps the set of nodes that a gateway is told.
func (c *Courier) keep(in *inbox, h *grid.Hint) {
	if err := in.set.Decode(in.Of(h.Body)); err != nil {
		c.refused.Add(1)
		return
	}
	c.sets.keep(in.Of(h.Stream), &in.set)
}

// open decodes a message; nil, if it cannot be understood.
func (c *Courier) open(from grid.Origin, body []byte, answer func([]byte)) *inbox {
	if answer != nil {
		answer(nil) // nobody asks here
	}
	in := c.inbound.Get().(*inbox)
	err := decode(body, &in.Effects)
	if from == 0 && err == nil {
		err = errors.New("it comes from no node")
	}
	if err != nil {
		c.refused.Add(1)
		c.options.Logger.Error("take a message of another node", "node", from.Node(), "error", err)
		c.close(in)
		return nil
	}
	return in
}

// close puts an inbox away. Its bytes belong to the peer.
func (c *Courier) close(in *inbox) {
	in.Bytes = nil
	in.Reset()
	c.inbound.Put(in)
}
