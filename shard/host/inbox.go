package host

import (
	"sync"

	"github.com/thronggrid/throng/grid"
)

// mail is what others leave for errands.
type mail struct {
	news     []news
	owing    slotSet // slots with new duties, or with something new to archive
	bytes    int     // of the entries that those came with
	outcomes []*grid.Outcomes
	raised   bool // the floors that are wanted have changed
}

// news says that this node leads a group from now on, or leads it no more.
type news struct {
	group *Group
	leads bool
}

// inbox takes mail from any goroutine, and keeps the newest state of each thing
// rather than a list where it can, so that a reader who is late finds no more.
type inbox struct {
	wake chan struct{}

	mu     sync.Mutex
	mail   mail
	closed bool // nobody reads any more
}

// kick wakes the reader.
func (i *inbox) kick() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// leads is called by the group's leadership goroutine.
func (i *inbox) leads(g *Group, leads bool) {
	i.mu.Lock()
	if !i.closed {
		i.mail.news = append(i.mail.news, news{g, leads})
	}
	i.mu.Unlock()
	i.kick()
}

// raised is called when floors are.
func (i *inbox) raised() {
	i.mu.Lock()
	i.mail.raised = true
	i.mu.Unlock()
	i.kick()
}

// owes is called by a group's applier, with the size of the entry that the slots
// come with.
func (i *inbox) owes(slots []grid.Slot, bytes int) {
	i.mu.Lock()
	for _, s := range slots {
		i.mail.owing.add(s)
	}
	i.mail.bytes += bytes
	i.mu.Unlock()
	i.kick()
}

// answer is the reader's grid.Deliver.
func (i *inbox) answer(o *grid.Outcomes) {
	i.mu.Lock()
	closed := i.closed
	if !closed {
		i.mail.outcomes = append(i.mail.outcomes, o)
	}
	i.mu.Unlock()
	if closed {
		o.Release()
		return
	}
	i.kick()
}

// take moves the mail into an empty one, whose arrays are used again.
func (i *inbox) take(into *mail) {
	into.news, into.outcomes = into.news[:0], into.outcomes[:0]
	into.owing, into.bytes, into.raised = slotSet{}, 0, false
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mail, *into = *into, i.mail
}

// close drops what is there and what comes.
func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	for _, o := range i.mail.outcomes {
		o.Release()
	}
	i.mail = mail{}
}
