package conform

import (
	"bytes"
	"slices"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
)

// order: rows come in the order of their keys, and the other way round.
func (s *suite) order() {
	rows := extremes()
	backward := slices.Clone(rows)
	slices.Reverse(backward)
	s.put(s.every, backward...)
	all := record.Range{Limit: record.RowsMax}
	s.want("forward", s.scanAll(s.every, all), rows)
	all.Backward = true
	s.want("backward", s.scanAll(s.every, all), backward)
}

// ranges: prefix and bounds, in both directions, also where there is nothing.
func (s *suite) ranges() {
	var rows []*record.Row
	for _, owner := range []string{"", "a", "a\x00", "a\x00b", "b", "\xff", "\xff\xff"} {
		for seq := range uint64(10) {
			rows = append(rows, item(owner, seq*10, 0, ""))
		}
	}
	s.put(s.items, rows...)
	owner := func(o string) []record.Value { return []record.Value{record.Bytes([]byte(o))} }
	uint := func(n uint64) []record.Value { return []record.Value{record.Uint(n)} }
	for _, tc := range []struct {
		what     string
		r        record.Range
		from, to int // of rows
	}{
		{"all", record.Range{}, 0, 70},
		{"an owner", record.Range{Prefix: owner("a")}, 10, 20},
		{"the owner without a name", record.Range{Prefix: owner("")}, 0, 10},
		{"the last owner", record.Range{Prefix: owner("\xff\xff")}, 60, 70},
		{"no such owner", record.Range{Prefix: owner("aa")}, 0, 0},
		{"from", record.Range{Prefix: owner("a"), From: uint(30)}, 13, 20},
		{"from between", record.Range{Prefix: owner("a"), From: uint(31)}, 14, 20},
		{"to", record.Range{Prefix: owner("a"), To: uint(30)}, 10, 14},
		{"to between", record.Range{Prefix: owner("a"), To: uint(29)}, 10, 13},
		{"from and to", record.Range{Prefix: owner("b"), From: uint(20), To: uint(70)}, 42, 48},
		{"turned around", record.Range{Prefix: owner("b"), From: uint(50), To: uint(40)}, 0, 0},
		{"beyond", record.Range{Prefix: owner("b"), From: uint(91)}, 0, 0},
		{"one row", record.Range{Prefix: append(owner("b"), uint(90)...)}, 49, 50},
		{"owners", record.Range{From: owner("a"), To: owner("b")}, 10, 50},
		{"from an owner on", record.Range{From: owner("a\x00")}, 20, 70},
		{"to an owner", record.Range{To: owner("a\x00")}, 0, 30},
		{"from a row to an owner", record.Range{
			From: append(owner("a"), uint(90)...), To: owner("a\x00")}, 19, 30},
		{"from a row to a row", record.Range{
			From: append(owner("a"), uint(90)...), To: append(owner("b"), uint(0)...)}, 19, 41},
	} {
		for _, limit := range []int{1, 3, record.RowsMax} {
			tc.r.Limit, tc.r.Backward = limit, false
			s.want(tc.what, s.scanAll(s.items, tc.r), rows[tc.from:tc.to])
			tc.r.Backward = true
			want := slices.Clone(rows[tc.from:tc.to])
			slices.Reverse(want)
			s.want(tc.what+" backward", s.scanAll(s.items, tc.r), want)
		}
	}
}

// pages: a page is as long as its limit, and has a cursor only if more follows.
func (s *suite) pages() {
	for seq := range uint64(6) {
		s.put(s.items, item("a", seq, 7, "tag"))
	}
	for _, index := range []string{"", "by_score", "by_tag"} {
		for _, backward := range []bool{false, true} {
			r := record.Range{Index: index, Limit: 3, Backward: backward}
			first := s.scan(s.items, r)
			r.After = first.Next
			second := s.scan(s.items, r)
			if len(first.Rows) != 3 || first.Next == nil {
				s.Errorf("index %q, backward %v: a page of %d rows, next %x; want 3 and more",
					index, backward, len(first.Rows), first.Next)
			}
			if len(second.Rows) != 3 || second.Next != nil {
				s.Errorf("index %q, backward %v: a page of %d rows, next %x; want 3, the last",
					index, backward, len(second.Rows), second.Next)
			}
		}
	}
	// A cursor marks a place, not a row: it goes on behind one that is gone.
	page := s.scan(s.items, record.Range{Limit: 3})
	s.update(func(tx record.Tx) error { return tx.Delete(s.items, page.Rows[2].Key...) })
	rest := s.scan(s.items, record.Range{Limit: 9, After: page.Next})
	if len(rest.Rows) != 3 || rest.Rows[0].Key[1].Uint() != 3 {
		s.Errorf("behind a deleted row: %v", rest.Rows)
	}
}

// largePages: documents end a page before the limit does, and no page is empty.
func (s *suite) largePages() {
	var rows []*record.Row
	sizes := []int{300 << 10, 300 << 10, 600 << 10, 1 << 10, record.DocumentBytesMax - 20, 10}
	for seq, size := range sizes {
		r := item("a", uint64(seq), 0, "")
		r.Doc = document(string(bytes.Repeat([]byte{'x'}, size)))
		rows = append(rows, r)
		s.put(s.items, r)
	}
	r := record.Range{Limit: 10}
	pages := 0
	var got []*record.Row
	for {
		page := s.scan(s.items, r)
		size := 0
		for _, row := range page.Rows {
			size += len(row.Doc)
		}
		if size > record.PageBytesMax && len(page.Rows) > 1 {
			s.Errorf("a page of %d rows has %d bytes of documents", len(page.Rows), size)
		}
		got = append(got, page.Rows...)
		if pages++; page.Next == nil {
			break
		}
		r.After = page.Next
	}
	s.want("all pages", got, rows)
	if pages < 3 || pages > 5 {
		s.Errorf("%d pages", pages)
	}
}

// cursors: one that was made up is refused, or harmless: no row outside of the
// range comes of it.
func (s *suite) cursors() {
	s.put(s.items, item("a", 1, 0, ""), item("b", 1, 0, ""), item("b", 2, 0, ""),
		item("c", 1, 0, ""))
	inB := record.Range{Prefix: []record.Value{record.Bytes([]byte("b"))}, Limit: 9}
	of := func(owner string, seq uint64) []byte {
		return record.AppendTuple(nil, record.Bytes([]byte(owner)), record.Uint(seq))
	}
	for _, tc := range []struct {
		after             []byte
		forward, backward int
	}{
		{of("a", 1), 2, 0}, {of("b", 1), 1, 0}, {of("b", 2), 0, 1},
		{of("c", 1), 0, 2}, {of("", 0), 2, 0},
	} {
		inB.After = tc.after
		for _, inB.Backward = range []bool{false, true} {
			want := tc.forward
			if inB.Backward {
				want = tc.backward
			}
			page := s.scan(s.items, inB)
			for _, r := range page.Rows {
				if string(r.Key[0].Bytes()) != "b" {
					s.Errorf("the cursor %x leads to %v", tc.after, r)
				}
			}
			if len(page.Rows) != want {
				s.Errorf("the cursor %x, backward %v: %d rows, want %d", tc.after, inB.Backward,
					len(page.Rows), want)
			}
		}
	}
	for _, bad := range [][]byte{{0}, {1, 2, 3}, append(of("b", 1), 0),
		of("b", 1)[:5], of("b", record.UintMax+1), bytes.Repeat([]byte{'x'}, 5000)} {
		inB.After = bad
		err := s.store.View(s.Context(), func(r record.Reader) error {
			_, err := r.Scan(s.items, inB)
			return err
		})
		s.wantCode("a cursor that was made up", err, fault.InvalidArgument)
	}
}

// indexes: follow what is put, replaced and deleted; equal columns are ordered
// by key.
func (s *suite) indexes() {
	s.put(s.items, item("a", 1, -5, "x"), item("a", 2, 3, "x"), item("b", 1, 3, "y"),
		item("b", 9, -7, "x"))
	keys := func(index string, backward bool, prefix ...record.Value) (out []string) {
		for _, r := range s.scanAll(s.items, record.Range{
			Index: index, Prefix: prefix, Backward: backward, Limit: 2}) {
			out = append(out, string(r.Key[0].Bytes())+r.Key[1].String())
		}
		return out
	}
	check := func(what string, got []string, want ...string) {
		s.Helper()
		if !slices.Equal(got, want) {
			s.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	check("by score", keys("by_score", false), "b9", "a1", "a2", "b1")
	check("by score, backward", keys("by_score", true), "b1", "a2", "a1", "b9")
	check("score 3", keys("by_score", false, record.Int(3)), "a2", "b1")
	check("tag x", keys("by_tag", false, record.String("x")), "a1", "a2", "b9")
	check("tag x, seq 2", keys("by_tag", false, record.String("x"), record.Uint(2)), "a2")
	s.put(s.items, item("a", 1, 100, "y"), item("a", 2, 3, "z"))
	check("by score, replaced", keys("by_score", false), "b9", "a2", "b1", "a1")
	check("by tag, replaced", keys("by_tag", false), "b9", "a1", "b1", "a2")
	s.update(func(tx record.Tx) error {
		return tx.Delete(s.items, record.Bytes([]byte("b")), record.Uint(1))
	})
	check("by score, deleted", keys("by_score", false), "b9", "a2", "a1")
	check("by tag, deleted", keys("by_tag", true), "a2", "a1", "b9")
}
