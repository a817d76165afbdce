package shard

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// ShardsMax is the largest number of shards of a table.
const ShardsMax = 1024

// Table says which shard serves each slot. It is never changed: a newer one has
// a higher version.
type Table struct {
	Version uint64
	shards  int
	owner   [grid.Slots]uint16
}

// NewTable returns version 1 of a table that gives each of n shards, 1 to
// ShardsMax, one range of slots, all as long as each other or one longer.
func NewTable(n int) *Table {
	t := &Table{Version: 1, shards: n}
	for s := range t.owner {
		t.owner[s] = uint16(s * n / grid.Slots)
	}
	return t
}

// Shards returns the number of shards.
func (t *Table) Shards() int { return t.shards }

// Shard returns the shard that serves a slot.
func (t *Table) Shard(s grid.Slot) int { return int(t.owner[s]) }

// Append appends the table as it is stored: [version, shards, [owner…]].
func (t *Table) Append(b []byte) []byte {
	b = pack.AppendArray(b, 3)
	b = pack.AppendUint(b, t.Version)
	b = pack.AppendUint(b, uint64(t.shards))
	b = pack.AppendArray(b, grid.Slots)
	for _, o := range t.owner {
		b = pack.AppendUint(b, uint64(o))
	}
	return b
}

// DecodeTable reads what Append wrote.
func DecodeTable(b []byte) (*Table, error) {
	c := pack.NewCursor(b)
	n := c.Array()
	t := &Table{Version: c.Uint()}
	shards, slots := c.Uint(), c.Array()
	if c.Err() == nil && (n < 3 || shards < 1 || shards > ShardsMax || slots != grid.Slots) {
		return nil, fmt.Errorf("decode a slot table: %d shards, %d slots", shards, slots)
	}
	t.shards = int(shards)
	for i := range slots {
		o := c.Uint()
		if c.Err() == nil && o >= shards {
			return nil, fmt.Errorf("decode a slot table: slot %d is given to shard %d of %d",
				i, o, shards)
		}
		if c.Err() != nil {
			break
		}
		t.owner[i] = uint16(o)
	}
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("decode a slot table: %w", err)
	}
	return t, nil
}
