package conform

import (
	"bytes"
	"math"
	"strings"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/record"
)

// extremes are keys of all types with the values at the edges, in order.
func extremes() (rows []*record.Row) {
	for _, b := range [][]byte{
		{}, {0}, {0, 0}, {0, 1}, {0, 0xff}, {1}, {0xfe}, {0xff}, {0xff, 0},
		bytes.Repeat([]byte{0xff}, 300),
	} {
		for _, text := range []string{"", "a", "a\x01", "aa", "é", "日本", "\U0010ffff"} {
			for _, u := range []uint64{0, 255, 256, record.UintMax} {
				for _, i := range []int64{math.MinInt64, -256, -1, 0, 1, math.MaxInt64} {
					for _, id := range []grid.ID{{}, {15: 1}, {0: 0xff}} {
						rows = append(rows, &record.Row{Key: []record.Value{record.Bytes(b),
							record.String(text), record.Uint(u), record.Int(i), record.UUID(id)}})
					}
				}
			}
		}
	}
	return rows
}

// allTypes: every value comes back as it was.
func (s *suite) allTypes() {
	rows := extremes()
	for i, r := range rows {
		r.Doc = document(strings.Repeat("x", i%40))
	}
	s.put(s.every, rows...)
	for i := 0; i < len(rows); i += 7 {
		if got := s.get(s.every, rows[i].Key...); !equal(got, rows[i]) {
			s.Fatalf("row %v comes back as %v", rows[i], got)
		}
	}
	key := append([]record.Value{}, rows[0].Key...)
	key[2] = record.Uint(7)
	if got := s.get(s.every, key...); got != nil {
		s.Errorf("a row that was never put: %v", got)
	}
}

// replace: a row takes the place of the one with its key, and deleting removes
// it; deleting what is not there does nothing. A document may be missing.
func (s *suite) replace() {
	first, second := item("a", 1, 5, "x"), item("a", 1, 6, "")
	second.Doc = nil
	for _, r := range []*record.Row{first, second, first} {
		s.put(s.items, r)
		if got := s.get(s.items, r.Key...); !equal(got, r) {
			s.Errorf("%v comes back as %v", r, got)
		}
	}
	for range 2 {
		s.update(func(tx record.Tx) error { return tx.Delete(s.items, first.Key...) })
		if got := s.get(s.items, first.Key...); got != nil {
			s.Errorf("%v is there after it was deleted", got)
		}
	}
	s.update(func(tx record.Tx) error {
		if err := tx.Put(s.items, second); err != nil {
			return err
		}
		if err := tx.Delete(s.items, second.Key...); err != nil {
			return err
		}
		return tx.Put(s.items, first)
	})
	s.want("put, delete, put", s.scanAll(s.items, record.Range{Limit: 9}), []*record.Row{first})
}

// getMany: rows stand where their keys stood, nil for what is not there, also
// when a key is named twice.
func (s *suite) getMany() {
	a, b, c := item("a", 1, 0, ""), item("b", 2, 0, ""), item("c", 3, 0, "")
	s.put(s.items, a, c)
	s.view(func(r record.Reader) error {
		got, err := r.GetMany(s.items, c.Key, b.Key, a.Key, c.Key)
		s.want("GetMany", got, []*record.Row{c, nil, a, c})
		if err != nil {
			return err
		}
		got, err = r.GetMany(s.items)
		s.want("GetMany of nothing", got, nil)
		return err
	})
}

// memory: rows handed in may be used again, and rows handed out changed.
func (s *suite) memory() {
	r := item("owner", 1, 2, "tag")
	want := r.Clone()
	s.put(s.items, r)
	spoil := func(r *record.Row) {
		clear(r.Doc)
		clear(r.Key[0].Bytes())
		clear(r.Key)
		clear(r.Columns)
	}
	spoil(r)
	for range 2 {
		got := s.get(s.items, want.Key...)
		if !equal(got, want) {
			s.Fatalf("the row became %v", got)
		}
		spoil(got)
		page := s.scan(s.items, record.Range{Index: "by_tag", Limit: 1})
		s.want("a scan", page.Rows, []*record.Row{want})
		spoil(page.Rows[0])
	}
	s.update(func(tx record.Tx) error {
		r := want.Clone()
		if err := tx.Put(s.items, r); err != nil {
			return err
		}
		spoil(r)
		got, err := tx.Get(s.items, want.Key...)
		s.want("a row of the same transaction", []*record.Row{got}, []*record.Row{want})
		if err == nil {
			spoil(got)
		}
		return err
	})
	if got := s.get(s.items, want.Key...); !equal(got, want) {
		s.Errorf("the row became %v", got)
	}
}
