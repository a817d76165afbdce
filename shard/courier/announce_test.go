package courier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/peer"
)

// newsWorld is one of three nodes whose leader, node 1, has some streams.
func newsWorld() *world {
	w := newWorld(1, 2, 3)
	w.leader = 1
	w.streams = []stream{
		{8, "\x02all", []uint32{1, 2, 3}, 5},
		{8, "\x02silent", []uint32{2, 3}, 0},
		{9, "\x02other shard", []uint32{2, 3}, 7},
		{12, "\x02two", []uint32{2}, 6},
	}
	return w
}

// ats returns what a node was told of the last messages of rooms.
func (w *world) ats(number uint32) (out []string) {
	n := w.nodes[number]
	n.Listen(func(e *grid.Effects) {
		for i := range e.Hints {
			if h := &e.Hints[i]; h.Kind == chat.KindAt {
				in := pack.NewCursor(e.Of(h.Body))
				at, err := chat.DecodeAtEvent(&in)
				out = append(out, fmt.Sprintf("%s %d %v", at.Key[1:], at.Last, err))
			}
		}
	})
	defer n.Listen(n.hear)
	w.deliver()
	return out
}

// TestAReignIsAnnounced to all nodes, and to this one's listener, which is given all: what
// the leader before has hinted may be lost.
func TestAReignIsAnnounced(t *testing.T) {
	for number, want := range map[uint32][]string{
		1: {"all 5 <nil>", "two 6 <nil>"}, 2: {"all 5 <nil>", "two 6 <nil>"}, 3: {"all 5 <nil>"},
	} {
		w := newsWorld()
		w.nodes[1].Reign(0, 3, true)
		w.nodes[1].Reign(2, 3, false)
		expect(t, fmt.Sprintf("node %d", number), w.ats(number), want...)
		for key, nodes := range map[string]string{"\x02all": "[1 2 3]", "\x02silent": "[2 3]", "\x02two": "[]"} {
			if got := w.nodes[2].sets.of([]byte(key), nil); fmt.Sprint(got) != nodes {
				t.Errorf("%q on %v", key, got)
			}
		}
	}
}

// TestWhoIsBackIsTold, and nobody else: of the streams of all shards led here.
func TestWhoIsBackIsTold(t *testing.T) {
	for number, want := range map[uint32][]string{1: nil, 2: nil, 3: {"all 5 <nil>", "other shard 7 <nil>"}} {
		w := newsWorld()
		for _, state := range []peer.State{peer.Up, peer.Down, peer.Gone} {
			node := uint32(3)
			if state != peer.Up {
				node = 2
			}
			w.nodes[1].watch(peer.Event{Node: grid.OriginOf(node, 1), State: state})
			w.nodes[2].watch(peer.Event{Node: grid.OriginOf(node, 1), State: state}) // it leads nothing
		}
		expect(t, fmt.Sprintf("node %d", number), w.ats(number), want...)
	}
}

// TestALargeShardIsAnnouncedInTurns: each looks at so many streams, and none is left out,
// whatever comes up meanwhile.
func TestALargeShardIsAnnouncedInTurns(t *testing.T) {
	w := newWorld(1, 2)
	w.leader = 1
	const many = 5 * streamsTurn
	for i := range many {
		w.streams = append(w.streams, stream{4, fmt.Sprintf("\x02%09d", i), []uint32{2}, 1})
	}
	w.nodes[1].Reign(0, 1, true)
	turns := 0
	for len(w.turns) > 0 {
		turn := w.turns[0]
		w.turns = nil
		before := w.sent
		turn()
		if turns++; turns == 2 {
			w.nodes[1].Reign(1, 1, true) // of which there are no streams
		}
		if w.sent > before+1 {
			t.Fatalf("%d messages in a turn", w.sent-before)
		}
	}
	w.deliver()
	heard := w.heard(2)
	slices.Sort(heard)
	if n := len(slices.Compact(heard)); n != many || turns < 5 {
		t.Errorf("%d streams of %d were announced, in %d turns", n, many, turns)
	}
	if !strings.HasPrefix(heard[0], fmt.Sprintf("%#x", chat.KindAt)) {
		t.Errorf("heard %q", heard[0])
	}
}

// TestCloseEndsAnnouncements.
func TestCloseEndsAnnouncements(t *testing.T) {
	w := newsWorld()
	w.nodes[1].Reign(0, 1, true)
	w.nodes[1].Close()
	w.nodes[1].Reign(1, 1, true)
	w.deliver()
	if w.sent > 0 || len(w.turns) > 0 {
		t.Errorf("%d messages after Close", w.sent)
	}
}

// TestEachReignIsAnnounced: a later pass begins with the first stream again.
func TestEachReignIsAnnounced(t *testing.T) {
	w := newsWorld()
	for range 3 {
		w.nodes[1].Reign(0, 1, true)
		expect(t, "node 3", w.ats(3), "all 5 <nil>")
	}
}
