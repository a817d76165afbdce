package wal

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// scratchBytesMax is the largest buffer a log keeps for its next change.
const scratchBytesMax = 1 << 20

// change is what one call adds to a commit: one range to delete, then keys to
// set. It belongs to the goroutine that holds the log's turn, and is reused.
type change struct {
	start, end []byte // delete [start, end) first; nothing when end is empty
	buf        []byte // keys and values, one after the other
	ends       []int  // where in buf each key and each value ends, alternately
}

func (c *change) reset() {
	c.start, c.end, c.ends = c.start[:0], c.end[:0], c.ends[:0]
	if cap(c.buf) > scratchBytesMax {
		c.buf = nil
	}
	c.buf = c.buf[:0]
}

// mark ends the key or the value that was appended to buf.
func (c *change) mark() { c.ends = append(c.ends, len(c.buf)) }

// dropEntries deletes a group's entries from one index to another, inclusive.
func (c *change) dropEntries(group uint32, from, to uint64) {
	c.start = appendEntryKey(c.start[:0], group, from)
	c.end = appendEntryEnd(c.end[:0], group, to)
}

// setFirst records which entry a group's log begins with, so that the start can
// tell entries that were let go of from entries that are lost.
func (c *change) setFirst(group uint32, index uint64) {
	begin := len(c.buf)
	c.buf = appendFirstKey(c.buf, group)
	c.mark()
	middle := len(c.buf)
	c.buf = append(c.buf, entryVersion, 0, 0, 0, 0)
	c.buf = binary.LittleEndian.AppendUint64(c.buf, index)
	disk.Seal(c.buf[begin:middle], c.buf[middle:])
	c.mark()
}

// sets is the number of keys that are set.
func (c *change) sets() int { return len(c.ends) / 2 }

// set returns the i-th key and value.
func (c *change) set(i int) (key, value []byte) {
	begin := 0
	if i > 0 {
		begin = c.ends[2*i-1]
	}
	return c.buf[begin:c.ends[2*i]], c.buf[c.ends[2*i]:c.ends[2*i+1]]
}

// addTo copies the change into a batch.
func (c *change) addTo(b *pebble.Batch) error {
	if len(c.end) > 0 {
		if err := b.DeleteRange(c.start, c.end, nil); err != nil {
			return err
		}
	}
	for i := range c.sets() {
		key, value := c.set(i)
		if err := b.Set(key, value, nil); err != nil {
			return err
		}
	}
	return nil
}

// decodeFirst reads what setFirst wrote.
func decodeFirst(key, value []byte) (index uint64, ok bool) {
	if len(value) != disk.SealBytes+8 || value[0] != entryVersion || !disk.Sealed(key, value) {
		return 0, false
	}
	return binary.LittleEndian.Uint64(value[5:]), true
}
