package record

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/record"
)

// tx is one transaction. It belongs to the goroutine of its function.
type tx struct {
	record.Attempt
	store *Store
	from  pebble.Reader // a snapshot, or the batch
	batch *pebble.Batch // nil in a View
	key   []byte        // scratch
	value []byte        // scratch
}

var _ record.Tx = (*tx)(nil)

// release gives up what the transaction holds.
func (x *tx) release() error {
	_ = x.End(nil)
	from := x.from
	if x.from = nil; from == nil {
		return nil
	}
	return from.Close()
}

// shape begins a call: it returns how a table is stored.
func (x *tx) shape(t *record.Table) (*shape, error) {
	if err := x.Begin(); err != nil {
		return nil, err
	}
	s := x.store.shapes[t]
	if s == nil {
		return nil, x.Fail(record.Unopened(t))
	}
	return s, nil
}

// unreadable latches that stored bytes could not be read.
func (x *tx) unreadable(s *shape, err error) error {
	return x.Fail(x.store.fail(fmt.Errorf("read the table %s: %w", s.Name, err)))
}

// distrust latches that stored bytes are not what was written.
func (x *tx) distrust(s *shape, key []byte, reason string) error {
	return x.Fail(x.store.fail(disk.Corrupt(
		fmt.Sprintf("the row %x of the table %s", key, s.Name), reason)))
}

// Get implements record.Reader.
func (x *tx) Get(t *record.Table, key ...record.Value) (*record.Row, error) {
	s, err := x.shape(t)
	if err != nil {
		return nil, err
	}
	if err := t.CheckKey(key); err != nil {
		return nil, x.Fail(err)
	}
	x.key = s.appendRowKey(x.key[:0], key)
	return x.load(s, x.key)
}

// GetMany implements record.Reader.
func (x *tx) GetMany(t *record.Table, keys ...[]record.Value) ([]*record.Row, error) {
	s, err := x.shape(t)
	if err != nil {
		return nil, err
	}
	if err := t.CheckKeys(keys); err != nil {
		return nil, x.Fail(err)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return x.loadMany(s, keys)
}

// loadMany goes through the keys in order with one iterator, which costs a
// third of as many Gets.
func (x *tx) loadMany(s *shape, keys [][]record.Value) ([]*record.Row, error) {
	type want struct {
		key []byte
		at  int
	}
	wants := make([]want, len(keys))
	x.key = x.key[:0]
	for i, key := range keys {
		from := len(x.key)
		x.key = s.appendRowKey(x.key, key)
		wants[i] = want{x.key[from:], i} // right also if x.key moves: what is written stays
	}
	slices.SortFunc(wants, func(a, b want) int { return bytes.Compare(a.key, b.key) })
	last := wants[len(wants)-1].key
	it, err := x.from.NewIter(&pebble.IterOptions{
		LowerBound: wants[0].key, UpperBound: append(bytes.Clone(last), 0),
	})
	if err != nil {
		return nil, x.unreadable(s, err)
	}
	rows := make([]*record.Row, len(keys))
	for _, w := range wants {
		// The prefix is the whole key, so that filters answer.
		if !it.SeekPrefixGE(w.key) {
			continue
		}
		if rows[w.at], err = x.row(s, it); err != nil {
			break
		}
	}
	if failed := errors.Join(it.Error(), it.Close()); failed != nil && err == nil {
		err = x.unreadable(s, failed)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// row returns the row at an iterator's place.
func (x *tx) row(s *shape, it *pebble.Iterator) (*record.Row, error) {
	value, err := it.ValueAndErr()
	if err != nil {
		return nil, x.unreadable(s, err)
	}
	row, reason := s.decodeRow(it.Key(), value)
	if reason != "" {
		return nil, x.distrust(s, it.Key(), reason)
	}
	return row, nil
}

// load returns the row that is stored under a key, or nil.
func (x *tx) load(s *shape, key []byte) (*record.Row, error) {
	value, closer, err := x.from.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, x.unreadable(s, err)
	}
	row, reason := s.decodeRow(key, value)
	if err := closer.Close(); err != nil {
		return nil, x.unreadable(s, err)
	}
	if reason != "" {
		return nil, x.distrust(s, key, reason)
	}
	return row, nil
}

// Put implements record.Tx.
func (x *tx) Put(t *record.Table, r *record.Row) error {
	s, err := x.shape(t)
	if err != nil {
		return err
	}
	if err := x.CheckPut(t, r); err != nil {
		return err
	}
	x.key = s.appendRowKey(x.key[:0], r.Key)
	var old *record.Row
	if len(t.Indexes) > 0 {
		if old, err = x.load(s, x.key); err != nil {
			return err
		}
	}
	x.value = appendValue(x.value[:0], x.key, r)
	if err := x.batch.Set(x.key, x.value, nil); err != nil {
		return x.Fail(fmt.Errorf("put into the table %s: %w", t.Name, err))
	}
	return x.reindex(s, old, r)
}

// Delete implements record.Tx.
func (x *tx) Delete(t *record.Table, key ...record.Value) error {
	s, err := x.shape(t)
	if err != nil {
		return err
	}
	if err := x.CheckDelete(t, key); err != nil {
		return err
	}
	x.key = s.appendRowKey(x.key[:0], key)
	var old *record.Row
	if len(t.Indexes) > 0 {
		if old, err = x.load(s, x.key); err != nil || old == nil {
			return err
		}
	}
	if err := x.batch.Delete(x.key, nil); err != nil {
		return x.Fail(fmt.Errorf("delete from the table %s: %w", t.Name, err))
	}
	return x.reindex(s, old, nil)
}

// reindex replaces the entries of a row in all indexes; old and r may be nil.
func (x *tx) reindex(s *shape, old, r *record.Row) error {
	for i := range s.Indexes {
		x.key, x.value = x.key[:0], x.value[:0]
		if old != nil {
			x.key = s.appendIndexKey(x.key, i, old)
		}
		if r != nil {
			x.value = s.appendIndexKey(x.value, i, r)
		}
		if bytes.Equal(x.key, x.value) {
			continue
		}
		var err error
		if old != nil {
			err = x.batch.Delete(x.key, nil)
		}
		if r != nil {
			err = errors.Join(err, x.batch.Set(x.value, nil, nil))
		}
		if err != nil {
			return x.Fail(fmt.Errorf("index the table %s: %w", s.Name, err))
		}
	}
	return nil
}
