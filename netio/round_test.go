package netio

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
)

// A small round costs the same, however many streams wait for another that is under way.
func TestRoundBesideManyStreams(t *testing.T) {
	const many = 10_000
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 1)
		defer a.fan.close()
		f := a.fan
		f.interest.joining.Store(1)
		push := func(stream int) {
			key := streamKey(stream)
			f.push(grid.SlotOf(key), key, kindSaid, []byte("something"))
		}
		f.mu.Lock()
		for range 2 {
			for i := range many {
				push(i)
			}
			if len(f.mu.under) == 0 {
				f.take(time.Now())
			}
		}
		f.mu.Unlock()
		allocs := testing.AllocsPerRun(100, func() {
			f.mu.Lock()
			push(many)
			r := f.take(time.Now())
			f.mu.Unlock()
			if len(r.segments) != 1 || f.finish(r) != nil {
				t.Error("the small round has something else")
			}
		})
		if allocs > 20 {
			t.Errorf("a round of one stream allocates %v times beside %d streams", allocs, many)
		}
		large := f.mu.under[0]
		if r := f.finish(large); r == nil || len(r.segments) != many || len(f.mu.held.segments) != 0 {
			t.Error("what was held does not follow")
		}
		if n := cap(f.mu.held.segments); n > 2*segmentsKept {
			t.Errorf("places for %d streams are kept", n)
		}
	})
}

// What bursts leave behind is given up, wherever in rounds they were.
func TestRoundMemory(t *testing.T) {
	r := newRound()
	for n := 20; n > 0; n-- {
		for i := range n {
			s := r.newSegment(0, string(streamKey(i)))
			if i == n-1 {
				r.add(s, kindSaid, make([]byte, StreamBytesMax))
			}
		}
		r.reset()
		kept := 0
		for _, s := range r.segments[:cap(r.segments)] {
			kept += cap(s.frames)
		}
		if kept > roundBytesKept {
			t.Fatalf("%d bytes are kept", kept)
		}
	}
	for i := range 10 * segmentsKept {
		r.newSegment(0, string(streamKey(i)))
	}
	if r.reset(); cap(r.segments) > 2*segmentsKept {
		t.Errorf("places for %d streams are kept", cap(r.segments))
	}
}

// When there are too many streams even to note who misses something, all are told, once.
func TestTooManyStreams(t *testing.T) {
	const held = 1000
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 2)
		defer a.fan.close()
		first, second := a.connect(a.loops[0], 1), a.connect(a.loops[1], 2)
		outside := a.connect(a.loops[1])
		push := func(from, end int) {
			a.fan.mu.Lock()
			for i := from; i < end; i++ { // for a slot of which the second loop has no stream
				key := grid.StatusKey(nil, grid.UserID("custom", fmt.Sprint(i)))
				a.fan.push(grid.SlotOf(streamKey(1)), key, kindSaid, nil)
			}
			a.fan.mu.Unlock()
			a.fan.start()
		}
		push(0, held)
		push(0, StreamsPendingMax)
		if a.lossy() {
			t.Error("something was lost while there was room")
		}
		push(StreamsPendingMax, StreamsPendingMax+1)
		a.settle()
		if !first.streams[1].missed || !second.streams[2].missed || outside.streams[0].missed {
			t.Error("not all who are on streams were told that they missed something, and nobody else")
		}
		a.tell(1, 0)
		a.tell(2, 0)
		a.settle()
		if first.streams[1].missed || second.streams[2].missed {
			t.Error("they were told twice")
		}
	})
}
