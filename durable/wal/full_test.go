package wal

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
)

// hasty is a clock whose timers run a hundred times too fast.
type hasty struct{ clock.Clock }

func (h hasty) AfterFunc(d time.Duration, f func()) clock.Timer {
	return hastyTimer{h.Clock.AfterFunc(d/100, f)}
}

type hastyTimer struct{ clock.Timer }

func (t hastyTimer) Reset(d time.Duration) bool { return t.Timer.Reset(d / 100) }

// takesSpace says whether an operation may find the disk full.
func takesSpace(op errorfs.Op) bool {
	switch op.Kind {
	case errorfs.OpCreate, errorfs.OpRename, errorfs.OpReuseForWrite, errorfs.OpMkdirAll,
		errorfs.OpFileWrite, errorfs.OpFileWriteAt, errorfs.OpFilePreallocate:
		return true
	}
	return false
}

// The disk is full at each write, creation, rename … of a load, once or for a
// while, with a ballast and without: nothing fails, and all that was acknowledged
// is there, at that moment and at the end.
func TestAFullDiskLosesNothing(t *testing.T) {
	const rounds = 120
	for step := int64(1); ; step += 1 + step/6 {
		mem := vfs.NewCrashableMem()
		var l ledger
		var ops, met atomic.Int64
		var armed atomic.Bool
		forTimes := []int64{1, 3, 40}[step%3]
		o := damageOptions(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if !armed.Load() || !takesSpace(op) {
				return nil
			}
			if n := ops.Add(1); n < step || n >= step+forTimes {
				return nil
			}
			met.Add(1)
			return syscall.ENOSPC
		})))
		o.Fatal = func(err error) { t.Errorf("step %d: fatal: %v", step, err) }
		o.Space = openSpace(t, mem, step%2*1000)
		db := mustOpen(t, o)
		armed.Store(true)
		l.load(db, rounds)
		armed.Store(false)
		p := l.promised()
		for g := range loadGroups {
			if p.stored[g] != l.begun[g].Load() {
				t.Errorf("step %d: group %d stored %d of %d", step, g, p.stored[g], l.begun[g].Load())
			}
		}
		crashed := mem.CrashClone(vfs.CrashCloneCfg{})
		must(t, db.Close())
		o.Space.Close()
		l.check(t, crashed, p)
		l.check(t, mem, p)
		if t.Failed() {
			return
		}
		if met.Load() == 0 {
			if step < 100 {
				t.Errorf("only %d operations take space", step)
			}
			return
		}
	}
}

func openSpace(t testing.TB, fs vfs.FS, ballastBytes int64) *disk.Space {
	t.Helper()
	if ballastBytes == 0 {
		ballastBytes = -1
	}
	dir := testOptions(t, fs).Dir
	must(t, disk.MakeDir(fs, dir))
	s, err := disk.OpenSpace(disk.SpaceOptions{
		FS: fs, Dir: dir, Clock: hasty{clock.Real()}, Gate: &gate.Gate{}, BallastBytes: ballastBytes,
	})
	must(t, err)
	return s
}

// A sync that finds no space is as final as any other that fails, whatever ballast
// there is: what was written before it may be lost.
func TestASyncThatFindsNoSpaceIsFinal(t *testing.T) {
	mem := vfs.NewMem()
	var armed atomic.Bool
	var fatal atomic.Int64
	o := testOptions(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && (op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSync) {
			return syscall.ENOSPC
		}
		return nil
	})))
	o.Fatal = func(error) { fatal.Add(1) }
	o.Space = openSpace(t, mem, 1000)
	defer o.Space.Close()
	db := mustOpen(t, o)
	armed.Store(true)
	if err := mustLog(t, db, 0).StoreLog(entry(0, 1, 10)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("stored with %v", err)
	}
	if fatal.Load() != 1 {
		t.Errorf("Fatal was called %d times", fatal.Load())
	}
	if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closed with %v", err)
	}
}

// Who closes the Space gives up waiting: the write that waited is the failure.
func TestWhoStopsDoesNotWaitForSpace(t *testing.T) {
	mem := vfs.NewMem()
	var armed, met atomic.Bool
	var fatal atomic.Int64
	o := testOptions(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if armed.Load() && takesSpace(op) {
			met.Store(true)
			return syscall.ENOSPC
		}
		return nil
	})))
	o.Fatal = func(error) { fatal.Add(1) }
	o.Space = openSpace(t, mem, 0)
	db := mustOpen(t, o)
	armed.Store(true)
	stored := make(chan error)
	log := mustLog(t, db, 0)
	go func() { stored <- log.StoreLog(entry(0, 1, 10)) }()
	for o.Space.Stats().Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	o.Space.Close()
	if err := <-stored; !errors.Is(err, syscall.ENOSPC) || fatal.Load() != 1 || !met.Load() {
		t.Errorf("stored with %v, Fatal was called %d times", err, fatal.Load())
	}
	if err := db.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closed with %v", err)
	}
}
