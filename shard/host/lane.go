package host

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/slot"
)

var (
	errNotServing = &fault.Error{Code: fault.Unavailable, Retry: 200 * time.Millisecond,
		Message: "this shard has no leader here at the moment; ask again"}
	errLeaseOver = &fault.Error{Code: fault.Unavailable, Retry: 200 * time.Millisecond,
		Message: "this node could not confirm in time that it still leads the shard; ask again"}
	errQueueFull = &fault.Error{Code: fault.ResourceExhausted, Retry: 100 * time.Millisecond,
		Message: "too many commands wait for this shard's log; send fewer at a time and ask again"}
	errNotUpToDate = &fault.Error{Code: fault.Unavailable, Retry: 200 * time.Millisecond,
		Message: "this replica has not yet caught up with its log; ask again"}
)

// stage holds what a lane has for one group until it is flushed.
type stage struct {
	group    *Group // while something is staged
	commands []byte // encoded back to back
	ends     []int  // of each command in commands
	refs     []grid.Ref
	confirms []grid.Ref
}

// add appends an encoded command.
func (s *stage) add(command []byte, ref grid.Ref) {
	s.commands = append(s.commands, command...)
	s.close(ref)
}

// close ends the command that was appended to commands.
func (s *stage) close(ref grid.Ref) {
	s.ends = append(s.ends, len(s.commands))
	s.refs = append(s.refs, ref)
}

// reset empties the stage, and gives up a buffer that one large burst has made.
func (s *stage) reset() {
	if cap(s.commands) > keptBytesMax {
		s.commands = nil
	}
	s.commands, s.ends = s.commands[:0], s.ends[:0]
	s.refs, s.confirms, s.group = s.refs[:0], s.confirms[:0], nil
}

// lane implements grid.Lane. It belongs to one goroutine, but for deliver.
type lane struct {
	host    *Host
	deliver grid.Deliver
	gate    *gate.Gate // nil: it takes all
	stages  []stage    // per group, as far as there were some
	used    []int      // groups with something staged
}

// stage returns the stage of a group. One that was dropped and started again meanwhile
// finds what was staged for the replica before: that refuses all of it.
func (l *lane) stage(g *Group) *stage {
	for len(l.stages) <= g.number {
		l.stages = append(l.stages, stage{})
	}
	s := &l.stages[g.number]
	if s.group == nil {
		s.group = g
		l.used = append(l.used, g.number)
	}
	return s
}

// Write stages a command.
func (l *lane) Write(
	s grid.Slot, kind grid.Kind, id grid.RequestID, body []byte, ref grid.Ref,
) error {
	if s >= grid.Slots {
		return noSuchSlot(s)
	}
	g := l.host.leader(s)
	if g == nil {
		l.host.count.refused.Add(1)
		return errNotServing
	}
	if l.gate.Closed() {
		if err := l.gate.Check(l.host.demands[kind]); err != nil {
			return err
		}
	}
	st := l.stage(g)
	if g.queue.bytes.Load()+int64(len(st.commands)) > QueueBytesMax {
		l.host.count.full.Add(1)
		return errQueueFull
	}
	c := slot.Command{Slot: s, Kind: kind, ID: id, Body: body}
	st.commands = c.Append(st.commands)
	st.close(ref)
	return nil
}

// Confirm stages a linearizable read.
func (l *lane) Confirm(s grid.Slot, ref grid.Ref) error {
	if s >= grid.Slots {
		return noSuchSlot(s)
	}
	g := l.host.leader(s)
	if g == nil {
		return errNotServing
	}
	st := l.stage(g)
	st.confirms = append(st.confirms, ref)
	return nil
}

// Flush hands on all that was staged.
func (l *lane) Flush() {
	wake := false
	for _, i := range l.used {
		s := &l.stages[i]
		g := s.group
		if len(s.refs) > 0 {
			if err := g.queue.add(l, s); err != nil {
				l.refuse(s, err)
			} else {
				wake = true
			}
		}
		if len(s.confirms) > 0 {
			g.addConfirms(l, s.confirms)
		}
		s.reset()
	}
	l.used = l.used[:0]
	if wake {
		l.host.pacer.kick()
	}
}

func noSuchSlot(s grid.Slot) error {
	return fault.New(fault.InvalidArgument, "slot %d: there are %d", s, grid.Slots)
}

// refuse answers commands that were staged and then met an error, and gives them back.
func (l *lane) refuse(s *stage, err error) {
	l.host.count.refused.Add(uint64(len(s.refs)))
	o := l.host.takeOutcomes()
	o.Refs = append(o.Refs, s.refs...)
	o.Bytes = append(o.Bytes, s.commands...)
	o.Err = err
	l.deliver(o)
}

// Ask returns an error: this node asks no other.
func (l *lane) Ask(s grid.Slot, _ grid.Level, _ grid.Kind, _ []byte, _ grid.Ref) error {
	if s >= grid.Slots {
		return noSuchSlot(s)
	}
	return errNotServing
}

// Read answers a query from memory.
func (l *lane) Read(
	s grid.Slot, level grid.Level, kind grid.Kind, body, out []byte,
) ([]byte, error) {
	if s >= grid.Slots {
		return out, noSuchSlot(s)
	}
	g := l.host.group(s)
	if g == nil {
		return out, errNotServing
	}
	if level == grid.Stale {
		return g.readStale(s, kind, body, out)
	}
	return g.readLeader(s, kind, body, out)
}
