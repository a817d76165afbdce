package courier

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/shard/peer"
)

// world is some nodes with a courier each. Messages between them wait until deliver.
type world struct {
	nodes   map[uint32]*node
	leader  uint32 // of all slots
	members map[string][]uint32
	cut     map[[2]uint32]bool // from and to
	sent    int                // messages that were ever sent
	turns   []func()           // of announcers
	streams []stream           // that the leader has, by slot and key
}

// stream is one that has members.
type stream struct {
	slot  grid.Slot
	key   string
	nodes []uint32
	last  uint64
}

// Micros and AfterFunc make the world a clock, on which deliver lets time pass.
func (w *world) Micros() int64 { return 0 }

func (w *world) AfterFunc(_ time.Duration, f func()) clock.Timer {
	w.turns = append(w.turns, f)
	return stopped{}
}

// stopped is a timer that cannot be stopped any more.
type stopped struct{}

func (stopped) Stop() bool               { return false }
func (stopped) Reset(time.Duration) bool { return false }

// node is a node with its courier, and what its listener was given.
type node struct {
	*Courier
	world   *world
	number  uint32
	serve   map[peer.Channel]peer.Handler
	watch   func(peer.Event)
	waiting []message
	heard   []string
}

// message is one that is on its way to a node.
type message struct {
	from    uint32
	channel peer.Channel
	body    []byte
}

func newWorld(numbers ...uint32) *world {
	w := &world{nodes: map[uint32]*node{}, members: map[string][]uint32{}, cut: map[[2]uint32]bool{}}
	for _, number := range numbers {
		n := &node{world: w, number: number, serve: map[peer.Channel]peer.Handler{}}
		n.Courier = New(Options{
			Self: grid.OriginOf(number, 1), Peers: n, State: n, Clock: w,
			Leader: func(grid.Slot) uint32 { return w.leader },
		})
		n.Listen(n.hear)
		w.nodes[number] = n
	}
	return w
}

func (n *node) hear(e *grid.Effects) {
	for i := range e.Hints {
		h := &e.Hints[i]
		n.heard = append(n.heard, show(e, h))
	}
}

// show is a hint in words, without its nodes.
func show(e *grid.Effects, h *grid.Hint) string {
	return fmt.Sprintf("%#x %d %+v %q %q", h.Kind, h.Slot, h.To, e.Of(h.Stream), e.Of(h.Body))
}

func (n *node) Nodes(_ grid.Slot, key []byte, out []uint32) []uint32 {
	return append(out, n.world.members[string(key)]...)
}

// ShardOf has four shards in turn.
func (n *node) ShardOf(s grid.Slot) int { return int(s) % 4 }

func (n *node) Streams(s grid.Slot, after string, most int,
	each func(int64, string, []uint32, uint64)) (last string, more bool) {
	if n.world.leader != n.number {
		return "", false
	}
	for _, x := range n.world.streams {
		if x.slot != s || x.key <= after {
			continue
		}
		if most == 0 {
			return last, true
		}
		most, last = most-1, x.key
		each(100, x.key, x.nodes, x.last)
	}
	return last, false
}

func (n *node) Tell(to uint32, c peer.Channel, body []byte) error {
	there := n.world.nodes[to]
	if there == nil || n.world.cut[[2]uint32{n.number, to}] {
		return peer.ErrUnreachable
	}
	n.world.sent++
	there.waiting = append(there.waiting, message{n.number, c, body})
	return nil
}

func (n *node) Call(uint32, peer.Channel, []byte, peer.Done) { panic("nobody is called") }
func (n *node) Ask(string, peer.Channel, []byte, peer.Done)  { panic("nobody is asked") }
func (n *node) Serve(c peer.Channel, h peer.Handler)         { n.serve[c] = h }
func (n *node) Watch(f func(peer.Event))                     { n.watch = f }
func (n *node) SetNodes([]peer.Node)                         {}

// deliver brings all messages that are on their way, and what follows from them.
func (w *world) deliver() {
	for again := true; again; {
		again = len(w.turns) > 0
		turns := w.turns
		w.turns = nil
		for _, turn := range turns {
			turn()
		}
		for _, n := range w.nodes {
			waiting := n.waiting
			n.waiting = nil
			for _, m := range waiting {
				again = true
				body := bytes.Clone(m.body)
				n.serve[m.channel](grid.OriginOf(m.from, 1), body, nil)
				clear(body) // nothing of it may have been kept
			}
		}
	}
}

// heard returns what a node's listener was given since the last time.
func (w *world) heard(number uint32) []string {
	heard := w.nodes[number].heard
	w.nodes[number].heard = nil
	return heard
}

// tell adds a hint for a stream.
func tell(e *grid.Effects, key string, kind grid.Kind, body string, nodes ...uint32) {
	t := &grid.Turn{Slot: grid.SlotOf(key)}
	e.TellNodes(t, nodes, []byte(key), kind, append(e.Begin(), body...))
}

// mail adds a hint for one session.
func mail(e *grid.Effects, node uint32, kind grid.Kind, body string) {
	to := grid.Address{Session: 7, Origin: grid.OriginOf(node, 3), Conn: 9}
	e.Push(to, kind, append(e.Begin(), body...))
}

// settle tells all gateways the nodes of a stream, as its leader does.
func (w *world) settle(leader uint32, key string, stamp int64, nodes ...uint32) {
	var e grid.Effects
	set := presence.NodeSet{Stamp: stamp, Nodes: nodes}
	tell(&e, key, presence.KindNodes, string(set.Append(nil)), nodes...)
	w.nodes[leader].Hints(&e)
	w.deliver()
	for n := range w.nodes {
		w.heard(n)
	}
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}
