package resume

import (
	"fmt"
	"io"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// Options says what to do.
type Options struct {
	Sessions int           // at least SessionsMin
	Drops    int           // how often sockets are cut, at least 1
	Every    time.Duration // the time between two drops
	Rate     float64       // messages a second in all rooms, load.RateMin to load.RateMax
	Server   process.Selection
	Log      io.Writer // progress for people
}

// SessionsMin is the smallest number of sessions: one room.
const SessionsMin = roomSize

const (
	roomSize = 10
	// cutPart is the part of all sockets that one drop cuts.
	cutPart = 5
	senders = 32
)

// Defaults returns what is done when nothing else is asked for.
func Defaults() Options {
	return Options{Sessions: 2000, Drops: 20, Every: time.Second, Rate: 2000, Log: io.Discard}
}

// Check refuses what cannot be done, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Sessions < SessionsMin:
		return fmt.Errorf("--sessions %d: want at least %d", o.Sessions, SessionsMin)
	case o.Drops < 1:
		return fmt.Errorf("--drops %d: want at least 1", o.Drops)
	}
	if err := load.CheckRate(o.Rate); err != nil {
		return err
	}
	return o.Server.Check()
}
