package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// scan calls load with all keys that begin with a byte, and notes what is wrong with them.
// Where Pebble cannot read on, it goes on with the next of its tables.
func (x *Inspection) scan(prefix byte, load func(key, value []byte) error) {
	from, end := []byte{prefix}, []byte{prefix + 1}
	for from != nil {
		last, err := x.scanFrom(from, end, load)
		if err == nil {
			return
		}
		x.hidden = true
		from = x.behind(last)
		if from != nil && bytes.Compare(from, end) >= 0 {
			from = nil
		}
		x.Damage.Note(fmt.Errorf("what follows the key %q: %w", last, x.pebble.Damage(err)))
	}
}

// scanFrom reads a range up to the first key that cannot be read; last is the one before.
func (x *Inspection) scanFrom(
	from, end []byte, load func(key, value []byte) error,
) (last []byte, err error) {
	last = slices.Clone(from)
	it, err := x.pebble.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: end})
	if err != nil {
		return last, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, failed := it.ValueAndErr()
		if failed != nil {
			err = failed
			break
		}
		last = append(last[:0], it.Key()...)
		if wrong := load(it.Key(), value); wrong != nil {
			x.Damage.Note(wrong)
		}
	}
	return last, errors.Join(err, it.Error(), it.Close())
}

// behind returns the first key behind another at which one of Pebble's tables begins or has
// ended; nil: there is none.
func (x *Inspection) behind(key []byte) (next []byte) {
	levels, err := x.pebble.SSTables()
	if err != nil {
		return nil
	}
	for _, level := range levels {
		for _, t := range level {
			end := append(slices.Clone(t.Largest.UserKey), 0)
			for _, at := range [][]byte{t.Smallest.UserKey, end} {
				if bytes.Compare(at, key) > 0 && (next == nil || bytes.Compare(at, next) < 0) {
					next = at
				}
			}
		}
	}
	return next
}

// tableOf returns the table that a key of rows or of an index belongs to.
func (x *Inspection) tableOf(key []byte, headBytes int) (*shape, *Stored, error) {
	if len(key) < headBytes {
		return nil, nil, unknownKey(key)
	}
	id := binary.BigEndian.Uint32(key[1:])
	if x.shapes[id] == nil {
		return nil, nil, unknownKey(key)
	}
	return x.shapes[id], x.counts[id], nil
}

func unknownKey(key []byte) error {
	return disk.Corrupt(fmt.Sprintf("the key %q of the record tables", key),
		"it belongs to no table")
}

func rowName(s *shape, key []byte) string {
	return fmt.Sprintf("the row %q of the table %s", key[rowHeadBytes:], s.Name)
}
