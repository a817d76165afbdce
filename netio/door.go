package netio

import (
	"net/http"

	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// A connection for which there is no room is told so in its own tongue, a goodbye or an
// answer in HTTP. Which that is shows with its first bytes, for which a few connections
// of a loop may wait for a moment. The others hear the goodbye at once.
const (
	// TurnedMax is how many connections of a loop may wait to be turned away.
	TurnedMax = 64

	turnedTicks = 5 // for which they may
)

// fits says whether there is room for a connection that has come to a loop, with which
// so many are open.
func (s *Server) fits(l *loop, k *conn, open int64) bool {
	n, peer := networkOf(k.conn.RemoteAddr())
	crowded := s.limits.Load().crowded(s.addresses.add(n), peer)
	if crowded {
		s.crowded.Add(1)
	}
	return !crowded && (open <= int64(s.connections) || l.displace())
}

// turnAway ends a connection for which there is no room, soon.
func (l *loop) turnAway(k *conn) {
	l.server.turned.Add(1)
	if len(l.turned) >= TurnedMax {
		l.drop(k, wire.Overloaded)
		return
	}
	k.mark(turned, true)
	l.turned = append(l.turned, k.number())
}

// sayFull answers the first bytes of a connection that is turned away.
func (l *loop) sayFull(k *conn) {
	b, err := k.conn.Peek(-1)
	if err != nil || len(b) < websocket.SniffBytes {
		return
	}
	if !websocket.IsHTTP(b) {
		l.drop(k, wire.Overloaded)
		return
	}
	l.begin(k)
	k.out.frames = websocket.AppendRefusal(k.out.frames, http.StatusServiceUnavailable,
		wire.Overloaded.Text())
	l.push(k)
	l.close(k)
}

// passTurned ends connections that are turned away and say nothing.
func (l *loop) passTurned() {
	for len(l.turned) > 0 {
		k := l.table.get(l.turned[0])
		if k != nil {
			if int32(l.tick-(k.deadline-ticksPerHello)) < turnedTicks {
				return
			}
			l.now = k
			l.drop(k, wire.Overloaded)
		}
		l.turned = l.turned[1:]
	}
}
