package record

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// logs is a table in which each writer counts: a row per writer and step, and
// its last step in a row 0.
func logs() *record.Table {
	return &record.Table{
		Name:    "logs",
		Key:     []record.Column{{Name: "writer", Type: record.TypeUint}, {Name: "step", Type: record.TypeUint}},
		Columns: []record.Column{{Name: "last", Type: record.TypeUint}},
		Indexes: []record.Index{{Name: "by_last", Columns: []string{"last"}}},
	}
}

func logRow(writer, step, last uint64, size int) *record.Row {
	doc := pack.AppendString(pack.AppendMap(nil, 1), "x")
	return &record.Row{
		Key:     []record.Value{record.Uint(writer), record.Uint(step)},
		Columns: []record.Value{record.Uint(last)},
		Doc:     pack.AppendString(doc, strings.Repeat("x", size)),
	}
}

const writers = 3

// ledger is what writers were told: how far each is acknowledged, and how far a
// view has seen it.
type ledger struct {
	table               *record.Table
	begun, stored, seen [writers]atomic.Uint64
}

// promised is the acknowledged part at one moment.
func (l *ledger) promised() (p [writers]uint64) {
	for w := range writers {
		p[w] = max(l.stored[w].Load(), l.seen[w].Load())
	}
	return p
}

// run lets all writers, and one reader, go on until their ends or first errors.
func (l *ledger) run(s *Store, steps uint64) {
	var all sync.WaitGroup
	for w := range uint64(writers) {
		all.Go(func() {
			for n := l.stored[w].Load() + 1; n <= steps; n++ {
				if l.step(s, w, n) != nil {
					return
				}
			}
		})
	}
	all.Go(func() {
		for range steps {
			if l.look(s) != nil {
				return
			}
		}
	})
	all.Wait()
}

// step stores one step of a writer in one transaction: sometimes a large one,
// which takes another way through Pebble.
func (l *ledger) step(s *Store, w, n uint64) error {
	l.begun[w].Store(n)
	size := 100
	if n%20 == 7 {
		size = 50_000
	}
	err := s.Update(context.Background(), func(tx record.Tx) error {
		return errors.Join(
			tx.Put(l.table, logRow(w, n, n, size)),
			tx.Put(l.table, logRow(w, 0, n, 0)),
			tx.Delete(l.table, logRow(w, n-min(n, 30), 0, 0).Key...),
			tx.Put(l.table, logRow(w, 0, n, 0)),
		)
	})
	if err == nil {
		l.stored[w].Store(n)
	}
	return err
}

// look notes what a view sees: what it has returned with must survive too.
func (l *ledger) look(s *Store) error {
	var seen [writers]uint64
	err := s.View(context.Background(), func(r record.Reader) error {
		for w := range uint64(writers) {
			row, err := r.Get(l.table, record.Uint(w), record.Uint(0))
			if err != nil {
				return err
			}
			if row != nil {
				seen[w] = row.Columns[0].Uint()
			}
		}
		return nil
	})
	for w := range writers {
		if err == nil && seen[w] > l.seen[w].Load() {
			l.seen[w].Store(seen[w])
		}
	}
	return err
}

// check opens what a crash left and compares it with what was promised. The
// writers can go on from there.
func (l *ledger) check(t testing.TB, disk vfs.FS, promised [writers]uint64) {
	t.Helper()
	s := mustOpen(t, testOptions(t, disk, l.table))
	must(t, s.View(context.Background(), func(r record.Reader) error {
		for w := range uint64(writers) {
			page, err := r.Scan(l.table, record.Range{Prefix: []record.Value{record.Uint(w)}, Limit: 1000})
			if err != nil {
				return err
			}
			last := uint64(0)
			if len(page.Rows) > 0 {
				last = page.Rows[0].Columns[0].Uint()
			}
			if last < promised[w] || last > l.begun[w].Load() {
				t.Errorf("writer %d is at %d, %d was acknowledged, %d begun", w, last, promised[w], l.begun[w].Load())
			}
			if err := l.whole(r, w, last, page.Rows); err != nil {
				t.Error(err)
			}
			l.begun[w].Store(last)
			l.stored[w].Store(last)
			l.seen[w].Store(last)
		}
		return nil
	}))
	must(t, s.Close())
}

// whole checks that a writer's rows are those after its last step, by key and by
// index.
func (l *ledger) whole(r record.Reader, w, last uint64, rows []*record.Row) error {
	if last == 0 {
		return nil
	}
	const kept = 30
	want := min(last, kept)
	if uint64(len(rows)) != 1+want {
		return fmt.Errorf("writer %d has %d rows after step %d", w, len(rows), last)
	}
	for i, row := range rows[1:] {
		if n := row.Key[1].Uint(); n != last-want+1+uint64(i) || n != row.Columns[0].Uint() {
			return fmt.Errorf("writer %d has row %v after step %d", w, row.Key, last)
		}
	}
	page, err := r.Scan(l.table, record.Range{Index: "by_last", Limit: 1000})
	indexed := uint64(0)
	for _, row := range page.Rows {
		if row.Key[0].Uint() == w {
			indexed++
		}
	}
	if err == nil && indexed != 1+want {
		err = fmt.Errorf("writer %d has %d rows in the index after step %d", w, indexed, last)
	}
	return err
}

// A crash before any write, sync, rename … of a start and a load, with none, half or
// all of what was not synced; and again in what that left.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	const steps, lives = 60, 3
	disks, happened := 13, 0
	if invariant.Enabled {
		disks = 5 // Pebble's own checks make it slow
	}
	for n := range disks {
		disk := vfs.NewCrashableMem()
		l := ledger{table: logs()}
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		for life := range lives {
			at := 1 + rng.Int64N(150)
			clone, promised := l.live(t, disk, steps*uint64(life+1), at,
				vfs.CrashCloneCfg{UnsyncedDataPercent: (n + life) % 3 * 50, RNG: rng})
			if clone != nil {
				happened++
				l.check(t, clone, promised)
				disk = clone
			}
			if t.Failed() {
				t.Fatalf("disk %d, life %d, crash at operation %d", n, life, at)
			}
		}
	}
	if happened < disks*lives/2 {
		t.Errorf("%d of %d crashes came before the end of the load", happened, disks*lives)
	}
}

// live opens a store and lets the load go on to so many steps. It returns what a
// crash before operation at leaves, and what was promised by then.
func (l *ledger) live(
	t *testing.T, disk *vfs.MemFS, steps uint64, at int64, cfg vfs.CrashCloneCfg,
) (clone *vfs.MemFS, promised [writers]uint64) {
	t.Helper()
	var ops atomic.Int64
	var started atomic.Bool
	fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && ops.Add(1) == at {
			promised = l.promised()
			if !started.Load() && cfg.UnsyncedDataPercent == 50 {
				// Half of the names would be kept in any order. Pebble's starts, which
				// replace its manifest, rely on the order in which they were made.
				cfg.UnsyncedDataPercent = 0
			}
			clone = disk.CrashClone(cfg)
		}
		return nil
	}))
	s := mustOpen(t, testOptions(t, fs, l.table))
	started.Store(true)
	l.run(s, steps)
	must(t, s.Close())
	return clone, promised
}

// Every write, sync, rename … of a load fails once: that is fatal once, nothing
// is acknowledged after it, Close does not hang, and what was acknowledged
// before is there.
func TestFirstDiskErrorIsFinal(t *testing.T) {
	const steps = 120
	spacing := int64(16)
	if invariant.Enabled {
		spacing = 5 // as above
	}
	for at := int64(1); ; at += 1 + at/spacing {
		disk := vfs.NewCrashableMem()
		l := ledger{table: logs()}
		var ops, fatal atomic.Int64
		var armed atomic.Bool
		broken := errors.New("the disk is broken")
		o := testOptions(t, errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !armed.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite ||
				op.Kind == errorfs.OpRemove || ops.Add(1) != at {
				return nil
			}
			return fmt.Errorf("%v: %w", op, broken)
		})), l.table)
		o.Fatal = func(error) { fatal.Add(1) }
		s := mustOpen(t, o)
		armed.Store(true)
		l.run(s, steps)
		armed.Store(false) // what fails in Close is for Close to say
		if ops.Load() < at {
			must(t, s.Close())
			t.Logf("the load takes %d operations that change the disk", ops.Load())
			if at < 200 {
				t.Error("those are too few: it never turned a memtable over")
			}
			return
		}
		refusesAll(t, s, l.table, broken)
		if n := fatal.Load(); n != 1 {
			t.Errorf("step %d: Fatal was called %d times", at, n)
		}
		l.check(t, disk.CrashClone(vfs.CrashCloneCfg{}), l.promised())
		if t.Failed() {
			t.Fatalf("operation %d failed", at)
		}
	}
}

// refusesAll checks that every call fails with the latched error.
func refusesAll(t *testing.T, s *Store, table *record.Table, broken error) {
	t.Helper()
	// A broken disk under a flush is noticed in the background.
	deadline := time.Now().Add(10 * time.Second)
	for ; s.latch.Err() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody noticed")
		}
	}
	ctx := context.Background()
	called := false
	for i, err := range []error{
		s.View(ctx, func(record.Reader) error { called = true; return nil }),
		s.Update(ctx, func(record.Tx) error { called = true; return nil }),
		s.Close(),
	} {
		if !errors.Is(err, broken) || i < 2 && fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("call %d gives %v", i, err)
		}
	}
	if called {
		t.Error("a transaction was run on a broken disk")
	}
}

// An Update whose sync fails does not know whether it is stored.
func TestAFailedSyncLeavesTheOutcomeUnknown(t *testing.T) {
	var fail atomic.Bool
	broken := errors.New("the disk is broken")
	o := testOptions(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData) {
			return broken
		}
		return nil
	})), logs())
	fatal := 0
	o.Fatal = func(error) { fatal++ }
	s := mustOpen(t, o)
	fail.Store(true)
	err := s.Update(context.Background(), func(tx record.Tx) error {
		return tx.Put(o.Tables[0], logRow(1, 1, 1, 1))
	})
	if !errors.Is(err, broken) || !fault.Of(err).Unknown || fatal != 1 {
		t.Errorf("a failed sync gives %v, Fatal was called %d times", err, fatal)
	}
	refusesAll(t, s, o.Tables[0], broken)
}
