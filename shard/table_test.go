package shard

import (
	"testing"

	"github.com/thronggrid/throng/grid"
)

func TestTableCoversEverySlotEvenly(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5, 16, 1000, ShardsMax} {
		table := NewTable(n)
		count := make([]int, n)
		for s := range grid.Slot(grid.Slots) {
			count[table.Shard(s)]++
		}
		for i, c := range count {
			if c < grid.Slots/n || c > grid.Slots/n+1 {
				t.Errorf("%d shards: shard %d has %d slots", n, i, c)
			}
		}
		got, err := DecodeTable(table.Append(nil))
		if err != nil || *got != *table {
			t.Errorf("%d shards: decoded another table (%v)", n, err)
		}
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
