package netio

import (
	"context"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// inbox is what other goroutines leave for a loop.
type inbox struct {
	sync.Mutex
	outcomes []*grid.Outcomes
	left     uint64   // outcomes that ever were
	letters  []letter // hints for one connection each
	paper    []byte   // their bodies
	rounds   []*round // to write
	returns  []errand // done by workers
	joining  bool     // among the outcomes are some by which connections come on streams
	missed   bool     // there was no room for a letter
	posted   bool     // a drain task is under way
	shutdown bool     // say goodbye to all
	cut      bool     // likewise: the node is cut off
	doubts   slotSet  // whose sessions shall be asked after
	closed   bool     // the loop runs no tasks any more
}

// deliver takes outcomes from the shards: the lane's grid.Deliver.
func (l *loop) deliver(o *grid.Outcomes) {
	l.inbox.Lock()
	if !l.inbox.joining && !l.inbox.closed && joins(o) {
		l.inbox.joining = true
		l.server.fan.interest.joining.Or(bit(l.number()))
	}
	ok := l.leaveOutcomes(o)
	l.inbox.Unlock()
	if !ok {
		o.Release()
	}
}

// joins says whether outcomes may bring connections on streams.
func joins(o *grid.Outcomes) bool {
	if o.Err != nil || o.Confirmed {
		return false
	}
	for i := range o.Refs {
		if k := o.Refs[i].Kind; k == session.KindTrack || k == session.KindResume {
			return true
		}
	}
	return false
}

// post leaves outcomes, if any, and sees to it that one drain task is under way.
func (l *loop) post(o *grid.Outcomes) {
	l.inbox.Lock()
	ok := l.leaveOutcomes(o)
	l.inbox.Unlock()
	if !ok && o != nil {
		o.Release() // the loop has ended
	}
}

// leaveOutcomes is post, under the lock; false when the loop runs no tasks any
// more.
func (l *loop) leaveOutcomes(o *grid.Outcomes) bool {
	if l.inbox.closed {
		return false
	}
	if o != nil {
		l.inbox.outcomes = append(l.inbox.outcomes, o)
		l.inbox.left++
	}
	l.summon()
	return true
}

// summon posts a drain task if none is under way. Execute is called under the
// lock so that it cannot run once closed is set: gnet closes its wake-up descriptor
// then, and the number may be another's.
func (l *loop) summon() {
	if !l.inbox.posted {
		l.inbox.posted = l.events.Execute(context.Background(), l) == nil
	}
}

// leaveRound hands the loop a round to write; false when it runs no tasks any more.
func (l *loop) leaveRound(r *round) bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	if l.inbox.closed {
		return false
	}
	l.inbox.rounds = append(l.inbox.rounds, r)
	l.summon()
	return true
}

// leaveLetter leaves a hint for one connection, without posting a task: whoever
// leaves many does that in the end. Of those by which a connection ends, or is no
// longer on a stream, there are few, and none may be lost.
func (l *loop) leaveLetter(h *grid.Hint, body []byte) bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	if l.inbox.closed {
		return false
	}
	from := uint32(len(l.inbox.paper))
	full := len(l.inbox.letters) >= LettersMax || int(from)+len(body) > PendingBytesMax
	if full && h.Kind != session.KindEnded && h.Kind != session.KindRefused {
		l.inbox.missed = true
		return true
	}
	l.inbox.paper = append(l.inbox.paper, body...)
	end := uint32(len(l.inbox.paper))
	l.inbox.letters = append(l.inbox.letters, letter{h.To, h.Kind, from, end, l.inbox.left})
	return true
}

// leaveErrand brings a worker's result.
func (l *loop) leaveErrand(e errand) {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	if !l.inbox.closed {
		l.inbox.returns = append(l.inbox.returns, e)
		l.summon()
	}
}

// collect moves what was left to where the loop works it off, in the order in which
// it was left. The inbox keeps the letters while there are some to be read.
func (l *loop) collect() {
	l.inbox.Lock()
	l.inbox.posted = false
	l.backlog = append(l.backlog, l.inbox.outcomes...)
	l.received += uint64(len(l.inbox.outcomes))
	clear(l.inbox.outcomes)
	l.inbox.outcomes = l.inbox.outcomes[:0]
	if len(l.backlog) == 0 && l.inbox.joining {
		l.inbox.joining = false
		l.server.fan.interest.joined(l.number())
	}
	if len(l.letters) == 0 && len(l.inbox.letters) > 0 {
		l.letters, l.inbox.letters = l.inbox.letters, l.letters
		l.paper, l.inbox.paper = l.inbox.paper, l.paper[:0]
	}
	l.lettersAfter = never
	if len(l.inbox.letters) > 0 {
		l.lettersAfter = l.inbox.letters[0].after
	}
	for _, r := range l.inbox.rounds {
		l.parts = append(l.parts, part{round: r, after: l.received, targets: l.targets})
		l.targets = nil
	}
	l.inbox.rounds = l.inbox.rounds[:0]
	if len(l.returns) == 0 {
		l.returns, l.inbox.returns = l.inbox.returns, l.returns
	}
	missed := l.inbox.missed
	l.inbox.missed = false
	shutdown := l.inbox.shutdown && !l.shutdown
	cut := l.inbox.cut
	l.inbox.cut = false
	l.recheck.want(&l.inbox.doubts)
	l.inbox.Unlock()
	if missed {
		l.missAll()
	}
	switch {
	case shutdown:
		l.shutdown = true
		l.sayGoodbye(wire.Shutdown)
	case cut:
		l.sayGoodbye(wire.CutOff)
	}
}

// closeInbox ends the posting of tasks.
func (l *loop) closeInbox() {
	l.inbox.Lock()
	left := l.inbox.outcomes
	l.inbox.closed, l.inbox.outcomes = true, nil
	l.inbox.Unlock()
	for _, o := range left {
		o.Release()
	}
}
