package resume

import (
	"fmt"
	"io"
	"strconv"

	"github.com/thronggrid/throng/bench/process"
)

// Options says what to do.
type Options struct {
	Sessions int               // 0: 2,000
	Drops    int               // how often sockets are cut; 0: 20
	Rate     float64           // messages a second in all rooms; 0: 2,000
	Server   process.Selection // which server to use
	Log      io.Writer         // progress for people; nil: none
}

// SessionsMin is the smallest number of sessions: one room.
const SessionsMin = roomSize

const (
	sessionsDefault = 2000
	dropsDefault    = 20
	rateDefault     = 2000
	roomSize        = 10
	// cutPart is the part of all sockets that one drop cuts.
	cutPart = 5
	senders = 32
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Sessions == 0 {
		o.Sessions = sessionsDefault
	}
	if o.Drops == 0 {
		o.Drops = dropsDefault
	}
	if o.Rate == 0 {
		o.Rate = rateDefault
	}
	if o.Sessions < SessionsMin || o.Drops < 0 || o.Rate < 0 {
		return fmt.Errorf("%d sessions, %d drops, a rate of %g: want at least %d, 0 and 0",
			o.Sessions, o.Drops, o.Rate, SessionsMin)
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"sessions": strconv.Itoa(o.Sessions), "drops": strconv.Itoa(o.Drops),
		"rate": fmt.Sprint(o.Rate),
	}
}
