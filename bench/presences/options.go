package presences

import (
	"fmt"
	"io"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Members int               // of the room; 0: 1,000
	Seconds float64           // of churn; 0: 10
	Server  process.Selection // which server to use
	Log     io.Writer         // progress for people; nil: none
}

const (
	membersDefault = 1000
	secondsDefault = 10
	churners       = 16
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Members == 0 {
		o.Members = membersDefault
	}
	if o.Seconds == 0 {
		o.Seconds = secondsDefault
	}
	if o.Members < 1 || o.Seconds < 0 {
		return fmt.Errorf("%d members, %g seconds: want at least 1 and 0", o.Members, o.Seconds)
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"members": strconv.Itoa(o.Members), "seconds": fmt.Sprint(o.Seconds),
	}
}
