package netio

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// Who looks while a loop settles that a connection came on a stream finds that it
// cares: first because something is to be settled, then because it has a member.
func TestInterestIsNeverLost(t *testing.T) {
	const times = 20_000
	var i interest
	var looked, settled atomic.Int32
	go func() {
		for n := range int32(times) {
			for looked.Load() <= n {
				runtime.Gosched()
			}
			i.set(1, 0)
			i.joined(0)
			settled.Store(n + 1)
		}
	}()
	defer looked.Store(times)
	for n := range int32(times) {
		i.joining.Or(bit(0))
		i.clear(1, 0)
		looked.Store(n + 1)
		for settled.Load() <= n {
			if i.in(1) == 0 {
				t.Fatalf("after %d times nobody cared", n)
			}
		}
	}
}
