package chatter

import (
	"fmt"
	"io"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Seconds float64       // for how long each load is measured, up to load.SecondsMax
	Warm    time.Duration // how long each load runs before
	Rate    float64       // messages a second in the open loop, load.RateMin to load.RateMax
	Fills   int           // how many rooms to fill, at least 1
	Server  process.Selection
	Log     io.Writer // progress for people
}

// Crowd is how many sessions fill a room.
const Crowd = 1000

const (
	// openDepth is how many messages of a sender may be in flight in the open loop.
	openDepth = 64
	// nakamaSends is how many durable messages a second Nakama took.
	nakamaSends = 3052
	// pushedMin is the part of the messages of a load that its members must be pushed.
	pushedMin = 0.8
)

// Defaults returns what is measured when nothing else is asked for. The rate is half
// of what is aimed for.
func Defaults() Options {
	return Options{Seconds: 20, Warm: time.Second, Rate: 22_500, Fills: 5, Log: io.Discard}
}

// Check refuses what cannot be measured, by the names of the command's flags.
func (o *Options) Check() error {
	if o.Fills < 1 {
		return fmt.Errorf("--fills %d: want at least 1", o.Fills)
	}
	if err := load.CheckSeconds(o.Seconds); err != nil {
		return err
	}
	if err := load.CheckRate(o.Rate); err != nil {
		return err
	}
	return o.Server.Check()
}
