package shard

import (
	"io"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/slot"
)

// Queries get a turn after so many bytes of commands. A command counts for its body,
// which may hold hundreds of duties, and for what it costs besides.
const (
	bytesPerLock = 20 << 10
	commandBytes = 256
)

// Machine is the state of one shard: a map of slots.
type Machine struct {
	// mu is held for writing by the applier while it changes slots, for reading
	// by queries.
	mu      sync.RWMutex
	slots   slots
	floors  grid.Floors // the lowest live incarnations
	level   uint64      // the highest feature level that an entry had
	applied uint64      // log index of the last entry applied

	turn grid.Turn // the applier's
}

// NewMachine returns an empty shard.
func NewMachine() *Machine { return &Machine{level: 1} }

// Results takes the outcomes of an entry's commands, one after the other.
type Results interface {
	// Buffer returns where the next outcome is appended.
	Buffer() []byte
	// Done takes the buffer back, one outcome longer.
	Done(b []byte)
}

// Apply executes all commands of the entry at a log index, in order, and leaves
// its hints in effects; nil when nobody acts on them. An error means that the
// entry cannot be understood: the node must stop, I3. Called by the applier.
func (m *Machine) Apply(index uint64, e *Entry, results Results, effects *grid.Effects) error {
	var c slot.Command
	if e.Level > m.level {
		m.rise(e.Level)
	}
	m.turn.Floors, m.turn.Level, m.turn.Effects = m.floors, m.level, effects
	for more := true; more; {
		m.mu.Lock()
		m.applied = index
		for left := bytesPerLock; left > 0; left -= commandBytes + len(c.Body) {
			var err error
			if more, err = e.Next(&c); err != nil || !more {
				m.mu.Unlock()
				return err
			}
			if c.Kind == slot.KindSweep {
				m.sweep(e.At, &c)
			}
			results.Done(m.apply(e.At, &c, results.Buffer()))
		}
		m.mu.Unlock()
	}
	return nil
}

// rise notes a feature level that is in force from now on.
func (m *Machine) rise(level uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.level = level
}

// apply executes a command at its slot.
func (m *Machine) apply(at int64, c *slot.Command, out []byte) []byte {
	p := m.slots.page(c.Slot)
	s := p.slots[c.Slot%slotsPerPage]
	if s == nil {
		s = slot.New()
		p.slots[c.Slot%slotsPerPage] = s
	}
	out = s.Apply(&m.turn, at, c, out)
	p.due[c.Slot%slotsPerPage] = s.Due()
	return out
}

// sweep raises the floors, and sweeps all slots but that which the command is
// addressed to: it has its turn afterwards, and answers.
func (m *Machine) sweep(at int64, c *slot.Command) {
	var w slot.Sweep
	if w.Decode(c.Body) != nil {
		return // as the slot will say
	}
	m.floors = m.floors.With(w.Origin) // under mu, as all that Apply does
	m.turn.Floors = m.floors
	for i := range m.slots.all() {
		if i != c.Slot {
			other := *c
			other.Slot, other.ID = i, grid.RequestID{}
			m.apply(at, &other, nil)
		}
	}
}

// Query appends the reply to a query of one slot to out; on an error, a
// *fault.Error, it returns out as it was. Any goroutine may call it.
func (m *Machine) Query(s grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	if s >= grid.Slots {
		return out, fault.New(fault.InvalidArgument, "slot %d: there are %d", s, grid.Slots)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.slots.get(s); at != nil {
		return at.Query(kind, body, out)
	}
	return empty.Query(kind, body, out)
}

// empty answers for slots that nothing was written to. It is never changed.
var empty = slot.New()

// Due appends the slots in which something is due at a time, µs. Any goroutine
// may call it.
func (m *Machine) Due(now int64, out []grid.Slot) []grid.Slot {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i, p := range &m.slots {
		if p == nil {
			continue
		}
		for k, at := range &p.due {
			if at <= now {
				out = append(out, grid.Slot(i*slotsPerPage+k))
			}
		}
	}
	return out
}

// Owing appends the slots that have duties for others, or something to archive.
// Any goroutine may call it.
func (m *Machine) Owing(out []grid.Slot) []grid.Slot {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for i, s := range m.slots.all() {
		if s.Owes() {
			out = append(out, i)
		}
	}
	return out
}

// Duties calls want and each as slot.Slot.Duties does, under the machine's read
// lock. Any goroutine may call it.
func (m *Machine) Duties(
	s grid.Slot, want func(to grid.Slot) bool, each func(to grid.Slot, last uint64, body []byte),
) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.slots.get(s); at != nil {
		at.Duties(s, want, each)
	}
}

// pagesPerLook is how many pages of slots Sizes looks at before it lets the applier go on.
const pagesPerLook = 4

// Sizes returns what all slots hold, some slots after the others: what moves between
// slots meanwhile may be missed, or be counted twice. Any goroutine may call it; the
// applier waits a few µs at a time for it.
func (m *Machine) Sizes() (all slot.Sizes) {
	for from := 0; from < len(m.slots); from += pagesPerLook {
		m.mu.RLock()
		for _, p := range m.slots[from : from+pagesPerLook] {
			p.addSizes(&all)
		}
		m.mu.RUnlock()
	}
	return all
}

func (p *page) addSizes(all *slot.Sizes) {
	if p == nil {
		return
	}
	for _, s := range p.slots {
		if s != nil {
			z := s.Sizes()
			all.Add(&z)
		}
	}
}

// Backlog returns what the archive lacks of a slot, as slot.Slot.Backlog does. Any
// goroutine may call it.
func (m *Machine) Backlog(s grid.Slot, bytesMax int) (rows []chat.Row, done [][]byte) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.slots.get(s); at != nil {
		return at.Backlog(bytesMax)
	}
	return nil, nil
}

// Applied returns the log index of the last entry applied, through snapshots
// too. Called by the applier.
func (m *Machine) Applied() uint64 { return m.applied }

// Stamp returns the highest stamp of any slot, µs.
func (m *Machine) Stamp() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var top int64
	for _, s := range m.slots.all() {
		top = max(top, s.Stamp())
	}
	return top
}

// Clone returns a frozen copy, to be encoded by any one goroutine while the
// machine goes on. It costs a pointer or two per slot in use. Called by the
// applier.
func (m *Machine) Clone() *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Machine{applied: m.applied, floors: m.floors, level: m.level}
	for i, s := range m.slots.all() {
		c.slots.page(i).slots[i%slotsPerPage] = s.Clone()
	}
	return c
}

// Freeze returns a function that encodes the state of now, on any one goroutine while the
// machine goes on. Called by the applier.
func (m *Machine) Freeze() func(w io.Writer) (int64, error) { return m.Clone().Encode }

// Reset empties the machine. Called by the applier.
func (m *Machine) Reset() { m.take(NewMachine()) }

// Level returns the highest feature level that an entry had: commands are executed by its
// rules. Any goroutine may call it.
func (m *Machine) Level() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.level
}

// Floors returns the lowest live incarnations that the slots were swept against. Any
// goroutine may call it.
func (m *Machine) Floors() grid.Floors {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.floors
}

// take puts the state of another machine in place of this one's.
func (m *Machine) take(from *Machine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots, m.floors, m.level, m.applied = from.slots, from.floors, from.level, from.applied
}
