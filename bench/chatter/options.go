package chatter

import (
	"fmt"
	"io"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Seconds float64           // of each load; 0: 20
	Rate    float64           // messages a second in the open loop; 0: 22,500
	Fills   int               // how many rooms to fill; 0: 5
	Server  process.Selection // which server to use
	Log     io.Writer         // progress for people; nil: none
}

const (
	senders  = 64
	roomSize = 4
	window   = 8
	// openDepth is how many messages of a sender may be in flight in the open loop.
	openDepth = 64
	crowd     = 1000 // of a room that is filled

	// nakamaSends is how many durable messages a second Nakama took, and rateDefault
	// half of what is aimed for: docs/benchmarks.md.
	nakamaSends    = 3052
	rateDefault    = 22_500
	secondsDefault = 20
	fillsDefault   = 5
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Seconds == 0 {
		o.Seconds = secondsDefault
	}
	if o.Rate == 0 {
		o.Rate = rateDefault
	}
	if o.Fills == 0 {
		o.Fills = fillsDefault
	}
	if o.Seconds < 0 || o.Rate < 0 || o.Fills < 0 {
		return fmt.Errorf("%g seconds, a rate of %g, %d fills: none may be negative",
			o.Seconds, o.Rate, o.Fills)
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"seconds": fmt.Sprint(o.Seconds), "rate": fmt.Sprint(o.Rate),
		"fills": strconv.Itoa(o.Fills),
	}
}
