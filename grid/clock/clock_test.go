package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid/clock"
)

// TestMicros: the clock starts at the wall time and advances with it.
func TestMicros(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		start := time.Now().UnixMicro()
		if got := c.Micros(); got != start {
			t.Errorf("begun at %d, want %d", got, start)
		}
		time.Sleep(1500 * time.Millisecond)
		if got := c.Micros(); got != start+1_500_000 {
			t.Errorf("1.5 s later it is %d µs later", got-start)
		}
	})
}

func TestMicrosNeverStepsBack(t *testing.T) {
	c := clock.Real()
	last := c.Micros()
	for range 10_000 {
		now := c.Micros()
		if now < last {
			t.Fatalf("stepped back by %d µs", last-now)
		}
		last = now
	}
}

func TestAfterFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		start := c.Micros()
		var at []int64
		timer := c.AfterFunc(time.Second, func() { at = append(at, c.Micros()-start) })
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if timer.Stop() {
			t.Error("a call that has happened was stopped")
		}
		timer.Reset(time.Second)
		time.Sleep(time.Second / 2)
		if !timer.Stop() {
			t.Error("a pending call was not stopped")
		}
		timer.Reset(3 * time.Second)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(at) != 2 || at[0] != 1_000_000 || at[1] != 5_500_000 {
			t.Errorf("called at %v µs, want at 1 s and 5.5 s", at)
		}
	})
}
