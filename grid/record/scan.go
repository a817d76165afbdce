package record

import (
	"bytes"

	"github.com/thronggrid/throng/grid/fault"
)

// Range says which rows a scan returns, and in which order.
type Range struct {
	Index    string  // scan in the order of this index; "": of the keys
	Prefix   []Value // rows whose first columns in that order have these values
	From, To []Value // and whose next columns are not below From nor above To
	After    []byte  // go on behind this cursor, a Page.Next of the same range
	Backward bool    // from the last row to the first
	Limit    int     // rows of the page, 1 to RowsMax
}

// Page is a part of a range. It has fewer rows than the limit when these would
// take more than PageBytesMax.
type Page struct {
	Rows []*Row
	// Next is where the range goes on: an opaque cursor, which may be shown to
	// clients and come back from them. Nil: there is nothing more.
	Next []byte
}

// Bounds are a range as a store sees it that keeps rows by encoded tuples: all
// positions p of an index with Low ≤ p < High. A position is the tuple of the
// columns that Table.Position names.
type Bounds struct {
	Index int    // of Table.Indexes, or ByKey
	Low   []byte // nil: from the first
	High  []byte // nil: to the last
}

// Bounds returns the bounds of a range of a table.
func (r *Range) Bounds(t *Table) (b Bounds, err error) {
	at, ok := t.index(r.Index)
	if !ok {
		return b, fault.New(fault.Internal, "the table %s has no index %s", t.Name, r.Index)
	}
	if r.Limit < 1 || r.Limit > RowsMax {
		return b, fault.New(fault.Internal, "a scan of the table %s for %d rows: 1 to %d",
			t.Name, r.Limit, RowsMax)
	}
	columns := t.Position(at)
	n := len(r.Prefix)
	if n+max(len(r.From), len(r.To)) > len(columns) {
		return b, fault.New(fault.Internal, "a scan of the table %s by %d columns, it has %d",
			t.Name, n+max(len(r.From), len(r.To)), len(columns))
	}
	for i, part := range [...][]Value{r.Prefix, r.From, r.To} {
		of := columns
		if i > 0 {
			of = columns[n:]
		}
		if err := t.checkValues(of, part); err != nil {
			return b, err
		}
	}
	b.Index = at
	b.Low = AppendTuple(AppendTuple(nil, r.Prefix...), r.From...)
	b.High = Successor(AppendTuple(AppendTuple(nil, r.Prefix...), r.To...))
	return b, r.resume(&b, columns)
}

// resume narrows the bounds to what is behind the cursor. A cursor of another
// range does no harm: it never widens them.
func (r *Range) resume(b *Bounds, columns []Column) error {
	if len(r.After) == 0 {
		return nil
	}
	_, rest, err := DecodeTuple(r.After, columns, nil)
	if err != nil || len(rest) != 0 {
		return fault.New(fault.InvalidArgument,
			"the cursor is none of this list: use one that a page of it gave, as it was")
	}
	if r.Backward {
		if b.High == nil || bytes.Compare(r.After, b.High) < 0 {
			b.High = r.After
		}
	} else if behind := append(bytes.Clone(r.After), 0); bytes.Compare(behind, b.Low) > 0 {
		b.Low = behind
	}
	return nil
}

// Empty says that nothing can lie within the bounds.
func (b *Bounds) Empty() bool { return b.High != nil && bytes.Compare(b.Low, b.High) >= 0 }

// AppendPosition appends a row's position in an index, or ByKey.
func (t *Table) AppendPosition(b []byte, index int, r *Row) []byte {
	if index != ByKey {
		for _, name := range t.Indexes[index].Columns {
			at, _ := t.column(name)
			b = appendValue(b, r.at(at))
		}
	}
	return AppendTuple(b, r.Key...)
}

// Successor returns the smallest string of bytes above all that begin with
// prefix, or nil when there is none. It may reuse prefix.
func Successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			prefix[i]++
			return prefix[:i+1]
		}
	}
	return nil
}
