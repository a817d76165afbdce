package netio

import (
	"time"

	"github.com/thronggrid/throng/netio/wire"
)

// nanos is the time since the server began, as it was when something was first asked of
// the loop in this event. It is never 0.
func (l *loop) nanos() int64 {
	if l.time == 0 {
		l.time = l.server.nanos()
	}
	return l.time
}

func (s *Server) nanos() int64 { return max(1, int64(time.Since(s.began))) }

// admit says whether a request comes within the rates of its connection and its user. If
// not it was answered, and who floods was told goodbye.
func (l *loop) admit(k *conn, q *asked) bool {
	m := l.server.limits.Load()
	if k.is(server) || m.session.interval == 0 && m.user.interval == 0 {
		return true
	}
	now := l.nanos()
	over := l.spend(k, m, now)
	r, bucket := &m.session, k.bucket
	if over == 0 && m.user.interval > 0 {
		if k.shared == nil {
			k.shared = l.server.users.add(&k.user, now)
		}
		r = &m.user
		bucket, over = k.shared.take(r, now)
	}
	if over == 0 {
		return true
	}
	l.budget-- // a refusal is answered at once, like a read
	l.count.throttled.Add(1)
	l.refusal = r.refusal
	l.refusal.Retry = hint(over)
	l.fail(k, q, &l.refusal)
	if r.floods(bucket, now) && k.state < leaving {
		l.flooded(k, time.Duration(bucket-now))
	}
	return false
}

// spend takes a request out of a connection's own bucket: see rate.take.
func (l *loop) spend(k *conn, m *limits, now int64) (over int64) {
	k.bucket, over = m.session.take(k.bucket, now)
	return over
}

// flooded ends a connection of which far too much came. It may come again once its
// bucket is full.
func (l *loop) flooded(k *conn, after time.Duration) {
	l.count.floods.Add(1)
	l.dismissFor(k, wire.Flooding, max(after, l.server.options.ReconnectAfter))
}

// admitPing is admit for a ping of WebSocket, to which no error can be answered. There
// may be pings before anybody has said who speaks.
func (l *loop) admitPing(k *conn) bool {
	m := l.server.limits.Load()
	if k.is(server) || m.session.interval == 0 {
		return true
	}
	now := l.nanos()
	over := l.spend(k, m, now)
	if over > 0 && m.session.floods(k.bucket, now) {
		l.flooded(k, time.Duration(k.bucket-now))
	}
	return over == 0
}
