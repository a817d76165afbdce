package connect

import (
	"fmt"
	"io"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Sessions int           // of the large crowd, at least SessionsMin
	Logins   int           // a round, at least 1
	Rounds   int           // of logins and bare connects, at least 1
	Warm     time.Duration // for how long scores are submitted before
	Pause    time.Duration // behind each round, for the server to close its connections
	Rest     time.Duration // for how long the memory must not have fallen to be at rest
	Server   process.Own
	Log      io.Writer // progress for people
}

// SessionsMin is the smallest crowd that can be measured.
const SessionsMin = smallPart * 10

const (
	// smallPart is how much smaller the small crowd is than the large one.
	smallPart = 7
	// workers is how many connections are opened at a time.
	workers = 64
	// users is how many have been seen before, and log in again.
	users = 1000
	// nakamaLogins is how many logins a second Nakama took.
	nakamaLogins = 2666
	// lookEvery is the time between two looks at the memory, restMax how long is
	// waited for it to come to rest.
	lookEvery = time.Second
	restMax   = 2 * time.Minute
)

// Defaults returns what is measured when nothing else is asked for.
func Defaults() Options {
	return Options{
		Sessions: 14_000, Logins: 2_000, Rounds: 5,
		Warm: 15 * time.Second, Pause: time.Second, Rest: 15 * time.Second, Log: io.Discard,
	}
}

// Check refuses what cannot be measured, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Sessions < SessionsMin:
		return fmt.Errorf("-n %d: want at least %d sessions", o.Sessions, SessionsMin)
	case o.Logins < 1:
		return fmt.Errorf("--logins %d: want at least 1", o.Logins)
	case o.Rounds < 1:
		return fmt.Errorf("--rounds %d: want at least 1", o.Rounds)
	}
	return nil
}
