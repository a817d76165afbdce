package record

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/record"
)

// gate lets a sync of a file through only when it is told, once it is shut.
type gate struct {
	vfs.FS
	shut  atomic.Bool
	let   chan struct{} // a sync goes through for each
	syncs atomic.Int64  // that went through since
}

func (g *gate) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := g.FS.Create(name, c)
	return gatedFile{f, g}, err
}

func (g *gate) wait() {
	if g.shut.Load() {
		<-g.let
		g.syncs.Add(1)
	}
}

type gatedFile struct {
	vfs.File
	gate *gate
}

func (f gatedFile) Sync() error     { f.gate.wait(); return f.File.Sync() }
func (f gatedFile) SyncData() error { f.gate.wait(); return f.File.SyncData() }

// one lets one sync through, which must be waiting.
func (g *gate) one(t *testing.T) {
	t.Helper()
	select {
	case g.let <- struct{}{}:
	default:
		t.Error("no sync is on its way")
	}
	synctest.Wait()
}

// open lets all syncs through from now on.
func (g *gate) open() {
	g.shut.Store(false)
	close(g.let)
}

// caller is a call that may take its time.
type caller struct{ returned atomic.Bool }

func call(t *testing.T, f func() error) *caller {
	c := &caller{}
	go func() {
		if err := f(); err != nil {
			t.Error(err)
		}
		c.returned.Store(true)
	}()
	synctest.Wait() // until it can get no further
	return c
}

// step puts one row.
func step(s *Store, table *record.Table, n uint64) func() error {
	return func() error {
		return s.Update(context.Background(), func(tx record.Tx) error {
			return tx.Put(table, logRow(n, 1, 1, 10))
		})
	}
}

// look sees how many rows there are.
func look(s *Store, table *record.Table, rows *int) func() error {
	return func() error {
		return s.View(context.Background(), func(r record.Reader) error {
			page, err := r.Scan(table, record.Range{Limit: 100})
			*rows = len(page.Rows)
			return err
		})
	}
}

// While one sync is on its way, all that are applied meanwhile wait for the next,
// and share it. Who has seen what is not on disk yet waits with it, also when it
// wrote nothing; who has seen nothing of it does not.
func TestOneSyncForAllThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := plain()
		g := &gate{FS: vfs.NewMem(), let: make(chan struct{})}
		s := mustOpen(t, testOptions(t, g, table))
		must(t, step(s, table, 1)())
		g.shut.Store(true)

		early := 0
		if c := call(t, look(s, table, &early)); !c.returned.Load() || early != 1 {
			t.Errorf("a view of what is on disk has not returned, or has seen %d rows", early)
		}
		first := call(t, step(s, table, 2))
		var second []*caller
		for n := range uint64(5) {
			second = append(second, call(t, step(s, table, 3+n)))
		}
		seen := 0
		view := call(t, look(s, table, &seen))
		idle := call(t, func() error {
			return s.Update(context.Background(), func(record.Tx) error { return nil })
		})
		if seen != 7 || first.returned.Load() || view.returned.Load() || idle.returned.Load() {
			t.Errorf("before the first sync: %d rows seen; returned: first %v, view %v, idle %v", seen,
				first.returned.Load(), view.returned.Load(), idle.returned.Load())
		}

		g.one(t)
		if !first.returned.Load() || view.returned.Load() || idle.returned.Load() {
			t.Errorf("after the first sync returned: first %v, view %v, idle %v",
				first.returned.Load(), view.returned.Load(), idle.returned.Load())
		}
		for i, c := range second {
			if c.returned.Load() {
				t.Errorf("update %d was acknowledged by a sync that began before it was applied", i)
			}
		}

		g.one(t)
		if n := g.syncs.Load(); n != 2 || !view.returned.Load() || !idle.returned.Load() {
			t.Errorf("after %d syncs returned: view %v, idle %v", n, view.returned.Load(), idle.returned.Load())
		}
		for i, c := range second {
			if !c.returned.Load() {
				t.Errorf("update %d was not acknowledged by the second sync", i)
			}
		}
		g.open()
		must(t, s.Close())
	})
}
