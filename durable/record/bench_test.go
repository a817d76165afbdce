package record

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/chat/history"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// plain is logs without its index.
func plain() *record.Table {
	table := logs()
	table.Indexes = nil
	return table
}

func openBench(b *testing.B, table *record.Table) *Store {
	b.Helper()
	s := mustOpen(b, Options{FS: vfs.Default, Dir: b.TempDir(), Tables: []*record.Table{table},
		Clock: clock.Real(),
		Fatal: func(err error) { b.Errorf("fatal: %v", err) }})
	b.Cleanup(func() { must(b, s.Close()) })
	return s
}

// BenchmarkPut stores new rows of 100 bytes, each batch with its fsync; an op is
// a row. "looked up" reads each row's key first, as writing a revision does.
func BenchmarkPut(b *testing.B) {
	for _, table := range []*record.Table{plain(), logs()} {
		for _, batch := range []int{1000, 100, 1} {
			for _, look := range []bool{false, true} {
				name := fmt.Sprintf("%d indexes, batches of %d", len(table.Indexes), batch)
				if look {
					name += ", looked up"
				}
				b.Run(name, func(b *testing.B) { benchPut(b, table, batch, look) })
			}
		}
	}
}

func benchPut(b *testing.B, table *record.Table, batch int, look bool) {
	s := openBench(b, table)
	row := logRow(1, 1, 1, 70)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += batch {
		must(b, s.Update(context.Background(), func(tx record.Tx) error {
			for i := range min(batch, b.N-n) {
				row.Key[1], row.Columns[0] = record.Uint(uint64(n+i)), record.Uint(uint64(n^i))
				if look {
					if _, err := tx.Get(table, row.Key...); err != nil {
						return err
					}
				}
				if err := tx.Put(table, row); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// BenchmarkConcurrent: many writers of one row each share their fsyncs.
func BenchmarkConcurrent(b *testing.B) {
	table := plain()
	s := openBench(b, table)
	b.SetParallelism(128)
	var writer atomic.Uint64
	b.RunParallel(func(p *testing.PB) {
		w := writer.Add(1)
		for n := uint64(1); p.Next(); n++ {
			put(b, s, table, logRow(w, n, n, 70))
		}
	})
}

// BenchmarkScan reads pages of 100 rows out of 100,000; an op is a page.
func BenchmarkScan(b *testing.B) {
	for _, index := range []string{"", "by_last"} {
		b.Run("index "+index, func(b *testing.B) {
			table := logs()
			s := openBench(b, table)
			const rows, page = 100_000, 100
			for n := uint64(0); n < rows; n += 1000 {
				must(b, s.Update(context.Background(), func(tx record.Tx) error {
					for i := range uint64(1000) {
						if err := tx.Put(table, logRow(1, n+i, n+i, 70)); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := range uint64(b.N) {
				from := record.Uint(n * 7919 % (rows - page))
				r := record.Range{Index: index, Limit: page, From: []record.Value{from}}
				if index == "" {
					r.Prefix = []record.Value{record.Uint(1)}
				}
				must(b, s.View(context.Background(), func(rd record.Reader) error {
					got, err := rd.Scan(table, r)
					if len(got.Rows) != page {
						b.Fatalf("%d rows", len(got.Rows))
					}
					return err
				}))
			}
		})
	}
}

// BenchmarkArchive stores chat messages of 100 bytes in batches of 1,000 over
// 100 channels; an op is a message.
func BenchmarkArchive(b *testing.B) {
	const batch, channels = 1000, 100
	a := history.New(openBench(b, history.Table))
	var keys [channels]string
	for i := range keys {
		keys[i] = string(grid.AppendKey(nil, grid.StreamRoom, fmt.Sprintf("room %d", i)))
	}
	content := string(make([]byte, 60))
	rows := make([]chat.Row, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += batch {
		for i := range rows {
			seq := uint64((n+i)/channels + 1)
			m := pack.AppendUint(pack.AppendArray(nil, 6), seq)
			m = pack.AppendUint(pack.AppendInt(m, 1_700_000_000_000_000), 0)
			m = grid.AppendSession(pack.AppendBytes(m, make([]byte, 16)), 7)
			rows[i] = chat.Row{Key: keys[i%channels], Seq: seq, Message: pack.AppendString(m, content)}
		}
		must(b, a.Store(rows))
	}
}
