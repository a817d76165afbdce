package boards

import (
	"fmt"
	"io"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Members  int     // of the board, at least 1
	Seconds  float64 // how long to update it, up to load.SecondsMax
	Restarts int     // how often to kill and restart the server, at least 1
	Server   process.Own
	Log      io.Writer // progress for people
}

// Defaults returns what is measured when nothing else is asked for.
func Defaults() Options {
	return Options{Members: 1_000_000, Seconds: 120, Restarts: 5, Log: io.Discard}
}

// Check refuses what cannot be measured, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Members < 1:
		return fmt.Errorf("--members %d: want at least 1", o.Members)
	case o.Restarts < 1:
		return fmt.Errorf("--restarts %d: want at least 1", o.Restarts)
	}
	return load.CheckSeconds(o.Seconds)
}
