package wal

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// inBubble runs f over two groups in simulated time, where only waiting takes
// time, and an announced entry is waited for up to a second.
func inBubble(t *testing.T, f func(t *testing.T, db *DB, a, b *Log)) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions(t, vfs.NewMem())
		o.GatherWait = time.Second
		db := mustOpen(t, o)
		f(t, db, mustLog(t, db, 1), mustLog(t, db, 2))
		must(t, db.Close())
	})
}

func took(t *testing.T, f func()) time.Duration {
	t.Helper()
	start := time.Now()
	f()
	return time.Since(start)
}

func TestAnnouncedGroupsShareACommit(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB, a, b *Log) {
		a.Announce()
		b.Announce()
		var wg sync.WaitGroup
		wg.Go(func() { must(t, a.StoreLog(entry(1, 1, 10))) })
		wg.Go(func() {
			time.Sleep(300 * time.Millisecond)
			must(t, b.StoreLog(entry(2, 1, 10)))
		})
		if d := took(t, wg.Wait); d != 300*time.Millisecond {
			t.Errorf("it took %v", d)
		}
		if s := db.Stats(); s.Commits != 1 || s.Entries != 2 || s.Gathered != 1 || s.Forgotten != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhoAnnouncesAndDoesNotComeIsWaitedForOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB, a, b *Log) {
		b.Announce()
		if d := took(t, func() { must(t, a.StoreLog(entry(1, 1, 10))) }); d != time.Second {
			t.Errorf("the first commit took %v", d)
		}
		if d := took(t, func() { must(t, a.StoreLog(entry(1, 2, 10))) }); d != 0 {
			t.Errorf("the second commit took %v", d)
		}
		// It comes after all, and takes its announcement back too late.
		must(t, b.StoreLog(entry(2, 1, 10)))
		b.Retract()
		b.Announce()
		b.Retract()
		if d := took(t, func() { must(t, a.StoreLog(entry(1, 3, 10))) }); d != 0 {
			t.Errorf("the last commit took %v", d)
		}
		if s := db.Stats(); s.Commits != 4 || s.Forgotten != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRetractEndsTheWait(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB, a, b *Log) {
		b.Announce()
		time.AfterFunc(200*time.Millisecond, b.Retract)
		if d := took(t, func() { must(t, a.StoreLog(entry(1, 1, 10))) }); d != 200*time.Millisecond {
			t.Errorf("the commit took %v", d)
		}
	})
}

// A group's own next entry cannot come before its commit returns, so its commit
// does not wait for it, and other groups' commits do.
func TestCommitDoesNotWaitForItsOwnGroup(t *testing.T) {
	inBubble(t, func(t *testing.T, db *DB, a, b *Log) {
		a.Announce()
		a.Announce()
		if d := took(t, func() { must(t, a.StoreLog(entry(1, 1, 10))) }); d != 0 {
			t.Errorf("its own commit took %v", d)
		}
		if d := took(t, func() { must(t, b.StoreLog(entry(2, 1, 10))) }); d != time.Second {
			t.Errorf("the other's commit took %v", d)
		}
	})
}
