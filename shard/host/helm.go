package host

import (
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// steerEvery is how often it is looked whether a configuration can come nearer to what
	// is wanted, and mayLeadEvery whether this node may still lead.
	steerEvery   = 100 * time.Millisecond
	mayLeadEvery = time.Second
	// stepTimeout is how long Raft may be busy with something else before a step is put off.
	stepTimeout = time.Second
)

var errNotTaken = errors.New("no other voter takes the leadership")

// helm looks after the groups that this node leads: it brings their configurations to where
// Steer wants them, one change at a time, and lets others lead where this node may not. It
// is one goroutine; a step, which has to wait for Raft, is made by a hand of the group's crew.
type helm struct {
	host  *Host
	wake  chan struct{}
	alarm alarm
}

func newHelm(h *Host) helm { return helm{host: h, wake: make(chan struct{}, 1)} }

// kick lets the helm look at all groups. Any goroutine; never blocks.
func (m *helm) kick() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run serves until stop is closed.
func (m *helm) run(stop <-chan struct{}) {
	m.alarm = alarm{clock: m.host.clock, ring: m.kick, at: neverAt}
	defer m.alarm.stop()
	for {
		select {
		case <-m.wake:
			m.alarm.set(m.round())
		case <-stop:
			return
		}
	}
}

// round looks at all groups that this node leads. It returns when to look again, µs.
func (m *helm) round() int64 {
	now, next := m.host.clock.Micros(), int64(neverAt)
	for _, g := range *m.host.roster.Load() {
		if g.raft.Load().State() != raft.Leader {
			continue
		}
		if m.host.options.MayLead != nil {
			next = min(next, now+mayLeadEvery.Microseconds())
			g.mind(now)
		}
		if g.steer() {
			next = min(next, now+steerEvery.Microseconds())
		}
	}
	return next
}

// barred says whether this node must not lead the group.
func (g *Group) barred() bool {
	may := g.host.options.MayLead
	return may != nil && !may() && len(g.voters()) > 1
}

// mind lets others lead if this node may not, and begins the reign that was put off if it
// may after all.
func (g *Group) mind(now int64) {
	switch {
	case g.barred():
		if now >= g.course.nextAbdication {
			g.course.nextAbdication = now + mayLeadEvery.Microseconds()
			g.step(g.abdicate)
		}
	case !g.Serving():
		select {
		case g.again <- struct{}{}:
		default:
		}
	}
}

// abdicate hands leadership over, or gives it up if nobody takes it: to the next voter, so
// that it goes round among nodes that may not lead until it comes to one that may.
func (g *Group) abdicate() error {
	r := g.raft.Load()
	term, all := r.CurrentTerm(), g.voters()
	at := slices.Index(all, g.lease.self)
	for i := range len(all) - 1 {
		id := all[(at+1+i)%len(all)]
		if r.LeadershipTransferToServer(id, raft.ServerAddress(id)).Error() == nil {
			return nil
		}
	}
	g.lease.end(term) // and so this node is silent, until another one leads
	return errNotTaken
}

// step lets a hand of the crew do something that has to wait for Raft, unless one is at it.
func (g *Group) step(do func() error) {
	if !g.course.busy.CompareAndSwap(false, true) {
		return
	}
	hired := g.crew.hire(func() {
		err := do()
		g.course.busy.Store(false)
		g.lease.refresh()
		if err == nil {
			g.host.helm.kick() // else it is soon enough when the helm looks again
		} else {
			g.host.options.Logger.Debug("a step was not made; it is tried again",
				"group", groupName(g.number), "error", err)
		}
	})
	if !hired {
		g.course.busy.Store(false)
	}
}
