package record

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// syncer makes transactions durable, many with one fsync.
//
// A transaction is applied without a sync, so that the next one can begin, and
// then waits for one. The first that waits asks for it; all that were applied by
// then are covered, because Pebble's log is written and synced in order. Who
// comes while a sync is on its way waits for the next.
//
// Committing each with a sync of its own is simpler: Pebble combines those that
// run at the same time. But the turn to write would have to be kept until the
// sync is done, and so there would never be two.
type syncer struct {
	db      *pebble.DB
	latch   *disk.Latch
	witness *witness
	count   *atomic.Uint64 // of syncs that were done
	begun   atomic.Uint64  // number of the last transaction that may be visible

	key, number []byte // how a number is stored; the holder of the turn writes it

	mu struct {
		sync.Mutex
		applied uint64        // number of the last one that is in Pebble's log
		durable uint64        // and of the last one that is on disk
		syncing bool          // a sync is on its way
		news    chan struct{} // closed when durable rises, or all is lost
	}
}

// newSyncer goes on behind the last transaction, which is on disk.
func newSyncer(
	db *pebble.DB, l *disk.Latch, w *witness, count *atomic.Uint64, last uint64,
) *syncer {
	y := &syncer{db: db, latch: l, witness: w, count: count, key: numberKey()}
	y.begun.Store(last)
	y.mu.applied, y.mu.durable = last, last
	y.mu.news = make(chan struct{})
	return y
}

// apply makes a transaction visible, with its number, which it returns. The
// caller holds the turn to write.
func (y *syncer) apply(b *pebble.Batch) (uint64, error) {
	n := y.begun.Add(1)
	y.number = appendNumber(y.number[:0], y.key, n)
	err := b.Set(y.key, y.number, nil)
	if err == nil {
		err = b.Commit(pebble.NoSync)
	}
	if err != nil {
		_ = y.latch.Fail(fmt.Errorf("write to the record tables: %w", err))
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.mu.applied = n
	return n, y.verdict()
}

// verdict returns the latched failure, which nobody shall wait any longer for.
// Pebble itself reports a failed commit to its logger and returns nil, so the
// latch has the last word. The caller holds the lock.
func (y *syncer) verdict() error {
	err := y.latch.Err()
	if err != nil {
		y.tell()
	}
	return err
}

// tell wakes all that wait. The caller holds the lock.
func (y *syncer) tell() {
	close(y.mu.news)
	y.mu.news = make(chan struct{})
}

// sync returns once transaction n, which is applied, is on disk.
func (y *syncer) sync(n uint64) error {
	y.mu.Lock() // given up while a sync is on its way
	for y.mu.durable < n && y.latch.Err() == nil {
		if y.mu.syncing {
			y.sleep()
			continue
		}
		y.mu.syncing = true
		covered := y.mu.applied
		y.mu.Unlock()
		err := y.harden(covered)
		y.mu.Lock()
		y.mu.syncing = false
		if err != nil {
			_ = y.latch.Fail(err)
		} else if y.latch.Err() == nil {
			y.mu.durable = covered
		}
		y.tell()
	}
	defer y.mu.Unlock()
	return y.verdict()
}

// harden makes the transactions up to n durable, and then lets the witness say so,
// before anybody is told.
func (y *syncer) harden(n uint64) error {
	if err := y.db.LogData(nil, durability()); err != nil {
		return fmt.Errorf("sync the record tables: %w", err)
	}
	if err := y.latch.Err(); err != nil {
		return err
	}
	y.count.Add(1)
	return y.witness.write(n)
}

// wait returns once transaction n, which somebody else applies and syncs, is on
// disk.
func (y *syncer) wait(n uint64) error {
	y.mu.Lock()
	for y.mu.durable < n && y.latch.Err() == nil {
		y.sleep()
	}
	y.mu.Unlock()
	return y.latch.Err()
}

// sleep waits for news without the lock, which is held before and after.
func (y *syncer) sleep() {
	news := y.mu.news
	y.mu.Unlock()
	<-news
	y.mu.Lock()
}
