package presences

import (
	"fmt"
	"io"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Members int     // of the room, at least 1
	Seconds float64 // of churn, up to load.SecondsMax
	Server  process.Selection
	Log     io.Writer // progress for people
}

// Churners is how many sessions come and go beside the members.
const Churners = 16

// Defaults returns what is measured when nothing else is asked for.
func Defaults() Options { return Options{Members: 1000, Seconds: 10, Log: io.Discard} }

// Check refuses what cannot be measured, by the names of the command's flags.
func (o *Options) Check() error {
	if o.Members < 1 {
		return fmt.Errorf("--members %d: want at least 1", o.Members)
	}
	if err := load.CheckSeconds(o.Seconds); err != nil {
		return err
	}
	return o.Server.Check()
}
