package meta

import (
	"bufio"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// machineFormat is the version of what Freeze's function writes: [format, applied], then the
// topology.
const machineFormat = 1

// Machine is the state machine of the meta group.
type Machine struct {
	now     atomic.Pointer[Topology] // changed by the applier
	applied uint64                   // log index of the last entry applied; the applier's
	changed func(*Topology)
}

// NewMachine returns a machine of a cluster that is not founded yet. Changed, unless it is
// nil, is called with each new topology, on the applier's goroutine; it must not block.
func NewMachine(changed func(*Topology)) *Machine {
	m := &Machine{changed: changed}
	m.now.Store(&Topology{})
	return m
}

// Topology returns the newest one that was applied here; Version 0: there is none yet. Any
// goroutine may call it.
func (m *Machine) Topology() *Topology { return m.now.Load() }

// Apply executes all commands of the entry at a log index, in order. It makes no effects.
// An error means that the entry cannot be read: the node must stop. Called by the applier.
func (m *Machine) Apply(
	index uint64, e *shard.Entry, results shard.Results, _ *grid.Effects,
) error {
	m.applied = index
	var c slot.Command
	for {
		more, err := e.Next(&c)
		if err != nil || !more {
			return err
		}
		results.Done(m.apply(e.At, &c, results.Buffer()))
	}
}

// apply executes a command, and appends its outcome.
func (m *Machine) apply(at int64, c *slot.Command, out []byte) []byte {
	before := m.now.Load()
	next, reply, err := before, Reply{}, error(nil)
	var command Command
	if command, err = Decode(c.Kind, c.Body); err == nil {
		next, reply, err = before.applied(command, at)
	}
	if next != before {
		m.put(next)
	}
	if err != nil {
		e := fault.Of(err)
		return e.Append(append(out, byte(e.Code)))
	}
	return reply.Append(append(out, byte(fault.OK)))
}

// put makes a topology the newest.
func (m *Machine) put(t *Topology) {
	m.now.Store(t)
	if m.changed != nil {
		m.changed(t)
	}
}

// Query appends the reply to KindTopology, the only query, whatever the slot; on an error,
// a *fault.Error, it returns out as it was. Any goroutine may call it.
func (m *Machine) Query(_ grid.Slot, kind grid.Kind, _, out []byte) ([]byte, error) {
	if kind != KindTopology {
		return out, fault.New(fault.Unimplemented,
			"the meta group has no query of kind %#04x; run a newer version", uint16(kind))
	}
	return pack.AppendBytes(pack.AppendArray(out, 1), m.Topology().Append(nil)), nil
}

// Applied returns the log index of the last entry applied, through snapshots too. Called
// by the applier.
func (m *Machine) Applied() uint64 { return m.applied }

// Digest returns a hash of the whole state, equal for equal states. Any goroutine may
// call it.
func (m *Machine) Digest() uint64 { return xxhash.Sum64(m.Topology().Append(nil)) }

// Freeze returns a function that writes a snapshot of the machine as it is now, and returns
// the size of the state in bytes; any goroutine may call that, while the machine goes on.
// Called by the applier.
func (m *Machine) Freeze() func(io.Writer) (int64, error) {
	t, applied := m.Topology(), m.applied
	return func(w io.Writer) (int64, error) {
		c := &counter{w: w}
		e := pack.NewEncoder(c)
		b := pack.AppendUint(pack.AppendArray(e.Begin(), 2), machineFormat)
		e.End(pack.AppendUint(b, applied))
		t.encode(e)
		if err := e.Flush(); err != nil {
			return 0, fmt.Errorf("encode a snapshot of the topology: %w", err)
		}
		return c.n, nil
	}
}

// Reset empties the machine, whose replica was dropped. Called by the applier.
func (m *Machine) Reset() {
	m.applied = 0
	m.put(&Topology{})
}

// Decode puts the state that a snapshot holds in place of the machine's, and returns its
// size as Freeze's function does. On an error the machine is as it was. Called by the applier.
func (m *Machine) Decode(r io.Reader) (int64, error) {
	c := &counter{r: bufio.NewReader(r)}
	d := pack.NewDecoder(c)
	in := d.Next()
	more := in.Fields(2)
	format, applied := in.Uint(), in.Uint()
	err := in.End(more)
	if err == nil && format != machineFormat {
		err = fmt.Errorf("format %d, this program reads %d; run a newer one", format, machineFormat)
	}
	var t *Topology
	if err == nil {
		t, err = decodeTopology(d)
	}
	if err != nil {
		return 0, fmt.Errorf("decode a snapshot of the topology: %w", err)
	}
	m.applied = applied
	m.put(t)
	return c.n, nil
}

// counter counts the bytes that go through it, either way.
type counter struct {
	w io.Writer
	r io.Reader
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
