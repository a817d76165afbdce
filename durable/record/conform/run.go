package conform

import (
	"context"
	"reflect"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// Run tests a store. Open returns an empty one with the given tables, which is
// closed when its test ends.
func Run(t *testing.T, open func(t *testing.T, tables ...*record.Table) record.Store) {
	for _, part := range []struct {
		name string
		test func(*suite)
	}{
		{"AllTypes", (*suite).allTypes},
		{"Replace", (*suite).replace},
		{"GetMany", (*suite).getMany},
		{"Order", (*suite).order},
		{"Ranges", (*suite).ranges},
		{"Pages", (*suite).pages},
		{"LargePages", (*suite).largePages},
		{"Cursors", (*suite).cursors},
		{"Indexes", (*suite).indexes},
		{"OwnWrites", (*suite).ownWrites},
		{"Abort", (*suite).abort},
		{"Panic", (*suite).panics},
		{"Spoiled", (*suite).spoiled},
		{"Over", (*suite).over},
		{"Cancelled", (*suite).cancelled},
		{"Refused", (*suite).refused},
		{"RefusedCalls", (*suite).refusedCalls},
		{"TooLarge", (*suite).tooLarge},
		{"Moment", (*suite).moment},
		{"Memory", (*suite).memory},
		{"Increments", (*suite).increments},
		{"WriteSkew", (*suite).writeSkew},
		{"Totals", (*suite).totals},
		{"Model", (*suite).model},
	} {
		t.Run(part.name, func(t *testing.T) {
			s := &suite{T: t, every: everyType(), items: items()}
			s.store = open(t, s.every, s.items)
			part.test(s)
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	store        record.Store
	every, items *record.Table
}

// everyType has a key of all types.
func everyType() *record.Table {
	return &record.Table{
		Name: "every_type",
		Key: []record.Column{
			{Name: "bytes", Type: record.TypeBytes}, {Name: "text", Type: record.TypeString},
			{Name: "uint", Type: record.TypeUint}, {Name: "int", Type: record.TypeInt},
			{Name: "id", Type: record.TypeUUID},
		},
	}
}

// items has indexes over key columns and others.
func items() *record.Table {
	return &record.Table{
		Name: "items",
		Key: []record.Column{
			{Name: "owner", Type: record.TypeBytes}, {Name: "seq", Type: record.TypeUint},
		},
		Columns: []record.Column{
			{Name: "score", Type: record.TypeInt}, {Name: "tag", Type: record.TypeString},
			{Name: "session", Type: record.TypeUUID},
		},
		Indexes: []record.Index{
			{Name: "by_score", Columns: []string{"score"}},
			{Name: "by_tag", Columns: []string{"tag", "seq"}},
		},
	}
}

// item makes a row of items.
func item(owner string, seq uint64, score int64, tag string) *record.Row {
	return &record.Row{
		Key: []record.Value{record.Bytes([]byte(owner)), record.Uint(seq)},
		Columns: []record.Value{
			record.Int(score), record.String(tag), record.UUID(grid.UserID("test", owner)),
		},
		Doc: document(owner + tag),
	}
}

// document makes a document that holds a text.
func document(text string) []byte {
	return pack.AppendString(pack.AppendString(pack.AppendMap(nil, 1), "text"), text)
}

func (s *suite) update(f func(record.Tx) error) {
	s.Helper()
	if err := s.store.Update(context.Background(), f); err != nil {
		s.Fatalf("update: %v", err)
	}
}

func (s *suite) view(f func(record.Reader) error) {
	s.Helper()
	if err := s.store.View(context.Background(), f); err != nil {
		s.Fatalf("view: %v", err)
	}
}

// put puts rows in a transaction.
func (s *suite) put(t *record.Table, rows ...*record.Row) {
	s.Helper()
	s.update(func(tx record.Tx) error {
		for _, r := range rows {
			if err := tx.Put(t, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// get returns the row with a key, or nil.
func (s *suite) get(t *record.Table, key ...record.Value) (row *record.Row) {
	s.Helper()
	s.view(func(r record.Reader) (err error) {
		row, err = r.Get(t, key...)
		return err
	})
	return row
}

// scan returns a page.
func (s *suite) scan(t *record.Table, r record.Range) (page record.Page) {
	s.Helper()
	s.view(func(rd record.Reader) (err error) {
		page, err = rd.Scan(t, r)
		return err
	})
	return page
}

// scanAll returns a whole range, page by page.
func (s *suite) scanAll(t *record.Table, r record.Range) (rows []*record.Row) {
	s.Helper()
	for {
		page := s.scan(t, r)
		rows = append(rows, page.Rows...)
		if page.Next == nil {
			return rows
		}
		if len(page.Rows) == 0 {
			s.Fatal("an empty page with a cursor")
		}
		r.After = page.Next
	}
}

// want compares rows.
func (s *suite) want(what string, got, want []*record.Row) {
	s.Helper()
	if len(got) != len(want) {
		s.Fatalf("%s gives %d rows, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !equal(got[i], want[i]) {
			s.Fatalf("%s: row %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// wantCode compares the code of an error.
func (s *suite) wantCode(what string, err error, want fault.Code) {
	s.Helper()
	if got := fault.CodeOf(err); got != want || err != nil && fault.Of(err).Message == "" {
		s.Errorf("%s gives %v, want the code %v", what, err, want)
	}
}

// equal says whether two rows are the same, or both nil.
func equal(a, b *record.Row) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equalValues(a.Key, b.Key) && equalValues(a.Columns, b.Columns) &&
		reflect.DeepEqual(append([]byte{}, a.Doc...), append([]byte{}, b.Doc...))
}

func equalValues(a, b []record.Value) bool { return compareValues(a, b) == 0 && len(a) == len(b) }

// compareValues compares as many values as both have.
func compareValues(a, b []record.Value) int {
	for i := range min(len(a), len(b)) {
		if c := a[i].Compare(b[i]); c != 0 {
			return c
		}
	}
	return 0
}
