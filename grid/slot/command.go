package slot

import (
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Command is one change to one slot, as an entry carries it.
type Command struct {
	Slot grid.Slot
	Kind grid.Kind
	ID   grid.RequestID
	Body []byte // one msgpack array, made by the kind's Op.Prepare; a view
}

// commandFields is the length of a command's array:
// [slot, kind, client, seq, low, mark, body].
const commandFields = 7

// Append appends the command as an entry carries it.
func (c *Command) Append(b []byte) []byte {
	b = pack.AppendArray(b, commandFields)
	b = pack.AppendUint(b, uint64(c.Slot))
	b = pack.AppendUint(b, uint64(c.Kind))
	b = pack.AppendBytes(b, c.ID.Client[:])
	b = pack.AppendUint(b, c.ID.Seq)
	b = pack.AppendUint(b, c.ID.Low)
	b = pack.AppendUint(b, uint64(c.ID.Mark))
	return append(b, c.Body...)
}

// mark tells the command from another one under the same request number. The
// body would not do: it says who asked, and a client that asks again may have
// another session by then.
func (c *Command) mark() uint32 { return c.ID.Mark ^ uint32(c.Kind) }

// Decode reads one command; Body is a view of what the cursor reads.
func (c *Command) Decode(in *pack.Cursor) error {
	more := in.Fields(commandFields)
	number, kind, client := in.Uint(), in.Uint(), in.Bytes()
	c.ID.Seq, c.ID.Low = in.Uint(), in.Uint()
	mark := in.Uint()
	c.Body = in.Raw()
	if err := in.End(more); err != nil {
		return fmt.Errorf("decode a command: %w", err)
	}
	switch {
	case number >= grid.Slots:
		return fmt.Errorf("decode a command: slot %d, want less than %d", number, grid.Slots)
	case kind > 0xffff:
		return fmt.Errorf("decode a command: kind %d, want at most 65535", kind)
	case mark > math.MaxUint32:
		return fmt.Errorf("decode a command: mark %d, want at most 2^32-1", mark)
	case len(client) != len(c.ID.Client):
		return fmt.Errorf("decode a command: a client id of %d bytes, want 16", len(client))
	}
	c.Slot, c.Kind = grid.Slot(number), grid.Kind(kind)
	c.ID.Mark = uint32(mark)
	copy(c.ID.Client[:], client)
	return nil
}
