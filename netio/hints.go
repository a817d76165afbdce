package netio

import (
	"math/bits"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// hintKinds is where, in a feature's kinds, those begin that never go to clients.
const hintKinds = 0xf0

// hints takes the hints of one entry: the function that Shards.Listen is given. Those of
// other nodes come to it too, on any goroutine.
// All is copied once, here.
func (f *fan) hints(e *grid.Effects) {
	if len(e.Hints) == 0 {
		return
	}
	var woken [loopsMax / 64]uint64
	f.mu.Lock()
	if f.mu.closed {
		f.mu.Unlock()
		return
	}
	for i := range e.Hints {
		h := &e.Hints[i]
		switch key := e.Of(h.Stream); {
		case len(key) == 0:
			if n := loopOfNumber(h.To.Conn); f.mail(n, h, e.Of(h.Body)) {
				woken[n/64] |= bit(n)
			}
		case h.Kind == presence.KindChange:
			f.change(h.Slot, key, e.Of(h.Body))
		case h.Kind&0xff < hintKinds:
			f.push(h.Slot, key, h.Kind, e.Of(h.Body))
		}
	}
	f.mu.Unlock()
	f.wake(&woken)
	f.start()
}

// wake posts drain tasks to loops.
func (f *fan) wake(loops *[loopsMax / 64]uint64) {
	for i, word := range loops {
		for ; word != 0; word &= word - 1 {
			f.loops[64*i+bits.TrailingZeros64(word)].Load().post(nil)
		}
	}
}

// letter is a hint for one connection of a loop.
type letter struct {
	to        grid.Address
	kind      grid.Kind
	from, end uint32
	after     uint64 // outcomes that were left for the loop before it
}

// mail leaves a hint for the one connection that it is for; false if nobody needs
// to look at it.
func (f *fan) mail(loop int, h *grid.Hint, body []byte) bool {
	if h.To.Origin != f.origin {
		return false
	}
	l := f.loops[loop].Load()
	return l != nil && l.leaveLetter(h, body)
}

// readNext acts on the next of the letters that have been left for the loop.
func (l *loop) readNext() {
	m := &l.letters[l.lettersRead]
	l.lettersRead++
	if k := l.table.get(m.to.Conn); k == nil {
		l.count.strays.Add(1)
	} else {
		l.now = k
		l.readLetter(k, m, l.paper[m.from:m.end])
	}
	if l.lettersRead == len(l.letters) {
		l.letters, l.lettersRead, l.paper = keep(l.letters), 0, l.paper[:0]
		if cap(l.paper) > paperBytesKept {
			l.paper = nil
		}
	}
}

func (l *loop) readLetter(k *conn, m *letter, body []byte) {
	switch {
	case m.kind == session.KindEnded:
		in := pack.NewCursor(body)
		reason, _ := session.DecodeEnded(&in)
		l.sessionEnded(k, reason)
	case k.state == greeting:
		k.mark(missed, true) // nothing comes before the welcome
	case m.to.Session != k.session || m.kind&0xff >= hintKinds:
	case m.kind == session.KindRefused:
		in := pack.NewCursor(body)
		if r, err := session.DecodeRefused(&in); err == nil {
			l.leave(k, []byte(r.Key))
		}
		l.pushOne(k, m.kind, body)
	default:
		l.pushOne(k, m.kind, body)
	}
}

// pushOne pushes to one connection.
func (l *loop) pushOne(k *conn, kind grid.Kind, body []byte) {
	if !l.mayPush(k, wire.HeadBytes+len(body)) {
		return
	}
	l.count.pushes.Add(1)
	l.answer(k, kind, 0, 0, body)
}
