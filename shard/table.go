package shard

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// ShardsMax is the largest number of shards of a table.
const ShardsMax = 1024

// Table says which shard serves each slot. It is never changed: a newer one has
// a higher version.
//
// Slots go to shards by consistent hashing with bounded load. A table of one shard gives
// it all slots, and each further shard takes its share from those that are there: the
// slots whose hash with the new shard is the highest, but only from shards that have
// more than they will keep. So, of n shards, for every n:
//
//   - each has Slots/n slots, rounded down or up: at most 5 % above the mean up to 226
//     shards, and at most one slot above it beyond, where a slot is more than that;
//   - one shard more moves Slots/(n+1) slots, rounded down, all of them to the new one;
//   - NewTable(n).Grow() and NewTable(n+1) give all slots to the same shards.
//
// Tables that were stored as ranges of slots are as even, and grow the same way.
type Table struct {
	Version uint64
	shards  int
	owner   [grid.Slots]uint16
}

// NewTable returns version 1 of a table of n shards, 1 to ShardsMax; the same on every
// node. It takes about n times 200 µs.
func NewTable(n int) *Table {
	t := &Table{Version: 1, shards: 1}
	for t.shards < n {
		t.addShard()
	}
	return t
}

// Grow returns the next version of the table, with one shard more; nil when it has
// ShardsMax.
func (t *Table) Grow() *Table {
	if t.shards >= ShardsMax {
		return nil
	}
	grown := *t
	grown.Version++
	grown.addShard()
	return &grown
}

// addShard gives one shard more its share.
func (t *Table) addShard() {
	newest := t.shards
	t.shards++
	share := grid.Slots / t.shards
	var load [ShardsMax]int
	for _, o := range t.owner {
		load[o]++
	}
	order := preferred(newest)
	// First all come down to one slot more than the share, then some to the share itself:
	// in one go, those that come first would give more than others.
	for _, keep := range [...]int{share + 1, share} {
		for _, s := range order {
			o := t.owner[s]
			if int(o) != newest && load[o] > keep && load[newest] < share {
				load[o]--
				load[newest]++
				t.owner[s] = uint16(newest)
			}
		}
	}
}

// preferred returns all slots, those first whose hash with a shard is the highest.
func preferred(shard int) *[grid.Slots]grid.Slot {
	var hashes [grid.Slots]uint64
	for s := range hashes {
		key := [...]byte{byte(shard >> 8), byte(shard), byte(s >> 8), byte(s)}
		hashes[s] = xxhash.Sum64(key[:])&^(grid.Slots-1) | uint64(s)
	}
	slices.Sort(hashes[:])
	order := new([grid.Slots]grid.Slot)
	for i, h := range hashes {
		order[len(order)-1-i] = grid.Slot(h % grid.Slots)
	}
	return order
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
