package record

import (
	"bytes"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/grid/record"
)

// Scan implements record.Reader.
func (x *tx) Scan(t *record.Table, r record.Range) (page record.Page, err error) {
	s, err := x.shape(t)
	if err != nil {
		return page, err
	}
	b, err := r.Bounds(t)
	if err != nil {
		return page, x.Fail(err)
	}
	if b.Empty() {
		return page, nil
	}
	var o pebble.IterOptions
	o.LowerBound, o.UpperBound = s.bounds(b)
	it, err := x.from.NewIter(&o)
	if err != nil {
		return page, x.unreadable(s, err)
	}
	step, size := it.Next, 0
	ok := false
	if r.Backward {
		step = it.Prev
		ok = it.Last()
	} else {
		ok = it.First()
	}
	for ; ok && err == nil; ok = step() {
		var row *record.Row
		if row, err = x.at(s, it, b.Index); err != nil {
			break
		}
		size += row.Bytes()
		if n := len(page.Rows); n == r.Limit || n > 0 && size > record.PageBytesMax {
			page.Next = t.AppendPosition(nil, b.Index, page.Rows[n-1])
			break
		}
		page.Rows = append(page.Rows, row)
	}
	if failed := errors.Join(it.Error(), it.Close()); failed != nil && err == nil {
		err = x.unreadable(s, failed)
	}
	if err != nil {
		return record.Page{}, err
	}
	return page, nil
}

// at returns the row at an iterator's place.
func (x *tx) at(s *shape, it *pebble.Iterator, index int) (*record.Row, error) {
	key := it.Key()
	if index == record.ByKey {
		return x.row(s, it)
	}
	_, rest, err := record.DecodeTuple(key[indexHeadBytes:], s.columns[index], nil)
	if err != nil {
		return nil, x.distrust(s, key, err.Error())
	}
	x.key = append(s.appendHead(x.key[:0], record.ByKey), rest...)
	row, err := x.load(s, x.key)
	if err != nil {
		return nil, err
	}
	if row != nil {
		x.value = s.appendIndexKey(x.value[:0], index, row)
	}
	if row == nil || !bytes.Equal(x.value, key) {
		return nil, x.distrust(s, key, "the index names a row that is not there")
	}
	return row, nil
}
