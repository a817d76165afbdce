package host

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
)

func TestSlotSetIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s, other slotSet
		model := make(map[grid.Slot]bool)
		slot := rapid.Map(rapid.Uint16Range(0, grid.Slots-1), func(n uint16) grid.Slot { return grid.Slot(n) })
		near := rapid.OneOf(slot, rapid.SampledFrom([]grid.Slot{0, 63, 64, 4032, grid.Slots - 1}))
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			at := near.Draw(t, "slot")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				s.add(at)
				model[at] = true
			case 2:
				s.remove(at)
				delete(model, at)
			case 3:
				other.add(at)
				s.merge(&other)
				for o := range other.all() {
					model[o] = true
				}
			}
		}
		var want []grid.Slot
		for at := range model {
			want = append(want, at)
		}
		slices.Sort(want)
		if got := slices.Collect(s.all()); !slices.Equal(got, want) {
			t.Fatalf("the set has %v, want %v", got, want)
		}
		from := near.Draw(t, "from")
		got, some := s.after(from)
		if some != (len(want) > 0) {
			t.Fatalf("after %d: %v, in a set of %d", from, some, len(want))
		}
		if i, _ := slices.BinarySearch(want, from); some && got != want[i%len(want)] {
			t.Fatalf("after %d comes %d, want %d", from, got, want[i%len(want)])
		}
		for at := range model {
			if !s.has(at) {
				t.Fatalf("%d is not in the set", at)
			}
		}
	})
}

func TestAnAlarmRingsWhenItWasSetToLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		start := c.Micros()
		rings := make(chan int64, 10)
		a := alarm{clock: c, ring: func() { rings <- c.Micros() - start }, at: neverAt}
		sec := func(n int64) int64 { return start + n*1_000_000 }
		a.set(sec(5))
		a.set(sec(3))
		a.set(sec(3))
		time.Sleep(10 * time.Second)
		a.set(sec(2)) // past: at once
		synctest.Wait()
		a.set(sec(20))
		a.set(neverAt)
		time.Sleep(30 * time.Second)
		a.set(sec(50))
		a.stop()
		time.Sleep(30 * time.Second)
		close(rings)
		var got []int64
		for at := range rings {
			got = append(got, at/1_000_000)
		}
		if !slices.Equal(got, []int64{3, 10}) {
			t.Errorf("it rang at %v s, want at 3 and 10", got)
		}
	})
}

// TestAnAlarmThatRangEarlyRingsAgain: the clock and the machine's timers drift
// apart; who is woken too early sets the same time again.
func TestAnAlarmThatRangEarlyRingsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &handClock{Clock: clock.Real(), now: 0}
		rang := 0
		a := alarm{clock: c, ring: func() { rang++ }, at: neverAt}
		a.set(1_000_000)
		time.Sleep(time.Second)
		synctest.Wait()
		c.now = 900_000
		a.set(1_000_000)
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if rang != 2 {
			t.Errorf("it rang %d times, want 2", rang)
		}
	})
}
