package mesh

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// A node is another node of the cluster: what is known of it, and its two lines.
type node struct {
	mesh   *Mesh
	number uint32
	lines  [2]*line // forMain, forBulk

	offset, roundTrip atomic.Int64 // µs, as last measured

	mu struct {
		sync.Mutex
		address     string
		state       peer.State // as last reported; 0: never
		refusal     *Refusal   // of the newest attempt; nil: none
		said        reasons    // logged since it was last connected
		incarnation uint64     // the highest that was ever connected
		instance    uint64     // its process
		reached     string     // the address at which this process has answered us
	}
}

func newNode(m *Mesh, n peer.Node) *node {
	out := &node{mesh: m, number: n.Number}
	out.mu.address = n.Address
	for p := range out.lines {
		out.lines[p] = newLine(out, purpose(p))
	}
	return out
}

func (n *node) address() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.mu.address
}

// move tells where the node is reached now.
func (n *node) move(address string) {
	n.mu.Lock()
	moved := n.mu.address != address
	n.mu.address = address
	n.mu.Unlock()
	if moved {
		n.lines[forMain].nudge()
	}
}

// known says what speaks against a node by what was seen of it before.
func (n *node) known(h *hello) *Refusal {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case h.number != n.number:
		return wrongNode(n.number, h)
	case h.incarnation < n.mu.incarnation:
		return stale(h, n.mu.incarnation)
	case h.incarnation == n.mu.incarnation && n.mu.instance != 0 && h.instance != n.mu.instance:
		return twin(h)
	}
	return nil
}

// reached says whether the process that was last connected has answered at the address
// that is dialled now: only then does it say something that this address refuses.
func (n *node) reached() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.mu.reached != "" && n.mu.reached == n.mu.address
}

// answered notes that a process has answered at an address.
func (n *node) answered(address string, instance uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mu.instance == instance {
		n.mu.reached = address
	}
}

// met notes who was connected.
func (n *node) met(g *meeting) {
	n.mu.Lock()
	if g.dialed != "" {
		n.mu.reached = g.dialed
	} else if n.mu.instance != g.them.instance {
		n.mu.reached = ""
	}
	n.mu.incarnation, n.mu.instance = g.them.incarnation, g.them.instance
	n.mu.refusal, n.mu.said = nil, 0
	n.mu.Unlock()
	n.measured(g.offset, g.roundTrip)
}

func (n *node) measured(offset, roundTrip time.Duration) {
	n.offset.Store(offset.Microseconds())
	n.roundTrip.Store(roundTrip.Microseconds())
}

// refused notes a refusal, and logs it if it was not logged since the last connection.
func (n *node) refused(r *Refusal) {
	if r.quiet() {
		return
	}
	n.mu.Lock()
	n.mu.refusal = r
	fresh := n.mu.said.add(r.Reason)
	address := n.mu.address
	n.mu.Unlock()
	if fresh {
		n.mesh.logRefusal(r, "node", n.number, "address", address)
	}
}

// report lets who watches know of a state. The keeper of the main line alone calls it.
func (n *node) report(origin grid.Origin, s peer.State) {
	n.mu.Lock()
	same := n.mu.state == s
	n.mu.state = s
	n.mu.Unlock()
	if same {
		return
	}
	event := peer.Event{Node: origin, State: s}
	n.mesh.o.Logger.Info("the state of a node has changed", "node", n.number,
		"incarnation", event.Node.Incarnation(), "state", s.String())
	for _, f := range n.mesh.watchers {
		f(event)
	}
}

// close ends both lines.
func (n *node) close(why error) {
	for _, l := range n.lines {
		l.close(why)
	}
}

// follow lets the keepers wait until those of a removed node with the same number, or nil,
// have ended.
func (n *node) follow(old *node) {
	for p, l := range n.lines {
		if old != nil {
			l.before = old.lines[p].kept
		}
	}
}

// left says whether the keepers have ended.
func (n *node) left() bool {
	for _, l := range n.lines {
		select {
		case <-l.kept:
		default:
			return false
		}
	}
	return true
}
