package wal

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
)

// committer writes the changes of all groups: one commit, one Pebble batch, one
// WAL record, one fsync at a time. While one is on its way to disk, all that
// arrives gathers in the next. The first caller into an open round leads it: it
// waits for the disk to be free, then up to GatherWait for groups that have
// announced an entry and are not in the round yet, and commits for everybody.
//
// That there is never more than one record on its way is also what recovery
// rests on: a record is begun only after all before it are on disk (doc.go).
type committer struct {
	db    *pebble.DB
	latch *disk.Latch
	// witness is told of every commit.
	witness *witness
	clock   clock.Clock
	wait    time.Duration
	since   atomic.Int64 // when the commit on its way began, µs; 0: there is none

	mu struct {
		sync.Mutex
		open      *round       // takes changes; nil when nobody waits
		flying    bool         // a commit is on its way to disk
		gathering bool         // open's leader waits for announced groups
		late      bool         // and has waited long enough
		awaited   int          // groups that announced an entry and are not in open
		announced []*announcer // every group that has announced, in open or not
		closed    bool
		timer     clock.Timer // ends gathering; made at the first use
		counts    Counts
	}
	turn   sync.Cond // on mu: what the leader of open, or close, waits for
	meters meters
}

// round is one commit in the making.
type round struct {
	batch    *pebble.Batch
	members  []*announcer
	callers  int
	gathered bool
	done     chan struct{} // closed when err is set; made for the first follower
	err      error
}

func newCommitter(db *pebble.DB, l *disk.Latch, w *witness, o Options) *committer {
	c := &committer{db: db, latch: l, witness: w, clock: o.Clock, wait: o.GatherWait}
	c.turn.L = &c.mu
	return c
}

// commit writes ch and returns once it is on disk, or with the error that is
// latched for ever. entries is how many log entries it holds; those are taken
// off what a has announced.
func (c *committer) commit(a *announcer, entries int, ch *change) error {
	c.mu.Lock()
	if err := c.refusal(); err != nil {
		c.mu.Unlock()
		return err
	}
	r, leads := c.mu.open, c.mu.open == nil
	if leads {
		r = &round{batch: c.db.NewBatch()}
		c.mu.open = r
	} else if r.done == nil {
		r.done = make(chan struct{})
	}
	if err := ch.addTo(r.batch); err != nil {
		// Only a batch beyond Pebble's 4 GiB gets here. What it holds by now
		// may be half a change, so nobody in it may be told that it is stored.
		r.err = c.latch.Fail(fmt.Errorf("gather a commit: %w", err))
	}
	c.join(r, a, entries)
	if !leads {
		c.mu.Unlock()
		<-r.done
		return r.err
	}
	c.lead(r)
	return r.err
}

func (c *committer) refusal() error {
	if err := c.latch.Err(); err != nil {
		return err
	}
	if c.mu.closed {
		return ErrClosed
	}
	return nil
}

// lead carries a round through. It is entered with the lock held and leaves
// without it.
func (c *committer) lead(r *round) {
	for c.mu.flying {
		c.turn.Wait()
	}
	c.gather(r)
	c.mu.open, c.mu.flying = nil, true
	for _, a := range r.members {
		a.inRound = false
		if a.coming > 0 {
			c.mu.awaited++
		}
	}
	c.mu.Unlock()

	bytes := r.batch.Len()
	c.meters.groups.Note(uint64(len(r.members)))
	c.meters.bytes.Note(uint64(bytes))
	if r.err == nil {
		r.err = c.write(r.batch)
	}

	c.mu.Lock()
	c.mu.flying = false
	c.mu.counts.count(r, bytes)
	c.turn.Broadcast()
	c.mu.Unlock()
	if r.done != nil {
		close(r.done)
	}
}

// write commits one batch. Pebble itself reports a failed commit to its logger
// and returns nil, so the latch has the last word.
func (c *committer) write(b *pebble.Batch) error {
	began := max(1, c.clock.Micros())
	c.since.Store(began)
	err := b.Commit(durability())
	c.since.Store(0)
	c.meters.sync.Note(uint64(max(0, c.clock.Micros()-began)))
	if err != nil {
		return c.latch.Fail(fmt.Errorf("commit to the log: %w", err))
	}
	if err := c.latch.Err(); err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return c.latch.Fail(fmt.Errorf("release a commit: %w", err))
	}
	c.witness.soon()
	return nil
}

// close waits for the commits on their way and refuses all later ones.
func (c *committer) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.closed = true
	for c.mu.open != nil || c.mu.flying {
		c.turn.Wait()
	}
	if c.mu.timer != nil {
		c.mu.timer.Stop()
	}
}

// stalled is the age of the commit that is on its way to disk.
func (c *committer) stalled() time.Duration {
	since := c.since.Load()
	if since == 0 {
		return 0
	}
	return time.Duration(max(0, c.clock.Micros()-since)) * time.Microsecond
}
