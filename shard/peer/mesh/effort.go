package mesh

import (
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// An effort is what a keeper remembers of its tries to be connected: how long it rests
// between two, and what is still to be told of the last connection.
type effort struct {
	tries  int
	spoilt int         // dials of a probe that came to nothing
	closed bool        // the other side has closed the last connection
	owed   bool        // its end is not reported: it may be that the process is gone
	origin grid.Origin // that is, or was last, connected
}

// patience is how long a dial may take.
func (e *effort) patience() time.Duration {
	if e.owed {
		return probeMax
	}
	return dialMax
}

// begun: there is a connection.
func (e *effort) begun(l *line, origin grid.Origin) {
	if e.owed {
		l.report(peer.Down)
	}
	e.closed, e.owed, e.origin = false, false, origin
	l.report(peer.Up)
}

// ended: the connection has ended, after a life that was good or too short.
func (e *effort) ended(l *line, why error, good bool) {
	l.mesh.o.Logger.Info("a connection to a node has ended", "node", l.node.number,
		"snapshots", l.purpose == forBulk, "why", why)
	e.closed = theirs(why)
	e.owed, e.spoilt = e.closed, 0
	if !e.owed {
		l.report(peer.Down)
	}
	if good {
		e.tries = 0
	}
	if !good || !e.closed {
		l.rest(e.pause(l.mesh.o.Random))
	}
}

// failed: a dial gave no connection.
func (e *effort) failed(l *line, err error) {
	gone := errors.Is(err, ErrRefused)
	switch {
	case e.closed && gone && l.node.reached():
		e.owed = false
		l.report(peer.Gone)
	case e.owed && theirs(err) && e.spoilt < probes:
		// A process that ends may close its connections before its listener.
		e.spoilt++
		l.rest(pauseMin)
		return
	case e.owed:
		e.owed = false
		l.report(peer.Down)
	}
	l.rest(e.pause(l.mesh.o.Random))
}

// finish: the node was removed.
func (e *effort) finish(l *line) {
	if e.owed {
		l.report(peer.Down)
	}
}

// pause returns how long to rest before the next dial: longer each time, and somewhere in
// the upper half of that, so that nodes do not dial in step.
func (e *effort) pause(random func([]byte)) time.Duration {
	d := min(pauseMin<<min(e.tries, 10), pauseMax)
	e.tries++
	var b [8]byte
	random(b[:])
	return d/2 + time.Duration(binary.BigEndian.Uint64(b[:])%uint64(d/2))
}

// theirs says whether an error means that the other side has closed a connection: not
// this one, and not that it was silent.
func theirs(err error) bool {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() || errors.As(err, new(protocolError)) ||
		errors.As(err, new(*Refusal)) {
		return false
	}
	ours := []error{errSilent, errStuck, errReplaced, errRemoved, errClosing, errIdle, errFull,
		errOvertaken, errSlow, errGarbage}
	return !slices.ContainsFunc(ours, func(e error) bool { return errors.Is(err, e) })
}
