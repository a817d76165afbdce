package boards

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Members  int               // of the board; 0: 1,000,000
	Seconds  float64           // how long to update it; 0: 120
	Restarts int               // how often to kill and restart the server; 0: 5
	Server   process.Selection // how to start the server; a running one cannot be used
	Log      io.Writer         // progress for people; nil: none
}

// The defaults.
const (
	membersDefault  = 1_000_000
	secondsDefault  = 120
	restartsDefault = 5
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
	if o.Restarts == 0 {
		o.Restarts = restartsDefault
	}
	if o.Members < 1 || o.Seconds < 0 || o.Restarts < 0 {
		return fmt.Errorf("%d members, %g seconds, %d restarts: none may be negative",
			o.Members, o.Seconds, o.Restarts)
	}
	if !o.Server.Own() {
		return errors.New("the server is killed and measured, so it must be the benchmark's own: " +
			"leave --addr out")
	}
	o.Server.Heap = true
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"members": strconv.Itoa(o.Members), "seconds": fmt.Sprint(o.Seconds),
		"restarts": strconv.Itoa(o.Restarts),
	}
}
