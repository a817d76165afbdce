package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// caughtUpEntries is how many entries a learner may lack and still become a voter.
const caughtUpEntries = 64

// course is where the configuration of a group is to go.
type course struct {
	wish atomic.Pointer[wish] // nil: it stays as it is
	busy atomic.Bool          // a step is under way
	// nextAbdication is when leadership may be handed over again, µs, where no node may
	// lead, perhaps; the helm's.
	nextAbdication int64
}

// wish is a configuration that somebody wants.
type wish struct{ voters, learners []uint32 }

// Steer names the configuration that this node brings a group to whenever it leads it; nil
// voters: that which it has. It adds nodes as learners, makes those voters that are to be
// and have caught up, and only when all are, removes others: one change at a time. It does
// not remove itself, but hands over to a voter that stays. It does nothing if the node has
// no replica of the group.
func (h *Host) Steer(number int, voters, learners []uint32) {
	g := h.Group(number)
	if g == nil {
		return
	}
	if len(voters) == 0 {
		g.course.wish.Store(nil)
		return
	}
	g.course.wish.Store(&wish{slices.Clone(voters), slices.Clone(learners)})
	h.helm.kick()
}

// action is what a step of a change does to one server.
type action int

const (
	nothing action = iota
	addLearner
	addVoter
	demote
	remove
	handOver
)

// next returns the next step from a configuration to the one that is wished, and whether
// there will be more to do: nothing may be done yet, because a learner has still to catch up.
// ready says of a server that it has caught up, and answers.
func (w *wish) next(
	c raft.Configuration, self raft.ServerID, ready func(raft.ServerID) bool,
) (does action, to raft.ServerID, more bool) {
	has := make(map[raft.ServerID]raft.ServerSuffrage, len(c.Servers))
	for _, s := range c.Servers {
		has[s.ID] = s.Suffrage
	}
	for _, n := range slices.Concat(w.voters, w.learners) {
		if _, there := has[serverID(n)]; !there {
			return addLearner, serverID(n), true
		}
	}
	complete := true
	for _, n := range w.voters {
		if id := serverID(n); has[id] != raft.Voter {
			if ready(id) {
				return addVoter, id, true
			}
			complete = false
		}
	}
	for _, s := range c.Servers {
		n := nodeOf(s.ID)
		stays := slices.Contains(w.voters, n)
		learns := slices.Contains(w.learners, n) && !stays
		switch {
		case stays, learns && s.Suffrage == raft.Nonvoter, s.ID == self:
		case s.Suffrage == raft.Nonvoter:
			return remove, s.ID, true
		case !complete: // a voter that goes waits for the one that comes
		case learns:
			return demote, s.ID, true
		default:
			return remove, s.ID, true
		}
	}
	if complete && !slices.Contains(w.voters, nodeOf(self)) {
		for _, n := range w.voters {
			if id := serverID(n); ready(id) {
				return handOver, id, true
			}
		}
		return nothing, "", true
	}
	return nothing, "", !complete
}

// steer makes the next step, if there is one. It says whether to look again soon.
func (g *Group) steer() bool {
	w := g.course.wish.Load()
	if w == nil || !g.Serving() {
		return false
	}
	if g.course.busy.Load() {
		return true
	}
	now := g.raft.Load().GetConfiguration()
	does, id, more := w.next(now.Configuration(), g.lease.self, g.follows)
	if does != nothing {
		g.step(func() error { return g.change(does, id, now.Index()) })
	}
	return more
}

// change makes one step away from the configuration at a log index, and waits for its end.
func (g *Group) change(does action, id raft.ServerID, from uint64) error {
	r, addr := g.raft.Load(), raft.ServerAddress(id)
	switch does {
	case addLearner:
		return r.AddNonvoter(id, addr, from, stepTimeout).Error()
	case addVoter:
		return r.AddVoter(id, addr, from, stepTimeout).Error()
	case demote:
		return r.DemoteVoter(id, from, stepTimeout).Error()
	case remove:
		return r.RemoveServer(id, from, stepTimeout).Error()
	default:
		return r.LeadershipTransferToServer(id, addr).Error()
	}
}

// follows says whether a server has nearly all of the log that this leader has, and has
// answered not long ago.
func (g *Group) follows(id raft.ServerID) bool {
	stored, sent := g.lease.stored(id)
	return stored+caughtUpEntries >= g.raft.Load().LastIndex() && stored > 0 &&
		g.host.clock.Micros()-sent < g.host.options.HeartbeatTimeout.Microseconds()
}

// Transfer hands the leadership of a group to a voter of it. It returns when Raft has done
// its part; who leads then, Reign and Status say. It is an error if this node does not lead,
// and if the voter has not answered lately, or lacks much of the log: Raft takes no command
// while it waits for one that does not come.
func (h *Host) Transfer(number int, to uint32) error {
	g := h.Group(number)
	if g == nil {
		return fmt.Errorf("hand over %s: it has no replica here", groupName(number))
	}
	id := serverID(to)
	if !g.follows(id) {
		return fmt.Errorf("hand over %s to %s: it does not follow closely enough",
			groupName(number), id)
	}
	err := g.raft.Load().LeadershipTransferToServer(id, raft.ServerAddress(id)).Error()
	if err != nil {
		return fmt.Errorf("hand over %s to %s: %w", groupName(number), id, err)
	}
	return nil
}

// HandOver hands all leaderships over to voters that follow closely, as well as that goes,
// all at once. It returns once this node leads nothing that another one could, or when ctx is
// done.
func (h *Host) HandOver(ctx context.Context) error {
	done := make(chan error)
	n := 0
	for _, g := range *h.roster.Load() {
		r := g.raft.Load()
		if r.State() != raft.Leader || len(g.voters()) < 2 {
			continue
		}
		hired := g.crew.hire(func() {
			err := errNobodyFollows
			if to := g.heir(); to != "" {
				err = r.LeadershipTransferToServer(to, raft.ServerAddress(to)).Error()
			}
			if err != nil {
				err = fmt.Errorf("hand over %s: %w", groupName(g.number), err)
			}
			select {
			case done <- err:
			case <-ctx.Done():
			}
		})
		if hired {
			n++
		}
	}
	var errs []error
	for range n {
		select {
		case err := <-done:
			errs = append(errs, err)
		case <-ctx.Done():
			return errors.Join(append(errs, ctx.Err())...)
		case <-h.stop:
			return errStopping
		}
	}
	return errors.Join(errs...)
}

var errNobodyFollows = errors.New("no other voter follows closely enough to lead at once")

// heir returns the other voter that has most of the log, of those that follow; "": none does.
func (g *Group) heir() (to raft.ServerID) {
	most := uint64(0)
	for _, id := range g.voters() {
		if id == g.lease.self || !g.follows(id) {
			continue
		}
		if stored, _ := g.lease.stored(id); stored >= most {
			to, most = id, stored
		}
	}
	return to
}
