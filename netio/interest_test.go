package netio

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// Of loops that share a bit, one that cares no longer takes nothing from the others.
func TestSharedInterest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAudience(t, 65)
		defer a.fan.close()
		first, last := a.connect(a.loops[0], 1, 2), a.connect(a.loops[64], 1)
		a.tell(1, 0)
		a.settle()
		last.leave(1)
		a.tell(1, 0)
		a.settle()
		if first.streams[1].heard != 2 || last.streams[1].heard != 1 {
			t.Errorf("heard %+v and %+v", first.streams[1], last.streams[1])
		}
		i := &a.fan.interest
		i.joining.Or(bit(0))
		if i.joined(64); i.joining.Load() == 0 {
			t.Error("the outcomes of another loop are forgotten")
		}
	})
}
