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

var errStopping = errors.New("the node, or its replica, is stopping")

// gentle writes a snapshot in spells, so that a node with few cores goes on
// serving. It gives up when the replica stops.
type gentle struct {
	w io.Writer
	*spells
}

func newGentle(w io.Writer, g *Group) *gentle {
	return &gentle{w, newSpells(g.host.clock, g.stop)}
}

func (g *gentle) Write(b []byte) (int, error) {
	n, err := g.w.Write(b)
	if err != nil {
		return n, err
	}
	return n, g.pause()
}

// spells divides the time of one goroutine into work and rest.
type spells struct {
	clock clock.Clock
	stop  <-chan struct{}
	since int64 // µs: when the present spell began
}

func newSpells(c clock.Clock, stop <-chan struct{}) *spells {
	return &spells{clock: c, stop: stop, since: c.Micros()}
}

// pause rests if the spell has lasted long enough.
func (s *spells) pause() error {
	select {
	case <-s.stop:
		return errStopping
	default:
	}
	worked := time.Duration(s.clock.Micros()-s.since) * time.Microsecond
	if worked < workSpell {
		return nil
	}
	err := s.rest(min(worked, time.Second) * restShare)
	s.since = s.clock.Micros()
	return err
}

func (s *spells) rest(d time.Duration) error {
	over := make(chan struct{})
	timer := s.clock.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
		return nil
	case <-s.stop:
		return errStopping
	}
}
