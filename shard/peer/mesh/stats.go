package mesh

import (
	"slices"
	"sync/atomic"

	"github.com/thronggrid/throng/shard/peer"
)

// counts are a line's, over all its connections.
type counts struct {
	bytesIn, bytesOut       atomic.Uint64
	messagesIn, messagesOut atomic.Uint64
}

func (c *counts) in()  { c.messagesIn.Add(1) }
func (c *counts) out() { c.messagesOut.Add(1) }

func (c *counts) messages() uint64 { return c.messagesIn.Load() + c.messagesOut.Load() }

// Stats is what a mesh knows of the others.
type Stats struct {
	Peers []PeerStats // in order of numbers
	// Handshakes that others have begun, and how many of them were refused or came to
	// nothing, since Open.
	Handshakes, Failed uint64
}

// PeerStats is what a mesh knows of one node.
type PeerStats struct {
	Node        uint32
	Incarnation uint64 // that is, or was last, connected; 0: none was
	Address     string
	State       peer.State // 0: it was never reached
	Refused     string     // why the newest attempt was refused; empty: it was not
	// Bytes with all heads and pings, messages and answers; both lines together.
	BytesIn, BytesOut       uint64
	MessagesIn, MessagesOut uint64
	QueueBytes              int // that wait to be sent
	// RoundTripMicros is the newest round trip, and ClockOffsetMicros how far the clock
	// of that node was ahead then; it may be wrong by half the round trip.
	RoundTripMicros, ClockOffsetMicros int64
}

// Stats may be called from any goroutine.
func (m *Mesh) Stats() Stats {
	nodes := *m.nodes.Load()
	out := Stats{Handshakes: m.guests.begun.Load(), Failed: m.guests.failed.Load()}
	for _, n := range nodes {
		out.Peers = append(out.Peers, n.stats())
	}
	slices.SortFunc(out.Peers, func(a, b PeerStats) int { return int(a.Node) - int(b.Node) })
	return out
}

func (n *node) stats() PeerStats {
	out := PeerStats{Node: n.number, RoundTripMicros: n.roundTrip.Load(),
		ClockOffsetMicros: n.offset.Load()}
	n.mu.Lock()
	out.Incarnation, out.Address, out.State = n.mu.incarnation, n.mu.address, n.mu.state
	if n.mu.refusal != nil {
		out.Refused = n.mu.refusal.Error()
	}
	n.mu.Unlock()
	for _, l := range n.lines {
		out.BytesIn += l.counts.bytesIn.Load()
		out.BytesOut += l.counts.bytesOut.Load()
		out.MessagesIn += l.counts.messagesIn.Load()
		out.MessagesOut += l.counts.messagesOut.Load()
		if c := l.senders.Load(); c != nil {
			c.mu.Lock()
			out.QueueBytes += c.mu.waiting
			c.mu.Unlock()
		}
	}
	return out
}
