package disk

import (
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Who stops the node ends the waiting: what waits is latched as given up, not as a failure
// of the disk, and the disk is frozen. The ballast still serves.
func TestWhoGivesUpWaitsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newSmallDisk(10_000)
		s, _ := watch(t, d, SpaceOptions{FreeMin: 1000, BallastBytes: 500})
		defer s.Close()
		if !s.more(syscall.ENOSPC, true) || s.Stats().Ballast {
			t.Fatal("the ballast was not given up for a write")
		}
		d.use(9500) // and is not restored
		told := make(chan error, 2)
		latch := NewLatch(func(err error) { told <- err })
		latch.Arm()
		half := &halfWriter{FS: d}
		f, err := NewGuard(half, latch, s, nil).Create("a", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		half.full.Store(true)
		written := make(chan error, 1)
		go func() { _, err := f.Write([]byte("one whole sentence")); written <- err }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(written) > 0 || s.Stats().Waiting != 1 {
			t.Fatalf("the write does not wait: %+v", s.Stats())
		}
		s.GiveUp()
		s.GiveUp()
		<-written
		if err := <-told; !errors.Is(err, ErrGivenUp) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("latched: %v", err)
		}
		half.full.Store(false)
		_, _ = f.Write([]byte(" more"))
		if b := readAll(t, d, "a"); b != "one whole" || len(told) > 0 {
			t.Errorf("on the disk is %q; told were %d more", b, len(told))
		}
		if s.more(syscall.ENOSPC, true) {
			t.Error("a later write waits")
		}
		_ = f.Close()
	})
}

// A sync that finds no space, and a disk that fails otherwise, are failures even then.
func TestGivingUpExcusesNoFailedSync(t *testing.T) {
	s, _ := watch(t, vfs.NewMem(), SpaceOptions{BallastBytes: -1})
	defer s.Close()
	s.GiveUp()
	g := NewGuard(vfs.NewMem(), NewLatch(func(error) {}), s, nil)
	_ = g.once("sync", "a", func() error { return syscall.ENOSPC }, nothing)
	if err := g.latch.Err(); err == nil || errors.Is(err, ErrGivenUp) {
		t.Errorf("a sync: %v", err)
	}
	if broken := errors.New("broken"); errors.Is(s.blame(broken), ErrGivenUp) {
		t.Error("a broken disk is excused")
	}
}
