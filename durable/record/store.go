package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
)

// Store is record tables in a Pebble of their own. Any goroutine may call it.
type Store struct {
	clock   clock.Clock
	latch   *disk.Latch
	lock    io.Closer
	pebble  *pebble.DB
	stalls  *disk.Stalls
	witness *witness // nil until it is opened
	shapes  map[*record.Table]*shape
	tables  []*record.Table // all that are stored, by name
	syncs   *syncer
	turn    chan struct{} // its holder writes
	count   counters

	life struct {
		sync.Mutex
		running int           // calls of View and Update
		closed  bool          // there will be no more
		over    chan struct{} // closed when the last one ends, after Close
	}
}

var _ record.Store = (*Store)(nil)

// View implements record.Store.
func (s *Store) View(ctx context.Context, f func(record.Reader) error) error {
	began := s.clock.Micros()
	return s.end(&s.count.views, began, s.view(ctx, f))
}

func (s *Store) view(ctx context.Context, f func(record.Reader) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	x := &tx{Attempt: record.NewAttempt(ctx), store: s, from: s.pebble.NewSnapshot()}
	defer x.release()
	// The snapshot shows no transaction that began after this, and what it shows
	// shall not be lost any more when the caller acts on it.
	seen := s.syncs.begun.Load()
	err := x.Begin()
	if err == nil {
		err = x.End(f(x))
	}
	if failed := errors.Join(x.release(), s.syncs.wait(seen)); failed != nil {
		return refused(failed)
	}
	return err
}

// Update implements record.Store.
func (s *Store) Update(ctx context.Context, f func(record.Tx) error) error {
	began := s.clock.Micros()
	return s.end(&s.count.updates, began, s.update(ctx, began, f))
}

func (s *Store) update(ctx context.Context, began int64, f func(record.Tx) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return record.Interrupted(ctx)
	}
	s.count.turns.Note(uint64(max(0, s.clock.Micros()-began)))
	seen, wrote, err := s.write(ctx, f)
	if !wrote {
		if failed := s.syncs.wait(seen); failed != nil {
			return refused(failed)
		}
		return err
	}
	if err == nil {
		err = s.syncs.sync(seen)
	}
	if err != nil {
		return unknown(err)
	}
	return nil
}

// write runs a transaction and gives the turn back. It returns the number of the
// last transaction that f has seen, its own if it wrote something.
func (s *Store) write(
	ctx context.Context, f func(record.Tx) error,
) (seen uint64, wrote bool, err error) {
	defer func() { <-s.turn }()
	seen = s.syncs.begun.Load()
	x := &tx{Attempt: record.NewAttempt(ctx), store: s, batch: s.pebble.NewIndexedBatch()}
	x.from = x.batch
	defer x.release()
	if err := x.Begin(); err != nil {
		return seen, false, err
	}
	if err := x.End(f(x)); err != nil || x.batch.Empty() {
		return seen, false, err
	}
	if err := s.latch.Err(); err != nil {
		return seen, false, err
	}
	s.count.written.Add(1)
	s.count.bytes.Add(uint64(x.batch.Len()))
	seen, err = s.syncs.apply(x.batch)
	return seen, true, err
}

// enter begins a call, unless the store is closed or has failed.
func (s *Store) enter() error {
	if err := s.latch.Err(); err != nil {
		return refused(err)
	}
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.closed {
		return errClosed()
	}
	s.life.running++
	return nil
}

func (s *Store) leave() {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.running--; s.life.closed && s.life.running == 0 {
		close(s.life.over)
	}
}

// fail latches a failure and returns what a caller is told.
func (s *Store) fail(err error) error { return refused(s.latch.Fail(err)) }

// Close waits for the transactions that are running, refuses all later ones and
// closes the files. After a latched failure it releases everything and returns
// that failure.
func (s *Store) Close() error {
	s.life.Lock()
	if s.life.closed {
		s.life.Unlock()
		return errClosed()
	}
	s.life.closed = true
	if s.life.running == 0 {
		close(s.life.over)
	}
	s.life.Unlock()
	<-s.life.over
	err := s.closeFiles()
	if err != nil {
		err = s.latch.Fail(fmt.Errorf("close the record tables: %w", err))
	}
	// Pebble's own complaints after a latched failure are consequences of it.
	if latched := s.latch.Err(); latched != nil {
		err = latched
	}
	return errors.Join(err, s.lock.Close())
}

// closeFiles closes Pebble and the facts file.
func (s *Store) closeFiles() error {
	err := s.pebble.Close()
	if s.witness != nil {
		err = errors.Join(err, s.witness.close())
	}
	return err
}

func errClosed() error {
	return fault.New(fault.Unavailable, "the record tables are closed: the node is stopping")
}

// refused is the error of a call that the disk's failure has prevented.
func refused(err error) error { return diskError(err, false) }

// unknown is the error of an Update that the disk failed under.
func unknown(err error) error { return diskError(err, true) }

func diskError(err error, unknown bool) error {
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return err
	}
	return fmt.Errorf("%w: %w", &fault.Error{
		Code: fault.Unavailable, Unknown: unknown,
		Message: "the node's disk failed and the node stops: ask again once it is back",
	}, err)
}
