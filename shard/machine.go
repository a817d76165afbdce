package shard

import (
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/slot"
)

// commandsPerLock is how many commands are applied before queries get a turn.
const commandsPerLock = 64

// Machine is the state of one shard: a map of slots.
type Machine struct {
	// mu is held for writing by the applier while it changes slots, for reading
	// by queries.
	mu      sync.RWMutex
	slots   [grid.Slots]*slot.Slot
	applied uint64 // log index of the last entry applied
}

// NewMachine returns an empty shard.
func NewMachine() *Machine { return &Machine{} }

// Results takes the outcomes of an entry's commands, one after the other.
type Results interface {
	// Buffer returns where the next outcome is appended.
	Buffer() []byte
	// Done takes the buffer back, one outcome longer.
	Done(b []byte)
}

// Apply executes all commands of the entry at a log index, in order. An error
// means that the entry cannot be understood: the node must stop, I3. Called by
// the applier.
func (m *Machine) Apply(index uint64, e *Entry, results Results) error {
	var c slot.Command
	for more := true; more; {
		m.mu.Lock()
		m.applied = index
		for range commandsPerLock {
			var err error
			if more, err = e.Next(&c); err != nil || !more {
				m.mu.Unlock()
				return err
			}
			s := m.slots[c.Slot]
			if s == nil {
				s = slot.New()
				m.slots[c.Slot] = s
			}
			results.Done(s.Apply(e.At, &c, results.Buffer()))
		}
		m.mu.Unlock()
	}
	return nil
}

// Query appends the reply to a query of one slot to out; on an error, a
// *fault.Error, it returns out as it was. Any goroutine may call it.
func (m *Machine) Query(s grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	if s >= grid.Slots {
		return out, fault.New(fault.InvalidArgument, "slot %d: there are %d", s, grid.Slots)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.slots[s]; at != nil {
		return at.Query(kind, body, out)
	}
	return empty.Query(kind, body, out)
}

// empty answers for slots that nothing was written to. It is never changed.
var empty = slot.New()

// Applied returns the log index of the last entry applied, through snapshots
// too. Called by the applier.
func (m *Machine) Applied() uint64 { return m.applied }

// Stamp returns the highest stamp of any slot, µs.
func (m *Machine) Stamp() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var top int64
	for _, s := range m.slots {
		if s != nil {
			top = max(top, s.Stamp())
		}
	}
	return top
}

// Clone returns a frozen copy, to be encoded by any one goroutine while the
// machine goes on. It costs a pointer or two per slot in use. Called by the
// applier.
func (m *Machine) Clone() *Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &Machine{applied: m.applied}
	for i, s := range m.slots {
		if s != nil {
			c.slots[i] = s.Clone()
		}
	}
	return c
}

// take puts the state of another machine in place of this one's.
func (m *Machine) take(from *Machine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.slots, m.applied = from.slots, from.applied
}

// Digest returns a hash of the whole state, equal for equal states. It clones,
// so it is called by the applier, or while nothing is applied.
func (m *Machine) Digest() uint64 {
	h := xxhash.New()
	for i, s := range m.Clone().slots {
		if s != nil {
			d := s.Digest()
			var b [10]byte
			b[0], b[1] = byte(i>>8), byte(i)
			for j := range 8 {
				b[2+j] = byte(d >> (8 * j))
			}
			h.Write(b[:])
		}
	}
	return h.Sum64()
}
