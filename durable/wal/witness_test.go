package wal

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
)

// ringer is a clock whose timers go off when the test says so.
type ringer struct {
	clock.Clock
	mu  sync.Mutex
	due []func()
}

func (r *ringer) AfterFunc(d time.Duration, f func()) clock.Timer {
	if d != witnessEvery {
		return r.Clock.AfterFunc(d, f)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, f)
	return nil
}

// ring lets all timers go off, and returns how many there were.
func (r *ringer) ring() int {
	r.mu.Lock()
	due := r.due
	r.due = nil
	r.mu.Unlock()
	for _, f := range due {
		f()
	}
	return len(due)
}

// TestALogThatLostItsEndIsRefused: after a crash, the WAL's files are cut off or
// gone. What was acknowledged a second before that is missed.
func TestALogThatLostItsEndIsRefused(t *testing.T) {
	live := vfs.NewCrashableMem()
	o := testOptions(t, live)
	r := &ringer{Clock: o.Clock}
	o.Clock = r
	db := mustOpen(t, o)
	for i := range uint64(50) {
		must(t, mustLog(t, db, 1).StoreLog(entry(1, i+1, 100)))
	}
	if n := r.ring(); n != 1 {
		t.Fatalf("%d writes of the facts file were due after 50 commits, want 1", n)
	}
	after := live.CrashClone(vfs.CrashCloneCfg{})
	must(t, db.Close())
	r.ring() // late, after Close: nothing comes of it
	for _, path := range filesOf(t, after) {
		if !strings.HasSuffix(path, ".log") {
			continue
		}
		for _, keep := range []int{0, 1000, 4000} {
			cut := copyDir(t, after)
			b := readFile(t, cut, path)
			writeFile(t, cut, path, b[:min(keep, len(b))])
			var corrupt *disk.CorruptionError
			if _, err := Open(testOptions(t, cut)); !errors.As(err, &corrupt) {
				t.Errorf("%s cut to %d of %d bytes: %v", path, keep, len(b), err)
			}
		}
	}
	must(t, mustOpen(t, testOptions(t, after)).Close())
}
