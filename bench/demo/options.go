package demo

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

const (
	// BotsMax bounds the crowd: each bot has a connection, and goroutines, of its own.
	BotsMax = 5000
	// LinesMax is how many chat lines a Frame has at most.
	LinesMax = 5
	// TopMax is how many records a Frame has at most.
	TopMax = 5
)

// Options says what to show.
type Options struct {
	Bots    int           // 1 to BotsMax
	Seconds float64       // for how long, up to load.SecondsMax; 0: until ctx ends
	Every   time.Duration // between two frames
	Server  process.Selection
	Draw    func(Frame) // shows a frame; called by one goroutine at a time
}

// Defaults returns what is shown when nothing else is asked for.
func Defaults() Options {
	return Options{Bots: 200, Every: time.Second, Draw: func(Frame) {}}
}

// Check refuses what cannot be shown, by the names of the command's flags.
func (o *Options) Check() error {
	if o.Bots < 1 || o.Bots > BotsMax {
		return fmt.Errorf("--bots %d: want 1 to %d", o.Bots, BotsMax)
	}
	if o.Seconds != 0 {
		if err := load.CheckSeconds(o.Seconds); err != nil {
			return err
		}
	}
	return o.Server.Check()
}

// A Frame is what the screen shows at one moment. Rates are of the time since the
// frame before.
type Frame struct {
	Addr     string // where to connect a client
	KeyFile  string // the server key's file; "": known to who named the server
	Elapsed  time.Duration
	Sessions int
	Messages float64       // acknowledged, a second
	Scores   float64       // acknowledged, a second
	Pushes   float64       // a second
	P50, P99 time.Duration // of acknowledgements
	Top      []Standing    // the best of the board
	Lines    []string      // the last chat lines of one room
}

// A Standing is one record of the board.
type Standing struct {
	Rank  int
	Name  string
	Score int64
}

// A Summary is what a run did, and whether all of it was found again.
type Summary struct {
	Elapsed          time.Duration
	Messages, Scores int64 // acknowledged
	Pushes           int64
	Unknown          int64    // calls whose outcome is not known
	P50, P99         float64  // of all acknowledgements, in ms
	MessagesRead     int64    // found in the rooms' histories
	PointsAcked      int64    // sum of what was acknowledged
	PointsRead       int64    // sum of the board's records
	Wrong            []string // what does not agree; empty: everything was found again
}
