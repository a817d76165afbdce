package wal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"
)

const loadGroups = 3

// ledger is what a load was told: how far each group's log and vote are
// acknowledged, and how far they were begun.
type ledger struct {
	stored, begun [loadGroups]atomic.Uint64
	voted, asked  [loadGroups]atomic.Uint64
}

// promised is the acknowledged part at one moment.
type promised struct{ stored, voted [loadGroups]uint64 }

func (l *ledger) promised() (p promised) {
	for g := range loadGroups {
		p.stored[g], p.voted[g] = l.stored[g].Load(), l.voted[g].Load()
	}
	return p
}

// load runs all groups at once until their ends or their first error.
func (l *ledger) load(db *DB, rounds int) {
	var wg sync.WaitGroup
	for g := range uint32(loadGroups) {
		log := db.logFor(g)
		wg.Go(func() {
			for i := range rounds {
				if l.step(log, i) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
}

func (l *ledger) step(log *Log, i int) error {
	g := log.group
	from := l.stored[g].Load() + 1
	batch := make([]*raft.Log, 1+i%3)
	for j := range batch {
		batch[j] = entry(g, from+uint64(j), 200)
	}
	last := from + uint64(len(batch)) - 1
	l.begun[g].Store(last)
	log.Announce()
	if err := log.StoreLogs(batch); err != nil {
		return err
	}
	l.stored[g].Store(last)
	switch i % 10 {
	case 3:
		l.asked[g].Store(uint64(i))
		if err := log.SetUint64([]byte("CurrentTerm"), uint64(i)); err != nil {
			return err
		}
		l.voted[g].Store(uint64(i))
	case 7:
		return log.DeleteRange(1, last-2)
	}
	return nil
}

// check opens what a crash left and compares it with what was promised.
func (l *ledger) check(t testing.TB, disk vfs.FS, p promised) {
	t.Helper()
	db := mustOpen(t, damageOptions(t, disk))
	for g := range uint32(loadGroups) {
		log := mustLog(t, db, g)
		first, _ := log.FirstIndex()
		last, _ := log.LastIndex()
		if last < p.stored[g] || last > l.begun[g].Load() {
			t.Errorf("group %d ends at %d, %d was acknowledged", g, last, p.stored[g])
		}
		if last > 0 {
			wantEntries(t, log, first, last, 200)
		}
		term, err := log.GetUint64([]byte("CurrentTerm"))
		if err != nil && (!errors.Is(err, ErrNotFound) || p.voted[g] != 0) {
			t.Errorf("group %d: vote: %v", g, err)
		}
		if term < p.voted[g] || term > l.asked[g].Load() {
			t.Errorf("group %d voted in %d, %d was acknowledged", g, term, p.voted[g])
		}
	}
	must(t, db.Close())
}

// A crash before any write, sync, rename … of a load, with none, half or all of
// what was not synced.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	const rounds, crashes = 120, 60
	for n := range crashes {
		disk := vfs.NewCrashableMem()
		var l ledger
		var ops atomic.Int64
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		at := 1 + rng.Int64N(1000)
		var clone *vfs.MemFS
		var p promised
		fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && ops.Add(1) == at {
				p = l.promised()
				clone = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: n % 3 * 50, RNG: rng})
			}
			return nil
		}))
		db := mustOpen(t, damageOptions(t, fs))
		l.load(db, rounds)
		must(t, db.Close())
		if clone != nil {
			l.check(t, clone, p)
		}
	}
}

// Every write, sync, rename … of a load fails once: that is fatal once, nothing
// is acknowledged after it, Close does not hang, and what was acknowledged
// before is there.
func TestFirstDiskErrorIsFinal(t *testing.T) {
	const rounds = 120
	for step := int64(1); ; step += 1 + step/16 {
		disk := vfs.NewCrashableMem()
		var l ledger
		var ops, fatal atomic.Int64
		var armed atomic.Bool
		broken := errors.New("the disk is broken")
		o := damageOptions(t, errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !armed.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite ||
				op.Kind == errorfs.OpRemove || ops.Add(1) != step {
				return nil
			}
			return fmt.Errorf("%v: %w", op, broken)
		})))
		o.Fatal = func(error) { fatal.Add(1) }
		db := mustOpen(t, o)
		armed.Store(true)
		l.load(db, rounds)
		armed.Store(false) // what fails in Close is for Close to say
		if ops.Load() < step {
			must(t, db.Close())
			t.Logf("the load takes %d operations that change the disk", ops.Load())
			if step < 200 {
				t.Error("those are too few: it never turned a memtable over")
			}
			return
		}
		refused(t, step, db, broken)
		if n := fatal.Load(); n != 1 {
			t.Errorf("step %d: Fatal was called %d times", step, n)
		}
		l.check(t, disk.CrashClone(vfs.CrashCloneCfg{}), l.promised())
		if t.Failed() {
			return
		}
	}
}

// An entry that cannot be read any more is as final as one that cannot be
// written: raft would not know what to do about it.
func TestReadErrorIsFinal(t *testing.T) {
	var fatal atomic.Int64
	var armed atomic.Bool
	broken := errors.New("the disk is broken")
	o := damageOptions(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && op.Kind == errorfs.OpFileReadAt {
			return broken
		}
		return nil
	})))
	o.Fatal = func(error) { fatal.Add(1) }
	o.CacheBytes = 1
	db := mustOpen(t, o)
	l := mustLog(t, db, 0)
	for i := uint64(1); i <= 500; i++ {
		must(t, l.StoreLog(entry(0, i, 1000)))
	}
	armed.Store(true)
	must(t, l.GetLog(500, &raft.Log{})) // from the ring
	if err := l.GetLog(1, &raft.Log{}); !errors.Is(err, broken) {
		t.Errorf("an unreadable entry gives %v", err)
	}
	refused(t, 0, db, broken)
	if fatal.Load() != 1 {
		t.Errorf("Fatal was called %d times", fatal.Load())
	}
}

// refused checks that every call fails with the latched error.
func refused(t *testing.T, step int64, db *DB, broken error) {
	t.Helper()
	// A broken disk under a flush is noticed in the background.
	deadline := time.Now().Add(10 * time.Second)
	for ; db.latch.Err() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("step %d: nobody noticed", step)
		}
	}
	l := db.logFor(0)
	_, err1 := l.FirstIndex()
	_, err2 := l.LastIndex()
	_, err3 := l.Get([]byte("CurrentTerm"))
	_, err4 := db.Get("x")
	_, err5 := db.Log(9)
	for i, err := range []error{err1, err2, err3, err4, err5,
		l.StoreLog(entry(0, 10_000, 1)), l.GetLog(1, &raft.Log{}), l.DeleteRange(1, 2),
		l.Set([]byte("k"), nil), db.Put("k", nil), db.Close()} {
		if !errors.Is(err, broken) {
			t.Errorf("step %d: call %d gives %v", step, i, err)
		}
	}
}

// slowSync makes each sync of a file take as long as it is told.
type slowSync struct {
	vfs.FS
	wait *atomic.Int64
}

type slowFile struct {
	vfs.File
	wait *atomic.Int64
}

func (s slowSync) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(name, c)
	return slowFile{f, s.wait}, err
}

func (f slowFile) SyncData() error {
	time.Sleep(time.Duration(f.wait.Load()))
	return f.File.SyncData()
}

func (f slowFile) Sync() error {
	time.Sleep(time.Duration(f.wait.Load()))
	return f.File.Sync()
}

// Inside a bubble of simulated time: a hanging sync is seen from outside, and
// nobody who waits for it holds up the clock.
func TestStalledIsTheAgeOfAHangingSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wait atomic.Int64
		db := mustOpen(t, testOptions(t, slowSync{vfs.NewMem(), &wait}))
		must(t, mustLog(t, db, 1).StoreLog(entry(1, 1, 10)))
		if d := db.Stalled(); d != 0 {
			t.Errorf("idle, and stalled for %v", d)
		}
		wait.Store(int64(10 * time.Second))
		var wg sync.WaitGroup
		for g := range uint32(3) {
			wg.Go(func() {
				if err := mustLog(t, db, g).StoreLog(entry(g, 100, 10)); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(3 * time.Second)
		if d := db.Stalled(); d < 2*time.Second || d > 4*time.Second {
			t.Errorf("stalled for %v after 3 s", d)
		}
		wg.Wait()
		wait.Store(0)
		if d := db.Stalled(); d != 0 {
			t.Errorf("stalled for %v after the sync returned", d)
		}
		must(t, db.Close())
	})
}
