package host

import (
	"errors"
	"io"
	"time"

	"github.com/thronggrid/throng/grid/clock"
)

const (
	// workSpell is about how long a snapshot's writer works before it rests.
	workSpell = 5 * time.Millisecond
	// restShare is how much longer it rests than it worked: that time belongs to
	// those who are served meanwhile.
	restShare = 2
)

var errStopping = errors.New("the node is stopping")

// gentle writes a snapshot in spells, so that a node with few cores goes on
// serving. It gives up when the node stops.
type gentle struct {
	w     io.Writer
	clock clock.Clock
	stop  <-chan struct{}
	since int64 // µs: when the present spell began
}

func newGentle(w io.Writer, h *Host) *gentle {
	return &gentle{w: w, clock: h.clock, stop: h.stop, since: h.clock.Micros()}
}

func (g *gentle) Write(b []byte) (int, error) {
	n, err := g.w.Write(b)
	if err != nil {
		return n, err
	}
	worked := time.Duration(g.clock.Micros()-g.since) * time.Microsecond
	if worked < workSpell {
		return n, nil
	}
	err = g.rest(min(worked, time.Second) * restShare)
	g.since = g.clock.Micros()
	return n, err
}

func (g *gentle) rest(d time.Duration) error {
	over := make(chan struct{})
	timer := g.clock.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
		return nil
	case <-g.stop:
		return errStopping
	}
}
