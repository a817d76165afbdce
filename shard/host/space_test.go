package host

import (
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// fullFS is a file system that has no space for a write while it is full.
type fullFS struct {
	vfs.FS
	full *atomic.Bool
}

func (f fullFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, c)
	return fullFile{file, f.full}, err
}

func (f fullFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.ReuseForWrite(from, to, c)
	return fullFile{file, f.full}, err
}

type fullFile struct {
	vfs.File
	full *atomic.Bool
}

func (f fullFile) Write(p []byte) (int, error) {
	if f.full.Load() {
		return 0, syscall.ENOSPC
	}
	return f.File.Write(p)
}

// stuckNode is a node on a full disk, with a submit of 5 to b that waits for space. What was
// acknowledged before is 7.
type stuckNode struct {
	h     *Host
	c     *caller
	mem   *vfs.MemFS
	full  atomic.Bool
	space *disk.Space
	fatal atomic.Pointer[error]
}

func startWaiting(t *testing.T) *stuckNode {
	w := &stuckNode{mem: vfs.NewMem()}
	fs := fullFS{w.mem, &w.full}
	var err error
	w.space, err = disk.OpenSpace(disk.SpaceOptions{FS: fs, Dir: "/", Clock: clock.Real()})
	if err != nil {
		t.Fatal(err)
	}
	w.h = open(t, fs, func(o *Options) {
		o.Space = w.space
		o.Fatal = func(err error) { w.fatal.Store(&err) }
	})
	w.c = newCaller(t, w.h)
	w.c.write("b", leaderboard.KindCreate, createBody("b"))
	if r := w.c.write("b", leaderboard.KindSubmit, submitBody("b", 1, 7)); r.status != fault.OK {
		t.Fatalf("%+v", r)
	}
	w.full.Store(true)
	id := grid.RequestID{Client: grid.ID{1}, Seq: 9, Low: 9}
	err = w.c.lane.Write(grid.SlotOf("b"), leaderboard.KindSubmit, id, submitBody("b", 1, 5), grid.Ref{ID: 9})
	if err != nil {
		t.Fatal(err)
	}
	w.c.lane.Flush()
	time.Sleep(time.Minute)
	synctest.Wait()
	if len(w.c.in) > 0 || w.space.Stats().Waiting == 0 {
		t.Fatalf("the submit does not wait: %+v", w.space.Stats())
	}
	return w
}

// A node that is stopped while a write waits for space does not hang, and acknowledges
// nothing; what was acknowledged is there at the next start.
func TestAStopGivesUpWhatWaitsForSpace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWaiting(t)
		w.space.GiveUp()
		if err := w.h.Close(); !errors.Is(err, disk.ErrGivenUp) {
			t.Errorf("closed with %v", err)
		}
		if err := w.fatal.Load(); err == nil || !errors.Is(*err, disk.ErrGivenUp) {
			t.Errorf("fatal was %v", err)
		}
		if r := <-w.c.in; r.err == nil {
			t.Errorf("the submit that waited: %+v", r)
		}
		w.space.Close()
		if got := newCaller(t, open(t, w.mem, nil)).score("b", 1, grid.Leader); got != 7 {
			t.Errorf("after a start: %d, want 7", got)
		}
	})
}

// With space again, it is taken as if nothing had been.
func TestWhatWaitedForSpaceIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWaiting(t)
		w.full.Store(false)
		if r := <-w.c.in; r.status != fault.OK || r.err != nil {
			t.Errorf("the submit that waited: %+v", r)
		}
		w.space.Close()
		if err := w.h.Close(); err != nil || w.fatal.Load() != nil {
			t.Errorf("closed with %v", err)
		}
		if got := newCaller(t, open(t, w.mem, nil)).score("b", 1, grid.Leader); got != 12 {
			t.Errorf("after a start: %d, want 12", got)
		}
	})
}
