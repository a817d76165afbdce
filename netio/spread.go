package netio

import (
	"slices"

	"github.com/thronggrid/throng/netio/wire"
)

// A loop's part of a round has two steps. First it notes for each connection what
// it gets, in links; then it writes to some in each turn, until it is through. A
// connection that has something else to be written, or gets something of another
// round too, gets all with that.

// part is what a loop has to do of a round.
type part struct {
	round    *round
	after    uint64  // not to be begun before so many outcomes are settled
	assigned bool    // targets and their links are made
	targets  []*conn // whom to write to
	written  int     // how many of them were
}

// link is one segment that a connection gets.
type link struct {
	round   *round
	segment *segment // of it
	next    int32    // 1 + the place of the connection's next link; 0: none
}

// assignParts notes what each connection gets of the rounds that have come, once all
// is settled that came before each.
func (l *loop) assignParts() {
	for i := range l.parts {
		p := &l.parts[i]
		if l.released < p.after {
			return
		}
		for n := len(p.round.segments) - 1; n >= 0 && !p.assigned; n-- {
			l.assign(p, &p.round.segments[n])
		}
		p.assigned = true
	}
}

// assign notes who gets a segment. The segments are taken from the last to the
// first, for each link goes before the others of its connection. Who gets something of
// several rounds is a target of each: whichever comes to it first writes all, and none
// is over before.
func (l *loop) assign(p *part, s *segment) {
	if s.loops&bit(l.number()) == 0 || len(s.frames) == 0 {
		return
	}
	r := l.rooms.byKey[s.key]
	if r == nil {
		return
	}
	for _, k := range r.members {
		if k.state != open {
			continue
		}
		if k.links == 0 || l.links[k.links-1].round != p.round {
			p.targets = append(p.targets, k)
		}
		l.link(k, p.round, s)
	}
}

// link adds what a connection gets.
func (l *loop) link(k *conn, r *round, s *segment) {
	at := l.unlinked
	if at == 0 {
		l.links = append(l.links, link{})
		at = int32(len(l.links))
	} else {
		l.unlinked = l.links[at-1].next
	}
	l.links[at-1] = link{r, s, k.links}
	k.links = at
}

// unlink takes away the first of what a connection gets.
func (l *loop) unlink(k *conn) {
	at := k.links
	n := &l.links[at-1]
	k.links = n.next
	*n = link{next: l.unlinked}
	l.unlinked = at
}

// unlinkAll forgets what a connection would get.
func (l *loop) unlinkAll(k *conn) {
	for k.links != 0 {
		l.unlink(k)
	}
}

// spread writes as much of the rounds as one turn may, of each the same.
func (l *loop) spread() {
	if len(l.parts) == 0 {
		return
	}
	turn := writesTurn / len(l.parts)
	for i := 0; i < len(l.parts); {
		p := &l.parts[i]
		if !p.assigned || !l.spreadPart(p, turn) {
			i++
			continue
		}
		r := p.round
		l.parts = slices.Delete(l.parts, i, i+1)
		l.server.fan.done(r)
	}
	if len(l.parts) == 0 {
		l.links, l.unlinked = keep(l.links), 0
	}
}

// spreadPart writes to at most n connections, and says whether those were the last.
func (l *loop) spreadPart(p *part, n int) bool {
	for ; p.written < len(p.targets); p.written++ {
		k := p.targets[p.written]
		if k.links == 0 {
			continue // it was written to
		}
		if n--; n < 0 {
			return false
		}
		l.now = k
		l.push(k)
	}
	l.missLost(p.round)
	clear(p.targets)
	l.targets = keep(p.targets)
	return true
}

// missLost tells those who got less than there was, after what they did get.
func (l *loop) missLost(round *round) {
	for i := range round.segments {
		s := &round.segments[i]
		if !s.lost || s.loops&bit(l.number()) == 0 {
			continue
		}
		if r := l.rooms.byKey[s.key]; r != nil {
			for _, k := range r.members {
				l.miss(k)
			}
		}
	}
	if round.lost {
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

// pushLinks writes to a connection what is in its buffer, and what it gets of
// rounds. If that is one segment and nothing else, it is not copied.
func (l *loop) pushLinks(k *conn) {
	b := l.gathered[:0]
	if k.out != nil {
		b = k.out.frames
	}
	most := min(flushBytes, l.server.chokeBytes())
	for k.links != 0 && l.mayPush(k, 0) {
		frames := l.links[k.links-1].segment.frames
		if len(b) > 0 && len(b)+len(frames) > most {
			if l.write(k, b); k.state == gone {
				return // with its buffer, and its links
			}
			b = b[:0]
			continue
		}
		l.traffic.framesOut += uint64(l.links[k.links-1].segment.count)
		l.unlink(k)
		l.count.pushes.Add(1)
		if k.links == 0 && len(b) == 0 {
			l.write(k, frames)
			return
		}
		b = append(b, frames...)
	}
	l.unlinkAll(k)
	if k.out != nil {
		k.out.frames = b
	} else {
		l.gathered = b[:0]
	}
	if len(b) > 0 || k.ws.waits() {
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
