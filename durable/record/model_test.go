package record

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/record"
)

// survivor is a table as a map, over a store that is closed and crashes in
// between. What conform cannot do, which knows of no disk.
type survivor struct {
	t     *rapid.T
	tb    testing.TB
	disk  *vfs.MemFS
	store *Store
	table *record.Table
	rows  map[[2]uint64]uint64
	seed  uint64
}

func (m *survivor) open() { m.store = mustOpen(m.tb, testOptions(m.tb, m.disk, m.table)) }

func (m *survivor) crash() {
	m.seed++
	clone := m.disk.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: rapid.SampledFrom([]int{0, 50, 100}).Draw(m.t, "kept"),
		RNG:                 rand.New(rand.NewPCG(m.seed, 1))})
	must(m.tb, m.store.Close())
	m.disk = clone
	m.open()
	m.check()
}

func (m *survivor) update() {
	abort := rapid.IntRange(0, 3).Draw(m.t, "abort") == 0
	rows := maps.Clone(m.rows)
	errAbort := errors.New("aborted")
	err := m.store.Update(context.Background(), func(tx record.Tx) error {
		for range rapid.IntRange(1, 4).Draw(m.t, "rows") {
			key := [2]uint64{rapid.Uint64Range(0, 3).Draw(m.t, "writer"), rapid.Uint64Range(0, 5).Draw(m.t, "step")}
			row := logRow(key[0], key[1], rapid.Uint64Range(0, 9).Draw(m.t, "last"),
				rapid.SampledFrom([]int{0, 0, 0, 10, 10, 10, 10, 40_000}).Draw(m.t, "size"))
			var err error
			if rapid.IntRange(0, 2).Draw(m.t, "delete") == 0 {
				delete(rows, key)
				err = tx.Delete(m.table, row.Key...)
			} else {
				rows[key] = row.Columns[0].Uint()
				err = tx.Put(m.table, row)
			}
			if err != nil {
				return err
			}
		}
		if abort {
			return errAbort
		}
		return nil
	})
	switch {
	case abort && err == errAbort:
	case abort || err != nil:
		m.t.Fatalf("update gives %v", err)
	default:
		m.rows = rows
	}
}

// check compares all rows, in the order of keys and of the index.
func (m *survivor) check() {
	for _, index := range []string{"", "by_last"} {
		var got, want [][3]uint64
		must(m.tb, m.store.View(context.Background(), func(r record.Reader) error {
			page, err := r.Scan(m.table, record.Range{Index: index, Limit: 100})
			for _, row := range page.Rows {
				got = append(got, [3]uint64{row.Columns[0].Uint(), row.Key[0].Uint(), row.Key[1].Uint()})
			}
			return err
		}))
		for key, last := range m.rows {
			want = append(want, [3]uint64{last, key[0], key[1]})
		}
		from := 0
		if index == "" {
			from = 1
		}
		slices.SortFunc(want, func(a, b [3]uint64) int { return slices.Compare(a[from:], b[from:]) })
		if !slices.Equal(got, want) {
			m.t.Fatalf("index %q gives %v, want %v", index, got, want)
		}
	}
}

func TestStoreIsAMapThatSurvives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &survivor{t: rt, tb: t, disk: vfs.NewCrashableMem(), table: logs(), rows: map[[2]uint64]uint64{}}
		m.open()
		rt.Repeat(map[string]func(*rapid.T){
			"update":   func(*rapid.T) { m.update() },
			"more":     func(*rapid.T) { m.update() },
			"and more": func(*rapid.T) { m.update() },
			"check":    func(*rapid.T) { m.check() },
			"restart": func(*rapid.T) {
				if rapid.Bool().Draw(rt, "crash") {
					m.crash()
					return
				}
				must(t, m.store.Close())
				m.open()
			},
		})
		m.crash()
		must(t, m.store.Close())
	})
}
