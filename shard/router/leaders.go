package router

import (
	"encoding/binary"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/peer"
)

// leadership is who leads a shard, in one number that is read and replaced at once: the
// term above the node, 0 when nobody is known to lead in it.
type leadership uint64

const nodeBits = 24

func leads(node uint32, term uint64) leadership { return leadership(term<<nodeBits | uint64(node)) }

func (l leadership) node() uint32 { return uint32(l & (1<<nodeBits - 1)) }
func (l leadership) term() uint64 { return uint64(l) >> nodeBits }

func (r *Router) shardOf(s grid.Slot) int {
	if t := r.Host.Table(); t != nil && s < grid.Slots {
		return t.Shard(s)
	}
	return -1
}

// leader returns the node that leads a slot's shard; 0: nobody knows.
func (r *Router) leader(s grid.Slot) uint32 {
	n := r.shardOf(s)
	if n < 0 {
		return 0
	}
	return leadership(r.leaders[n].Load()).node()
}

// learn notes a leadership, if it is newer than what is known.
func (r *Router) learn(number int, l leadership) {
	if number < 0 || number >= shard.ShardsMax {
		return
	}
	at := &r.leaders[number]
	for {
		was := leadership(at.Load())
		if l.term() < was.term() || l.term() == was.term() && was.node() != 0 || l == was {
			return
		}
		if at.CompareAndSwap(uint64(was), uint64(l)) {
			r.moved.Store(true)
			r.kick()
			if r.Moved != nil && l.node() != 0 {
				r.Moved(number)
			}
			return
		}
	}
}

// forget notes that a leadership is over.
func (r *Router) forget(number int, l leadership) {
	r.leaders[number].CompareAndSwap(uint64(l), uint64(leads(0, l.term())))
}

// Leader returns the node that is believed to lead a shard; 0: none is known.
func (r *Router) Leader(number int) uint32 {
	if n := leadership(r.leaders[number].Load()).node(); n != 0 {
		return n
	}
	return r.Host.Leader(number)
}

// Reign is host's Options.Reign: a leadership of this node begins, or is over.
func (r *Router) Reign(number int, term uint64, begins bool) {
	if number >= shard.ShardsMax {
		return // the meta group's
	}
	l := leads(r.self(), term)
	if !begins {
		r.forget(number, l)
		return
	}
	r.learn(number, l)
	r.mu.Lock()
	nodes := make([]uint32, 0, len(r.mu.up))
	for n := range r.mu.up {
		nodes = append(nodes, n)
	}
	r.mu.Unlock()
	for _, n := range nodes {
		_ = r.Peers.Tell(n, peer.Requests, appendLeads([]byte{leadsMessage}, number, term))
	}
}

// happened takes note of a node that has come up, or was lost.
func (r *Router) happened(e peer.Event) {
	node := e.Node.Node()
	r.mu.Lock()
	if e.State == peer.Up {
		r.mu.up[node] = true
	} else {
		delete(r.mu.up, node)
		r.mu.lost = append(r.mu.lost, node)
	}
	r.mu.Unlock()
	if e.State == peer.Up {
		b := []byte{leadsMessage}
		for i := range r.leaders {
			if l := leadership(r.leaders[i].Load()); l.node() == r.self() && l.node() != 0 {
				b = appendLeads(b, i, l.term())
			}
		}
		if len(b) > 1 {
			_ = r.Peers.Tell(node, peer.Requests, b)
		}
	}
	r.kick()
}

func appendLeads(b []byte, number int, term uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(b, uint16(number)), term)
}

// takeLeads learns what another node leads.
func (r *Router) takeLeads(from grid.Origin, b []byte) {
	for ; len(b) >= 10; b = b[10:] {
		r.learn(int(binary.BigEndian.Uint16(b)), leads(from.Node(), binary.BigEndian.Uint64(b[2:])))
	}
}
