package memory

import (
	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid/record"
)

// tx is one call of a transaction's function.
type tx struct {
	record.Attempt
	tables tables
}

var _ record.Tx = (*tx)(nil)

// table begins a call: it returns what the table is made of.
func (x *tx) table(t *record.Table) (*table, error) {
	if err := x.Begin(); err != nil {
		return nil, err
	}
	in := x.tables[t]
	if in == nil {
		return nil, x.Fail(record.Unopened(t))
	}
	return in, nil
}

// Get implements record.Reader.
func (x *tx) Get(t *record.Table, key ...record.Value) (*record.Row, error) {
	rows, err := x.GetMany(t, key)
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// GetMany implements record.Reader.
func (x *tx) GetMany(t *record.Table, keys ...[]record.Value) ([]*record.Row, error) {
	in, err := x.table(t)
	if err != nil {
		return nil, err
	}
	if err := t.CheckKeys(keys); err != nil {
		return nil, x.Fail(err)
	}
	rows := make([]*record.Row, len(keys))
	for i, key := range keys {
		if row, ok := in.rows.Get(string(record.AppendTuple(nil, key...))); ok {
			rows[i] = row.Clone()
		}
	}
	return rows, nil
}

// Scan implements record.Reader.
func (x *tx) Scan(t *record.Table, r record.Range) (page record.Page, err error) {
	in, err := x.table(t)
	if err != nil {
		return page, err
	}
	b, err := r.Bounds(t)
	if err != nil {
		return page, x.Fail(err)
	}
	size := 0
	take := func(position string, row *record.Row) bool {
		above := b.High != nil && position >= string(b.High)
		if above || position < string(b.Low) {
			return above && r.Backward // the way down begins at High itself
		}
		size += row.Bytes()
		if n := len(page.Rows); n == r.Limit || n > 0 && size > record.PageBytesMax {
			page.Next = t.AppendPosition(nil, b.Index, page.Rows[n-1])
			return false
		}
		page.Rows = append(page.Rows, row.Clone())
		return true
	}
	positions := &in.rows
	if b.Index != record.ByKey {
		positions = &in.indexes[b.Index]
	}
	switch {
	case !r.Backward:
		positions.Ascend(string(b.Low), take)
	case b.High == nil:
		positions.Reverse(take)
	default:
		positions.Descend(string(b.High), take)
	}
	return page, nil
}

// Put implements record.Tx.
func (x *tx) Put(t *record.Table, r *record.Row) error {
	in, err := x.table(t)
	if err != nil {
		return err
	}
	if err := x.CheckPut(t, r); err != nil {
		return err
	}
	row := r.Clone()
	old, replaced := in.rows.Set(string(record.AppendTuple(nil, r.Key...)), row)
	if replaced {
		in.unindex(t, old)
	}
	in.eachIndex(t, row, func(rows *btree.Map[string, *record.Row], position string) {
		rows.Set(position, row)
	})
	return nil
}

// Delete implements record.Tx.
func (x *tx) Delete(t *record.Table, key ...record.Value) error {
	in, err := x.table(t)
	if err != nil {
		return err
	}
	if err := x.CheckDelete(t, key); err != nil {
		return err
	}
	if old, ok := in.rows.Delete(string(record.AppendTuple(nil, key...))); ok {
		in.unindex(t, old)
	}
	return nil
}

func (in *table) unindex(t *record.Table, old *record.Row) {
	in.eachIndex(t, old, func(rows *btree.Map[string, *record.Row], position string) {
		rows.Delete(position)
	})
}

func (in *table) eachIndex(
	t *record.Table, row *record.Row, f func(rows *btree.Map[string, *record.Row], position string),
) {
	for i := range in.indexes {
		f(&in.indexes[i], string(t.AppendPosition(nil, i, row)))
	}
}
