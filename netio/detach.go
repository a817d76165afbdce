package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/session"
)

// detach is the end of a connection whose user's slot is to be told. That is said
// again until it is acknowledged, for otherwise the session would live, and be
// present, for ever.
type detach struct {
	user    grid.ID
	opening bool // the outcome of its opening is to come; it has to be said after that
	again   bool // the outcome came while it was under way
	flying  bool // it is under way
}

// detach notes that a connection to which a session may be bound has ended.
func (l *loop) detach(k *conn) {
	l.detaching[k.number()] = &detach{user: k.user, opening: k.opening() != nil}
	l.toDetach = append(l.toDetach, k.number())
	l.server.detaching.Add(1)
	l.patience = LingerTicks
	l.bell.ring()
}

// detachSome tells slots of the ends of at most n connections.
func (l *loop) detachSome(n int) {
	n = min(n, len(l.toDetach))
	for _, number := range l.toDetach[:n] {
		d := l.detaching[number]
		if d == nil || d.flying {
			continue
		}
		r := session.DetachRequest{
			User: d.user, Origin: l.server.fan.origin, Conn: number,
			Grace: l.server.options.Grace.Microseconds(),
		}
		if l.command(number, &d.user, session.KindDetach, &r) == nil {
			d.flying = true
		} else {
			l.notDetached = append(l.notDetached, number)
		}
	}
	l.toDetach = l.toDetach[:copy(l.toDetach, l.toDetach[n:])]
}

// detached is the answer of a slot.
func (l *loop) detached(number uint64, err error) {
	d := l.detaching[number]
	if d == nil {
		return
	}
	d.flying = false
	switch {
	case err != nil:
		l.notDetached = append(l.notDetached, number)
	case d.again:
		d.again = false
		l.toDetach = append(l.toDetach, number)
	case !d.opening:
		delete(l.detaching, number)
		l.server.detaching.Add(-1)
		l.server.checkEmpty()
	}
}

// openedLate is the outcome of an opening whose connection is gone.
func (l *loop) openedLate(number uint64) {
	d := l.detaching[number]
	if d == nil {
		return
	}
	d.opening = false
	if d.flying {
		d.again = true
	} else {
		l.toDetach = append(l.toDetach, number)
	}
}

// passDetaches says again what could not be said. At shutdown it gives up in time:
// the next start of the node detaches what is left.
func (l *loop) passDetaches() {
	l.toDetach = append(l.toDetach, l.notDetached...)
	l.notDetached = l.notDetached[:0]
	if !l.shutdown || len(l.detaching) == 0 {
		return
	}
	if l.patience--; l.patience <= 0 {
		l.server.detaching.Add(-int64(len(l.detaching)))
		clear(l.detaching)
		l.toDetach = l.toDetach[:0]
		l.server.checkEmpty()
	}
}
