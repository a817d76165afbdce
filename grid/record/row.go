package record

import (
	"bytes"
	"unicode/utf8"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Row is a row of a table.
type Row struct {
	Key     []Value // as Table.Key says
	Columns []Value // as Table.Columns says
	Doc     []byte  // one msgpack map whose keys are text, or nothing
}

// Clone returns a row that shares no memory with r.
func (r *Row) Clone() *Row {
	return &Row{Key: cloneValues(r.Key), Columns: cloneValues(r.Columns), Doc: bytes.Clone(r.Doc)}
}

func cloneValues(values []Value) []Value {
	if values == nil {
		return nil
	}
	out := make([]Value, len(values))
	for i, v := range values {
		out[i] = v.clone()
	}
	return out
}

// Bytes returns the size of the row as a page counts it.
func (r *Row) Bytes() int { return TupleBytes(r.Key) + TupleBytes(r.Columns) + len(r.Doc) }

// at returns the value of the column at a position of key and others.
func (r *Row) at(i int) Value {
	if i < len(r.Key) {
		return r.Key[i]
	}
	return r.Columns[i-len(r.Key)]
}

// CheckKey says why the values cannot be a key of the table.
func (t *Table) CheckKey(key []Value) error {
	if err := t.checkValues(t.Key, key); err != nil {
		return err
	}
	if len(key) != len(t.Key) {
		return fault.New(fault.Internal, "a key of %d columns in the table %s, which has %d",
			len(key), t.Name, len(t.Key))
	}
	return t.checkSize(t.Name, TupleBytes(key))
}

// CheckRow says why a row cannot be put into the table.
func (t *Table) CheckRow(r *Row) error {
	if err := t.CheckKey(r.Key); err != nil {
		return err
	}
	if err := t.checkValues(t.Columns, r.Columns); err != nil {
		return err
	}
	if len(r.Columns) != len(t.Columns) {
		return fault.New(fault.Internal, "a row of %d columns in the table %s, which has %d",
			len(r.Columns), t.Name, len(t.Columns))
	}
	for i := range t.Indexes {
		if err := t.checkSize(t.Indexes[i].Name, t.indexBytes(i, r)); err != nil {
			return err
		}
	}
	return t.checkDocument(r.Doc)
}

// indexBytes returns the size of a row's columns in an index.
func (t *Table) indexBytes(index int, r *Row) (size int) {
	for _, name := range t.Indexes[index].Columns {
		at, _ := t.column(name)
		size += tupleBytes(r.at(at))
	}
	return size
}

// putBytes returns what putting a row takes of TransactionBytesMax: the row, and
// its place in each index.
func (t *Table) putBytes(r *Row) int {
	size := r.Bytes()
	for i := range t.Indexes {
		size += t.indexBytes(i, r) + TupleBytes(r.Key)
	}
	return size
}

// checkValues checks as many values as there are against the columns.
func (t *Table) checkValues(columns []Column, values []Value) error {
	for i, v := range values[:min(len(columns), len(values))] {
		c := columns[i]
		if v.typ != c.Type {
			return fault.New(fault.Internal, "the column %s of the table %s takes %v, not %v",
				c.Name, t.Name, c.Type, v.typ)
		}
		if err := checkValue(c, v); err != nil {
			return err
		}
	}
	return nil
}

func checkValue(c Column, v Value) error {
	switch v.typ {
	case TypeUint:
		if v.num > UintMax {
			return fault.New(fault.InvalidArgument, "%s is %d: at most %d",
				c.Name, v.num, uint64(UintMax))
		}
		return nil
	case TypeString:
		if !utf8.Valid(v.data) || bytes.IndexByte(v.data, 0) >= 0 {
			return fault.New(fault.InvalidArgument,
				"%s is %q: use UTF-8 without the character U+0000", c.Name, v.data)
		}
	}
	if len(v.data) > ValueBytesMax {
		return fault.New(fault.InvalidArgument,
			"%s has %d bytes: at most %d", c.Name, len(v.data), ValueBytesMax)
	}
	return nil
}

func (t *Table) checkSize(what string, size int) error {
	if size > KeyBytesMax {
		return fault.New(fault.InvalidArgument, "the columns of %s of the table %s take %d bytes: "+
			"at most %d, and a zero byte counts twice", what, t.Name, size, KeyBytesMax)
	}
	return nil
}

func (t *Table) checkDocument(doc []byte) error {
	if len(doc) > DocumentBytesMax {
		return fault.New(fault.InvalidArgument,
			"a document of %d bytes for the table %s: at most %d",
			len(doc), t.Name, DocumentBytesMax)
	}
	if len(doc) == 0 {
		return nil
	}
	in := pack.NewCursor(doc)
	for range in.Map() {
		_ = in.String()
		in.Skip()
	}
	if err := in.Done(); err != nil {
		return fault.New(fault.Internal,
			"a document of the table %s is no msgpack map with text keys: %v", t.Name, err)
	}
	return nil
}
