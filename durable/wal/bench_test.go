package wal

import (
	"fmt"
	"hash/crc32"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// benchDB is on the real disk, with the sizes that a node uses.
func benchDB(b *testing.B, change func(*Options)) *DB {
	o := testOptions(b, vfs.Default)
	o.Dir = b.TempDir()
	o.MemTableBytes, o.RingBytes, o.RetainBytes = 0, 0, 0
	if change != nil {
		change(&o)
	}
	db := mustOpen(b, o)
	b.Cleanup(func() { must(b, db.Close()) })
	return db
}

func report(b *testing.B, db *DB) {
	s := db.Stats()
	b.ReportMetric(float64(s.Commits)/float64(s.Entries), "fsyncs/entry")
}

// store is one group: an entry at a time, or a few as raft stores them when
// they queued up, and the front let go of as after snapshots. An entry takes
// way bytes of checksumming to get from its announcement to the log, as it has
// some way to go through raft.
func store(b *testing.B, l *Log, n, size, batch int, way []byte) {
	entries := make([]*raft.Log, batch)
	for i := range entries {
		entries[i] = entry(l.group, 1, size)
	}
	next := uint64(1)
	for range n {
		for _, e := range entries {
			e.Index = next
			next++
		}
		l.Announce()
		crc32.ChecksumIEEE(way)
		if err := l.StoreLogs(entries); err != nil {
			b.Error(err)
			return
		}
		if next%1024 == 0 {
			must(b, l.DeleteRange(1, next-3))
		}
	}
}

func BenchmarkStore(b *testing.B) {
	for _, c := range []struct{ size, batch int }{{64, 1}, {64, 64}, {16 << 10, 1}, {16 << 10, 4}} {
		b.Run(fmt.Sprintf("bytes=%d/batch=%d", c.size, c.batch), func(b *testing.B) {
			db := benchDB(b, nil)
			l := mustLog(b, db, 1)
			b.SetBytes(int64(c.size * c.batch))
			b.ReportAllocs()
			b.ResetTimer()
			store(b, l, b.N, c.size, c.batch, nil)
			report(b, db)
		})
	}
}

func BenchmarkGroups(b *testing.B) {
	way := make([]byte, 256<<10) // some 20 µs
	for _, groups := range []int{2, 4, 8} {
		for _, gather := range []bool{false, true} {
			b.Run(fmt.Sprintf("groups=%d/gather=%v", groups, gather), func(b *testing.B) {
				db := benchDB(b, func(o *Options) {
					if !gather {
						o.GatherWait = -1
					}
				})
				b.ReportAllocs()
				b.ResetTimer()
				var wg sync.WaitGroup
				for g := range uint32(groups) {
					wg.Go(func() { store(b, mustLog(b, db, g), (b.N+groups-1)/groups, 1024, 1, way) })
				}
				wg.Wait()
				report(b, db)
			})
		}
	}
}

// BenchmarkCPU is what a commit costs beside the disk.
func BenchmarkCPU(b *testing.B) {
	for _, size := range []int{64, 16 << 10} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			o := testOptions(b, vfs.NewMem())
			o.MemTableBytes, o.RingBytes, o.RetainBytes = 0, 0, 0
			db := mustOpen(b, o)
			b.ReportAllocs()
			b.ResetTimer()
			store(b, mustLog(b, db, 1), b.N, size, 1, nil)
			b.StopTimer()
			must(b, db.Close())
		})
	}
}

func BenchmarkGetLog(b *testing.B) {
	for _, where := range []string{"ring", "pebble"} {
		b.Run(where, func(b *testing.B) {
			db := benchDB(b, nil)
			l := mustLog(b, db, 1)
			for i := uint64(1); i <= 200; i += 50 {
				batch := make([]*raft.Log, 50)
				for j := range batch {
					batch[j] = entry(1, i+uint64(j), 16<<10)
				}
				must(b, l.StoreLogs(batch))
			}
			index := uint64(200)
			if where == "pebble" {
				index = 1
			}
			b.SetBytes(16 << 10)
			b.ReportAllocs()
			var e raft.Log
			for b.Loop() {
				must(b, l.GetLog(index, &e))
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	o := testOptions(b, vfs.Default)
	o.Dir = b.TempDir()
	o.MemTableBytes, o.RingBytes, o.RetainBytes = 0, 0, 0
	db := mustOpen(b, o)
	l := mustLog(b, db, 1)
	for i := uint64(1); i <= 1024; i += 64 {
		batch := make([]*raft.Log, 64)
		for j := range batch {
			batch[j] = entry(1, i+uint64(j), 16<<10)
		}
		must(b, l.StoreLogs(batch))
	}
	must(b, db.Close())
	b.SetBytes(16 << 20)
	for b.Loop() {
		db := mustOpen(b, o)
		must(b, db.Close())
	}
}
