package courier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

const kindSaid grid.Kind = 0x05e1

// TestHintsReachWhomTheyAreFor: the listener here is given all, in order; every other
// node gets, in order and in one message an entry, what is for it, or an end of it if it
// could not be reached meanwhile.
func TestHintsReachWhomTheyAreFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(1, 2, 3)
		want := map[uint32][]string{}
		for range rapid.IntRange(1, 10).Draw(t, "entries") {
			e := &grid.Effects{}
			hints := rapid.IntRange(0, 20).Draw(t, "hints")
			for i := range hints {
				nodes := rapid.SampledFrom([][]uint32{{1}, {2}, {1, 2}, {2, 3}, {1, 2, 3}, {}, {4}}).
					Draw(t, "nodes")
				if body := fmt.Sprint(i); len(nodes) == 1 && rapid.Bool().Draw(t, "mail") {
					mail(e, nodes[0], kindSaid, body)
				} else {
					tell(e, fmt.Sprintf("\x02room %d", i%3), kindSaid, body, nodes...)
				}
			}
			cut := rapid.IntRange(0, 3).Draw(t, "cut")
			clear(w.cut)
			w.cut[[2]uint32{1, uint32(cut)}] = true
			for i := range e.Hints {
				h := &e.Hints[i]
				want[1] = append(want[1], show(e, h))
				nodes := e.NodesOf(h)
				if h.To.Origin != 0 {
					nodes = []uint32{h.To.Origin.Node()}
				}
				for _, n := range nodes {
					if n != 1 && n != uint32(cut) {
						want[n] = append(want[n], show(e, h))
					}
				}
			}
			before := w.sent
			w.nodes[1].Hints(e)
			if w.sent > before+2 {
				t.Fatalf("%d messages of one entry for two nodes", w.sent-before)
			}
		}
		w.deliver()
		for _, n := range []uint32{1, 2, 3} {
			if got := w.heard(n); !slices.Equal(got, want[n]) {
				t.Fatalf("node %d\ngot  %q\nwant %q", n, got, want[n])
			}
		}
	})
}

// TestLargeEffects: what does not fit into one message goes in several.
func TestLargeEffects(t *testing.T) {
	w := newWorld(1, 2)
	e := &grid.Effects{}
	for i := range 100 {
		tell(e, "\x02room", kindSaid, strings.Repeat(fmt.Sprint(i%10), 10_000), 1, 2)
	}
	tell(e, "\x02room", kindSaid, strings.Repeat("x", MessageBytesMax+1), 2)
	w.nodes[1].Hints(e)
	for _, m := range w.nodes[2].waiting[:w.sent-1] {
		if len(m.body) > MessageBytesMax || cap(m.body) > MessageBytesMax+4096 {
			t.Errorf("a message of %d bytes, %d allocated", len(m.body), cap(m.body))
		}
	}
	w.deliver()
	if got := w.heard(2); !slices.Equal(got, w.heard(1)) || len(got) != 101 {
		t.Errorf("%d hints", len(got))
	}
}

// TestBadMessages: what cannot be understood, or comes from nobody, is dropped whole.
func TestBadMessages(t *testing.T) {
	w := newWorld(1, 2)
	e := &grid.Effects{}
	tell(e, "\x02room", kindSaid, "hi", 1, 2)
	w.nodes[1].Hints(e)
	good := w.nodes[2].waiting[0].body
	take := w.nodes[2].serve[peer.Hints]
	for i := range len(good) {
		if i != 1 {
			take(grid.OriginOf(1, 1), good[:i], nil)
		}
	}
	take(0, good, nil)
	take(grid.OriginOf(1, 1), append(slices.Clone(good), 1), nil)
	take(grid.OriginOf(1, 1), make([]byte, InboundBytesMax+1), nil)
	expect(t, "node 2", w.heard(2))
	if got := w.nodes[2].Stats().Refused; got != uint64(len(good)+2) {
		t.Errorf("%d were refused, of %d", got, len(good)+2)
	}
}

// FuzzMessage: whatever is taken from a node is said the same way again.
func FuzzMessage(f *testing.F) {
	w := newWorld(1, 2)
	e := &grid.Effects{}
	tell(e, "\x02room", kindSaid, "hi", 1, 2)
	mail(e, 2, kindSaid, "you")
	w.nodes[1].Hints(e)
	f.Add(w.nodes[2].waiting[0].body)
	f.Fuzz(func(t *testing.T, b []byte) {
		var e grid.Effects
		if decode(b, &e) != nil {
			return
		}
		again := b[:1:1]
		for i := range e.Hints {
			h := &e.Hints[i]
			again = appendHint(again, h, e.Of(h.Stream), e.Of(h.Body))
		}
		if !slices.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
		n := newWorld(1, 2).nodes[2]
		n.serve[peer.Hints](grid.OriginOf(1, 1), b, nil)
		n.serve[peer.Relays](grid.OriginOf(1, 1), b, nil)
	})
}

// BenchmarkHints takes one entry of a hundred hints: with no courier, for this node
// alone, and for two others too.
func BenchmarkHints(b *testing.B) {
	heard := 0
	listener := func(e *grid.Effects) { heard += len(e.Hints) }
	for name, nodes := range map[string][]uint32{"direct": nil, "alone": {1}, "remote": {1, 2, 3}} {
		b.Run(name, func(b *testing.B) {
			c := New(Options{Self: grid.OriginOf(1, 1), Peers: sink{}})
			c.Listen(listener)
			e := &grid.Effects{}
			for i := range 100 {
				tell(e, fmt.Sprintf("\x02room %d", i), kindSaid, strings.Repeat("x", 100), nodes...)
			}
			b.ReportAllocs()
			for b.Loop() {
				if nodes == nil {
					listener(e)
				} else {
					c.Hints(e)
				}
			}
		})
	}
}

// sink is peers to whom all can be told.
type sink struct{ peer.Peers }

func (sink) Serve(peer.Channel, peer.Handler)        {}
func (sink) Watch(func(peer.Event))                  {}
func (sink) Tell(uint32, peer.Channel, []byte) error { return nil }
