package host

import (
	"sync"

	"github.com/thronggrid/throng/grid"
)

// backlog is what others leave for the archiver: slots that have something to
// archive, about how much that is, and the outcomes of its commands. Slots stay
// here until a round begins, so that the archiver need not be woken for each.
type backlog struct {
	wake chan struct{}

	mu       sync.Mutex
	owing    slotSet
	bytes    int // since the last round
	outcomes []*grid.Outcomes
	closed   bool // nobody reads any more
}

func (b *backlog) kick() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// note adds slots with something to archive that came in entries of so many
// bytes. It wakes the archiver if a round has to be thought of, or to begin.
func (b *backlog) note(slots *slotSet, bytes int) {
	if slots.empty() {
		return
	}
	b.mu.Lock()
	first, before := b.owing.empty(), b.bytes
	b.owing.merge(slots)
	b.bytes += bytes
	much := before < archiveBytesSoon && b.bytes >= archiveBytesSoon
	b.mu.Unlock()
	if first || much {
		b.kick()
	}
}

// waits says whether there is something to archive, and whether that is much.
func (b *backlog) waits() (some, much bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.owing.empty(), b.bytes >= archiveBytesSoon
}

// take removes all slots.
func (b *backlog) take() slotSet {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.owing
	b.owing, b.bytes = slotSet{}, 0
	return all
}

// answer is the archiver's grid.Deliver.
func (b *backlog) answer(o *grid.Outcomes) {
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.outcomes = append(b.outcomes, o)
	}
	b.mu.Unlock()
	if closed {
		o.Release()
		return
	}
	b.kick()
}

// answers removes all outcomes. They come in the place of old ones, whose array
// is used again.
func (b *backlog) answers(old []*grid.Outcomes) []*grid.Outcomes {
	clear(old)
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.outcomes
	b.outcomes = old[:0]
	return all
}

// close drops what comes from now on.
func (b *backlog) close() {
	for _, o := range b.shut() {
		o.Release()
	}
}

func (b *backlog) shut() []*grid.Outcomes {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.outcomes
}
