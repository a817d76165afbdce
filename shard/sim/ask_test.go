package sim

import (
	"errors"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// fate is what a client knows of a command.
type fate int

const (
	done    fate = iota
	failed       // it did not happen and never will
	unknown      // it may have happened, or may yet
)

// write runs one command.
func (c *client) write(op grid.Op, name string, body []byte) (answer, fate) {
	seq, ok := c.numbers.begin()
	if !ok {
		return answer{}, failed
	}
	defer c.numbers.end(seq)
	fate := failed // of the attempts before
	for until := time.Now().Add(giveUp); time.Now().Before(until); c.elsewhere() {
		a, now := c.attempt(op, name, c.numbers.request(seq), body)
		switch {
		case now == done:
			c.w.failIf(a.status == byte(fault.Aborted), "request %d was forgotten: %q", seq, a.body)
			return a, done
		case now == unknown:
			fate = unknown
		case fate == failed && !c.patient && c.rand.IntN(2) == 0:
			return answer{}, failed
		}
	}
	return answer{}, fate
}

// attempt asks one node once.
func (c *client) attempt(op grid.Op, name string, id grid.RequestID, body []byte) (answer, fate) {
	return c.attemptAt(op, grid.SlotOf(name), id, body)
}

func (c *client) attemptAt(op grid.Op, s grid.Slot, id grid.RequestID, body []byte) (answer, fate) {
	c.tries++
	n := c.w.nodes[c.node]
	l := c.lane(n)
	if l == nil {
		return answer{}, failed
	}
	ref := grid.Ref{ID: c.tries, Kind: op.Kind}
	if err := l.Write(s, op.Kind, id, body, ref); err != nil {
		if strings.Contains(err.Error(), "disk_free_min") {
			c.w.count(func(s *stats) { s.refused++ })
		}
		return answer{}, failed
	}
	c.note(n)
	l.Flush()
	a, ok := c.wait()
	switch {
	case !ok || a.err != nil && fault.Of(a.err).Unknown:
		return a, unknown
	case a.err != nil:
		return a, failed
	}
	return a, done
}

// read runs one query at a level until it is answered or gives up. It begins
// at any node: one that was the leader and does not know better must refuse.
func (c *client) read(level grid.Level, op grid.Op, name string, body []byte) ([]byte, bool) {
	if c.rand.IntN(3) > 0 {
		c.node = c.rand.IntN(len(c.w.nodes))
	}
	for until := time.Now().Add(giveUp / 4); time.Now().Before(until); c.elsewhere() {
		reply, err := c.ask(level, op, name, body)
		if err == nil {
			return reply, true
		}
		code := fault.CodeOf(err)
		young := level == grid.Stale && code == fault.NotFound // no board there yet
		c.w.failIf(code != fault.Unavailable && !young, "read: %v", err)
		if level == grid.Leader && strings.Contains(err.Error(), "could not confirm") {
			c.w.count(func(s *stats) { s.leaseOver++ })
		}
	}
	return nil, false
}

var errDown = fault.New(fault.Unavailable, "the simulated node is down or does not answer")

// ask asks one node once. A linearizable read is confirmed and then answered
// from what the replica holds, or by a leader.
func (c *client) ask(level grid.Level, op grid.Op, name string, body []byte) (reply []byte, err error) {
	n := c.w.nodes[c.node]
	l, slot := c.lane(n), grid.SlotOf(name)
	if l == nil {
		return nil, errDown
	}
	if level == grid.Linearizable {
		if err := c.confirm(l, slot); err != nil {
			return nil, err
		}
		level = []grid.Level{grid.Stale, grid.Leader}[c.rand.IntN(2)]
	}
	if !n.whileAlive(c.lanes[n].life, func() {
		reply, err = l.Read(slot, level, op.Kind, body, nil)
	}) {
		return nil, errDown
	}
	if level == grid.Stale && (err == nil || errors.Is(err, grid.ErrPartial)) {
		if _, rest, broken := grid.CutStale(reply); broken == nil {
			reply = rest
		} else {
			err = broken
		}
	}
	if errors.Is(err, grid.ErrPartial) {
		return op.Complete(body, reply, nil)
	}
	return reply, err
}

func (c *client) confirm(l grid.Lane, s grid.Slot) error {
	c.tries++
	if err := l.Confirm(s, grid.Ref{ID: c.tries}); err != nil {
		return err
	}
	l.Flush()
	a, ok := c.wait()
	if ok && a.err == nil && a.confirmed {
		return nil
	}
	return errDown
}
