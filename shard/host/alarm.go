package host

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid/clock"
)

// neverAt is a time, µs, that does not come.
const neverAt = math.MaxInt64

// alarm rings, on a goroutine of its own, when its time has come, or a little
// earlier where the machine's timers and the clock do not agree: who is rung for
// looks at the clock, and sets it again. It belongs to one goroutine.
type alarm struct {
	clock clock.Clock
	ring  func()
	timer clock.Timer
	at    int64       // µs: what the timer is set to; neverAt: nothing
	rang  atomic.Bool // since it was set
}

// set lets the alarm ring at a time, µs, and not when it was to ring before.
func (a *alarm) set(at int64) {
	if at == a.at && !a.rang.Load() {
		return
	}
	a.stop()
	if at == neverAt {
		return
	}
	a.at = at
	d := time.Duration(max(at-a.clock.Micros(), 0)) * time.Microsecond
	if a.timer != nil {
		a.timer.Reset(d)
		return
	}
	a.timer = a.clock.AfterFunc(d, func() {
		a.rang.Store(true)
		a.ring()
	})
}

// stop lets it be silent.
func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
	a.at = neverAt
	a.rang.Store(false)
}

// longer returns how long to wait after one more failure: twice as long as after
// the last one, within bounds.
func longer(last, least, most time.Duration) time.Duration {
	return min(max(2*last, least), most)
}
