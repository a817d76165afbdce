package netio

import "github.com/thronggrid/throng/netio/wire"

// A loop's part of a round has two steps. First it notes for each connection what
// it gets, in links; then it writes to some in each turn, until it is through. A
// connection that has something else to be written gets its part with that.

// link is one segment that a connection gets.
type link struct {
	segment int32
	next    int32 // 1 + the place of the connection's next link; 0: none
}

// assignRound notes what each connection gets of a round that has come, once all is
// settled that came before it.
func (l *loop) assignRound() {
	if l.round == nil || l.assigned || l.released < l.roundAfter {
		return
	}
	l.assigned = true
	for i := len(l.round.segments) - 1; i >= 0; i-- {
		l.assign(int32(i))
	}
}

// assign notes who gets a segment. The segments are taken from the last to the
// first, for each link goes before the others of its connection.
func (l *loop) assign(segment int32) {
	s := &l.round.segments[segment]
	if s.loops&bit(l.number()) == 0 {
		return
	}
	r := l.rooms.byKey[s.key]
	if r == nil {
		return
	}
	for _, k := range r.members {
		if len(s.frames) == 0 || k.state != open {
			continue
		}
		if k.round == 0 {
			l.targets = append(l.targets, k)
		}
		l.links = append(l.links, link{segment, k.round})
		k.round = int32(len(l.links))
	}
}

// spread writes as much of the round as one turn may.
func (l *loop) spread() {
	if !l.assigned {
		return
	}
	for n := writesTurn; l.written < len(l.targets); l.written++ {
		k := l.targets[l.written]
		if k.round == 0 {
			continue // it was written to
		}
		if n--; n < 0 {
			return
		}
		l.now = k
		l.push(k)
	}
	l.missLost()
	r := l.round
	l.round, l.assigned, l.written = nil, false, 0
	clear(l.targets)
	l.targets, l.links = keep(l.targets), keep(l.links)
	l.server.fan.done(r)
}

// missLost tells those who got less than there was, after what they did get.
func (l *loop) missLost() {
	for i := range l.round.segments {
		s := &l.round.segments[i]
		if !s.lost || s.loops&bit(l.number()) == 0 {
			continue
		}
		if r := l.rooms.byKey[s.key]; r != nil {
			for _, k := range r.members {
				l.miss(k)
			}
		}
	}
	if l.round.lost {
		l.missAll()
	}
}

// keep empties a list, and gives up what one large round has made.
func keep[T any](list []T) []T {
	if cap(list) > targetsKept {
		return nil
	}
	return list[:0]
}

// pushRound writes to a connection what is in its buffer, and what it gets of the
// round. If that is one segment and nothing else, it is not copied.
func (l *loop) pushRound(k *conn) {
	at := k.round
	k.round = 0
	b := l.gathered[:0]
	if k.out != nil {
		b = k.out.frames
	}
	most := min(flushBytes, l.server.chokeBytes())
	for at != 0 && l.mayPush(k, 0) {
		n := l.links[at-1]
		frames := l.round.segments[n.segment].frames
		if len(b) > 0 && len(b)+len(frames) > most {
			l.write(k, b)
			b = b[:0]
			continue
		}
		l.count.pushes.Add(1)
		if at = n.next; at == 0 && len(b) == 0 {
			l.write(k, frames)
			return
		}
		b = append(b, frames...)
	}
	if k.out != nil {
		k.out.frames = b
	} else {
		l.gathered = b[:0]
	}
	if (len(b) > 0 || k.ws.waits()) && k.state != gone {
		l.write(k, b)
	}
}

// mayPush says whether so many bytes may be pushed to a connection. If its client
// does not keep up, they are dropped; it will be told so.
func (l *loop) mayPush(k *conn, bytes int) bool {
	if k.state != open {
		return false
	}
	if !k.is(missed) && k.conn.OutboundBuffered()+bytes <= l.server.chokeBytes() {
		return true
	}
	l.miss(k)
	return false
}

// miss notes that a push for a connection was dropped. All that would follow are
// dropped too, until it has read what waits for it and was told.
func (l *loop) miss(k *conn) {
	l.count.lost.Add(1)
	if k.state == open && !k.is(missed) {
		k.mark(missed, true)
		l.stall(k)
	}
}

// missAll is miss for all connections that are on streams.
func (l *loop) missAll() {
	for i := range l.table.rows {
		if k := l.table.rows[i].conn; k != nil && k.seats() > 0 {
			l.miss(k)
		}
	}
}

// tellMissed pushes what a client must know when pushes to it were dropped.
func (l *loop) tellMissed(k *conn) {
	k.mark(missed, false)
	l.answer(k, wire.KindMissed, 0, 0, emptyReply[:])
}
