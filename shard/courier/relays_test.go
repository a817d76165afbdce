package courier

import (
	"fmt"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/presence"
)

const lobby = "\x02lobby"

func (w *world) signal(from uint32, body string, outside bool) {
	n := w.nodes[from]
	n.Relay(grid.SlotOf(lobby), []byte(lobby), kindSaid, []byte(body), outside)
}

// said is what is heard of a signal.
func said(body string) string {
	var e grid.Effects
	tell(&e, lobby, kindSaid, body)
	return show(&e, &e.Hints[0])
}

// TestSignalsGoStraight to the nodes of the stream, once, gathered until Flush.
func TestSignalsGoStraight(t *testing.T) {
	w := newWorld(1, 2, 3, 4)
	w.settle(4, lobby, 10, 1, 2, 3)
	before := w.sent
	w.signal(1, "a", false)
	w.signal(1, "b", false)
	if w.sent != before {
		t.Error("sent before Flush")
	}
	w.nodes[1].Flush()
	w.nodes[1].Flush()
	w.deliver()
	if w.sent != before+2 {
		t.Errorf("%d messages for two nodes", w.sent-before)
	}
	for n, want := range map[uint32][]string{1: nil, 2: {said("a"), said("b")}, 3: {said("a"), said("b")}, 4: nil} {
		expect(t, fmt.Sprintf("node %d", n), w.heard(n), want...)
	}
}

// TestTheNewestSetHolds, and none where this node is not, or is alone.
func TestTheNewestSetHolds(t *testing.T) {
	w := newWorld(1, 2, 3)
	n := w.nodes[1]
	keep := func(stamp int64, nodes ...uint32) {
		n.sets.keep([]byte(lobby), &presence.NodeSet{Stamp: stamp, Nodes: nodes})
	}
	for i, x := range []struct {
		stamp int64
		nodes []uint32
		want  string
	}{
		{5, []uint32{2, 3}, "[]"},
		{5, []uint32{1}, "[]"},
		{5, []uint32{1, 2}, "[1 2]"},
		{4, []uint32{1, 2, 3}, "[1 2]"},
		{4, []uint32{2, 3}, "[1 2]"},
		{6, []uint32{1, 3}, "[1 3]"},
		{7, []uint32{1}, "[]"},
		{8, []uint32{1, 2, 3}, "[1 2 3]"},
		{9, []uint32{2, 3}, "[]"},
	} {
		keep(x.stamp, x.nodes...)
		if got := fmt.Sprint(n.sets.of([]byte(lobby), nil)); got != x.want {
			t.Errorf("step %d: %s, want %s", i, got, x.want)
		}
	}
}

// TestSetsAreBounded: the one that nothing was told of for longest goes.
func TestSetsAreBounded(t *testing.T) {
	n := newWorld(1).nodes[1]
	set := &presence.NodeSet{Nodes: []uint32{1, 2}}
	for i := range SetsMax {
		n.sets.keep(fmt.Appendf(nil, "%d", i), set)
	}
	n.sets.keep([]byte("0"), set)
	n.sets.keep([]byte("new"), set)
	if got := n.Stats().Sets; got != SetsMax {
		t.Errorf("%d sets", got)
	}
	for key, want := range map[string]int{"0": 2, "1": 0, "2": 2, "new": 2} {
		if got := n.sets.of([]byte(key), nil); len(got) != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// TestSignalsFromOutside go by the leader where no set is known, once to each node.
func TestSignalsFromOutside(t *testing.T) {
	for name, x := range map[string]struct {
		leader  uint32
		members []uint32
		outside bool
		want    map[uint32]int
	}{
		"from a member":    {2, []uint32{1, 2, 3}, false, nil},
		"no leader":        {0, []uint32{1, 2, 3}, true, nil},
		"elsewhere":        {2, []uint32{1, 2, 3}, true, map[uint32]int{2: 1, 3: 1}},
		"leader not on it": {2, []uint32{3}, true, map[uint32]int{2: 1, 3: 1}},
		"here":             {1, []uint32{1, 2, 3}, true, map[uint32]int{2: 1, 3: 1}},
		"nobody":           {1, nil, true, nil},
	} {
		w := newWorld(1, 2, 3)
		w.leader, w.members[lobby] = x.leader, x.members
		w.signal(1, "hi", x.outside)
		w.nodes[1].Flush()
		w.deliver()
		for n := range w.nodes {
			if got := w.heard(n); len(got) != x.want[n] {
				t.Errorf("%s: node %d heard %q", name, n, got)
			}
		}
	}
}

// TestASetGoesBeforeTheLeader: who has a set asks nobody.
func TestASetGoesBeforeTheLeader(t *testing.T) {
	w := newWorld(1, 2, 3)
	w.leader = 3
	w.settle(3, lobby, 1, 1, 2)
	w.signal(1, "hi", true)
	w.nodes[1].Flush()
	w.deliver()
	expect(t, "node 2", w.heard(2), said("hi"))
	expect(t, "node 3", w.heard(3))
}
