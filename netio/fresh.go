package netio

import "github.com/thronggrid/throng/netio/wire"

// Connections without a session, those that have not said hello and those whose
// session is being opened, are strangers. Anyone can make them, so they must lock
// nobody out. But when many clients come back at once they all are strangers for a
// moment, and turning the oldest of them away, which will be served next, would
// only make them come again. So a stranger may stay for a moment whatever the
// number, and then as long as there are few.

// stranger takes in a connection that was made just now.
func (l *loop) stranger(k *conn) {
	k.deadline = l.tick + ticksPerHello
	l.fresh = append(l.fresh, k.number())
	l.strange++
	l.makeRoom()
}

// makeRoom ends the oldest strangers while there are too many.
func (l *loop) makeRoom() {
	most := max(1, l.server.options.FreshMax/l.server.options.Loops)
	for l.strange > most && l.displace() {
	}
}

// displace ends the oldest stranger, if it has had its moment; false if not.
func (l *loop) displace() bool {
	k := l.oldest()
	if k == nil || int32(l.tick-(k.deadline-ticksPerHello)) < momentTicks {
		return false
	}
	l.count.displaced.Add(1)
	l.drop(k, wire.Overloaded)
	return true
}

// oldest returns the oldest stranger, nil when there is none.
func (l *loop) oldest() *conn {
	for len(l.fresh) > 0 {
		if k := l.table.get(l.fresh[0]); k != nil && k.state < open {
			return k
		}
		l.fresh = l.fresh[1:]
	}
	return nil
}

// passFresh ends strangers whose time is up.
func (l *loop) passFresh() {
	for k := l.oldest(); k != nil && l.overdue(k); k = l.oldest() {
		l.now = k
		l.count.helloLate.Add(1)
		if k.state == fresh {
			l.dismiss(k, wire.HelloLate)
		} else {
			l.dismiss(k, wire.Overloaded)
		}
	}
}
