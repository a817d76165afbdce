package connect

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to measure.
type Options struct {
	Sessions int               // of the large crowd; 0: 14,000
	Logins   int               // per round; 0: 2,000
	Rounds   int               // of logins and bare connects; 0: 5
	Server   process.Selection // how to start the server; a running one cannot be used
	Log      io.Writer         // progress for people; nil: none
}

// SessionsMin is the smallest crowd that can be measured.
const SessionsMin = smallPart * 10

const (
	sessionsDefault = 14_000
	loginsDefault   = 2_000
	roundsDefault   = 5
	// smallPart is how much smaller the small crowd is than the large one.
	smallPart = 7
	workers   = 64
	users     = 1000 // whose ids have been seen before
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Sessions == 0 {
		o.Sessions = sessionsDefault
	}
	if o.Logins == 0 {
		o.Logins = loginsDefault
	}
	if o.Rounds == 0 {
		o.Rounds = roundsDefault
	}
	if o.Sessions < SessionsMin || o.Logins < 1 || o.Rounds < 1 {
		return fmt.Errorf("%d sessions, %d logins, %d rounds: want at least %d, 1 and 1",
			o.Sessions, o.Logins, o.Rounds, SessionsMin)
	}
	if !o.Server.Own() {
		return errors.New("the server's memory is measured, so it must be the benchmark's own: " +
			"leave --addr out")
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"sessions": strconv.Itoa(o.Sessions), "logins": strconv.Itoa(o.Logins),
		"rounds": strconv.Itoa(o.Rounds),
	}
}
