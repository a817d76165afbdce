package shard

import (
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
)

// checkEven: every shard has the mean number of slots, rounded down or up.
func checkEven(t interface{ Fatalf(string, ...any) }, table *Table) {
	n := table.Shards()
	count := make([]int, n)
	for s := range grid.Slot(grid.Slots) {
		count[table.Shard(s)]++
	}
	up := (grid.Slots + n - 1) / n
	if mean := float64(grid.Slots) / float64(n); n <= 226 && float64(up) > 1.05*mean {
		t.Fatalf("%d shards: %d slots are more than 5 %% above the mean", n, up)
	}
	for i, c := range count {
		if c < grid.Slots/n || c > up {
			t.Fatalf("%d shards: shard %d has %d slots", n, i, c)
		}
	}
}

// checkGrown: a shard more takes its share, and no slot moves but to it.
func checkGrown(t interface{ Fatalf(string, ...any) }, from, to *Table) {
	n, moved := from.Shards(), 0
	if to.Shards() != n+1 || to.Version != from.Version+1 {
		t.Fatalf("%d shards of version %d became %d of %d", n, from.Version, to.Shards(), to.Version)
	}
	for s := range grid.Slot(grid.Slots) {
		if to.Shard(s) == from.Shard(s) {
			continue
		}
		moved++
		if to.Shard(s) != n {
			t.Fatalf("%d shards and one more: slot %d moved to shard %d", n, s, to.Shard(s))
		}
	}
	if moved != grid.Slots/(n+1) {
		t.Fatalf("%d shards and one more: %d slots moved", n, moved)
	}
}

func TestTableGrowsEvenly(t *testing.T) {
	last := ShardsMax
	if testing.Short() {
		last = 300
	}
	table := NewTable(1)
	for table.Shards() < last {
		checkEven(t, table)
		grown := table.Grow()
		checkGrown(t, table, grown)
		table = grown
	}
	checkEven(t, table)
	if table.Shards() == ShardsMax && table.Grow() != nil {
		t.Error("a table has more shards than there may be")
	}
}

func TestTableIsTheSameHoweverItGrew(t *testing.T) {
	grown := NewTable(1)
	for n := 1; n <= 40; n++ {
		table := NewTable(n)
		if table.owner != grown.owner || table.Version != 1 {
			t.Fatalf("a table of %d shards differs from one that grew to as many", n)
		}
		got, err := DecodeTable(grown.Append(nil))
		if err != nil || *got != *grown {
			t.Fatalf("%d shards: decoded another table (%v)", n, err)
		}
		grown = grown.Grow()
	}
}

// TestTableNeverChanges: what a table gives to whom is on disks and in other versions.
func TestTableNeverChanges(t *testing.T) {
	for n, want := range map[int]uint64{
		2: 0x7a178ba56f45bc88, 3: 0xc426fed3cfae6f6c, 64: 0xdc5fe8503ab2266c, 257: 0x5d724ee689deb682,
	} {
		if got := xxhash.Sum64(NewTable(n).Append(nil)); got != want {
			t.Errorf("a table of %d shards has the digest %#x, not %#x any more", n, got, want)
		}
	}
}

// TestRangesGrow: tables were ranges of slots once, and are still stored so.
func TestRangesGrow(t *testing.T) {
	for n := 1; n < 100; n++ {
		ranges := &Table{Version: 1, shards: n}
		for s := range ranges.owner {
			ranges.owner[s] = uint16(s * n / grid.Slots)
		}
		checkEven(t, ranges)
		grown := ranges.Grow()
		checkGrown(t, ranges, grown)
		checkEven(t, grown)
	}
}
func FuzzDecodeTable(f *testing.F) {
	f.Add(NewTable(3).Append(nil))
	f.Add([]byte{0x93, 1, 1, 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := DecodeTable(b)
		if err != nil {
			return
		}
		for s := range grid.Slot(grid.Slots) {
			if table.Shard(s) >= table.Shards() {
				t.Fatalf("slot %d is given to shard %d of %d", s, table.Shard(s), table.Shards())
			}
		}
	})
}
