package host

import (
	"io"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
)

// Machine is the state of a group, which its log keeps alike on all replicas. All but
// Query are called by one goroutine at a time: the applier's. A shard.Machine is one, and
// so is that of the meta group.
type Machine interface {
	// Apply executes all commands of the entry at a log index, in order. It gives each one
	// outcome, and leaves its hints in effects, if that is not nil. An error means that the
	// entry cannot be understood, and stops the node.
	Apply(index uint64, e *shard.Entry, results shard.Results, effects *grid.Effects) error
	// Query appends the reply to a query to out. Any goroutine may call it.
	Query(s grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error)
	// Freeze returns a function that writes the state as it is now, and returns its size
	// before compression. It takes a moment; the function is called once at the most, on
	// any goroutine, while the machine goes on.
	Freeze() func(io.Writer) (int64, error)
	// Decode puts what that function wrote in place of the state, and returns its size.
	Decode(r io.Reader) (int64, error)
	// Reset empties the machine: its replica was dropped.
	Reset()
	// Applied returns the log index of the last entry applied, through snapshots too.
	Applied() uint64
	// Digest returns a hash of the state, equal for equal states.
	Digest() uint64
}

var _ Machine = (*shard.Machine)(nil)
