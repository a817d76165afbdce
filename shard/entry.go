package shard

import (
	"fmt"

	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

const (
	// EntryHeadBytesMax bounds what AppendHead appends.
	EntryHeadBytesMax = 48

	entryFormat = 1
	entryFields = 6
)

// Entry is the head of one Raft log entry, and a cursor over its commands.
type Entry struct {
	Level  uint64 // feature level that the commands need
	At     int64  // the proposer's time, µs
	Origin uint64 // the node and incarnation that proposed it
	Number uint64 // of the entry among its origin's
	Count  int    // commands

	commands pack.Cursor
	read     int
}

// AppendHead appends the head; the commands, in slot.Command's form, follow it.
func (e *Entry) AppendHead(b []byte) []byte {
	b = pack.AppendArray(b, entryFields)
	b = pack.AppendUint(b, entryFormat)
	b = pack.AppendUint(b, e.Level)
	b = pack.AppendInt(b, e.At)
	b = pack.AppendUint(b, e.Origin)
	b = pack.AppendUint(b, e.Number)
	return pack.AppendUint(b, uint64(e.Count))
}

// Decode reads the head of an entry, of which it keeps views.
func (e *Entry) Decode(data []byte) error {
	c := pack.NewCursor(data)
	n := c.Array()
	format := c.Uint()
	*e = Entry{Level: c.Uint(), At: c.Int(), Origin: c.Uint(), Number: c.Uint()}
	count := c.Uint()
	for range n - entryFields {
		c.Skip()
	}
	switch {
	case c.Err() != nil:
		return fmt.Errorf("decode an entry: %w", c.Err())
	case n < entryFields || format != entryFormat:
		return fmt.Errorf("decode an entry: format %d, this program reads %d; run a newer one",
			format, entryFormat)
	case e.Level > Level:
		return fmt.Errorf("the entry needs feature level %d, this program has %d; run a newer one",
			e.Level, Level)
	case count > uint64(len(c.Rest())):
		return fmt.Errorf("decode an entry: %d commands in %d bytes", count, len(c.Rest()))
	}
	e.Count, e.commands = int(count), c
	return nil
}

// Next decodes the next command into c, whose body is a view of the entry.
// It returns false when there is none left or on an error.
func (e *Entry) Next(c *slot.Command) (bool, error) {
	if e.read == e.Count {
		if err := e.commands.Done(); err != nil {
			return false, fmt.Errorf("decode an entry: behind its %d commands: %w", e.Count, err)
		}
		return false, nil
	}
	if err := c.Decode(&e.commands); err != nil {
		return false, fmt.Errorf("command %d of %d: %w", e.read, e.Count, err)
	}
	e.read++
	return true, nil
}
