package netio

import (
	"context"
	"sync"

	"github.com/thronggrid/throng/grid"
)

// inbox is what other goroutines leave for a loop.
type inbox struct {
	sync.Mutex
	outcomes []*grid.Outcomes
	posted   bool // a drain task is under way
	shutdown bool // say goodbye to all
	closed   bool // the loop runs no tasks any more
}

// deliver takes outcomes from the shards: the lane's grid.Deliver.
func (l *loop) deliver(o *grid.Outcomes) { l.post(o) }

// post leaves outcomes, if any, and sees to it that one drain task is under way.
// Execute is called under the lock so that it cannot run once closed is set:
// gnet closes its wake-up descriptor then, and the number may be another's.
func (l *loop) post(o *grid.Outcomes) {
	if !l.leave(o) && o != nil {
		o.Release() // the loop has ended
	}
}

// leave is post; false when the loop runs no tasks any more.
func (l *loop) leave(o *grid.Outcomes) bool {
	l.inbox.Lock()
	defer l.inbox.Unlock()
	if l.inbox.closed {
		return false
	}
	if o != nil {
		l.inbox.outcomes = append(l.inbox.outcomes, o)
	}
	if !l.inbox.posted {
		l.inbox.posted = l.events.Execute(context.Background(), l) == nil
	}
	return true
}

// collect moves what was left to the backlog.
func (l *loop) collect() {
	l.inbox.Lock()
	l.inbox.posted = false
	l.backlog = append(l.backlog, l.inbox.outcomes...)
	clear(l.inbox.outcomes)
	l.inbox.outcomes = l.inbox.outcomes[:0]
	shutdown := l.inbox.shutdown && !l.shutdown
	l.inbox.Unlock()
	if shutdown {
		l.sayGoodbye()
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
