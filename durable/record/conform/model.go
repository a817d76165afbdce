package conform

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/record"
)

// model: random transactions, of which some abort, against a list of rows.
func (s *suite) model() {
	rapid.Check(s.T, func(t *rapid.T) {
		s.empty(t)
		m := &model{t: t, store: s.store, table: s.items}
		t.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"view":   m.view,
		})
	})
}

// empty removes what the run before has left.
func (s *suite) empty(t *rapid.T) {
	err := s.store.Update(context.Background(), func(tx record.Tx) error {
		page, err := tx.Scan(s.items, record.Range{Limit: record.RowsMax})
		for _, r := range page.Rows {
			if err == nil {
				err = tx.Delete(s.items, r.Key...)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// model is the table items as a list without order.
type model struct {
	t     *rapid.T
	store record.Store
	table *record.Table
	rows  []*record.Row
}

var (
	owners = rapid.SampledFrom([]string{"", "a", "a\x00", "b", "\xff"})
	seqs   = rapid.SampledFrom([]uint64{0, 1, 2, 300, record.UintMax})
	scores = rapid.SampledFrom([]int64{-1 << 63, -300, -1, 0, 1, 1<<63 - 1})
	tags   = rapid.SampledFrom([]string{"", "t", "t\x01", "tt", "ü"})
)

// step is one call of a transaction, drawn before it so that it can run twice.
type step struct {
	what string
	row  *record.Row
	r    record.Range
}

func (m *model) draw(kinds ...string) (steps []step) {
	for range rapid.IntRange(0, 5).Draw(m.t, "steps") {
		st := step{what: rapid.SampledFrom(kinds).Draw(m.t, "call")}
		st.row = item(owners.Draw(m.t, "owner"), seqs.Draw(m.t, "seq"),
			scores.Draw(m.t, "score"), tags.Draw(m.t, "tag"))
		if st.what == "scan" {
			st.r = m.drawRange(st.row)
		}
		steps = append(steps, st)
	}
	return steps
}

// drawRange draws a range around the place of a row.
func (m *model) drawRange(row *record.Row) record.Range {
	r := record.Range{
		Index:    rapid.SampledFrom([]string{"", "by_score", "by_tag"}).Draw(m.t, "index"),
		Backward: rapid.Bool().Draw(m.t, "backward"),
		Limit:    rapid.IntRange(1, 4).Draw(m.t, "limit"),
	}
	other := item(owners.Draw(m.t, "to owner"), seqs.Draw(m.t, "to seq"),
		scores.Draw(m.t, "to score"), tags.Draw(m.t, "to tag"))
	from, to := position(r.Index, row), position(r.Index, other)
	n := rapid.IntRange(0, len(from)).Draw(m.t, "prefix")
	r.Prefix = from[:n]
	r.From = from[n : n+rapid.IntRange(0, len(from)-n).Draw(m.t, "from")]
	r.To = to[n : n+rapid.IntRange(0, len(to)-n).Draw(m.t, "to")]
	return r
}

// position is what orders a row in an index of items.
func position(index string, r *record.Row) []record.Value {
	switch index {
	case "by_score":
		return append([]record.Value{r.Columns[0]}, r.Key...)
	case "by_tag":
		return append([]record.Value{r.Columns[1], r.Key[1]}, r.Key...)
	}
	return r.Key
}

func (m *model) update(t *rapid.T) {
	m.t = t
	steps := m.draw("put", "put", "delete", "get", "scan")
	abort := rapid.IntRange(0, 4).Draw(t, "abort") == 0
	before := m.rows
	err := m.store.Update(context.Background(), func(tx record.Tx) error {
		m.rows = slices.Clone(before)
		for _, st := range steps {
			if err := m.step(tx, st); err != nil {
				return err
			}
		}
		if abort {
			return errOurs
		}
		return nil
	})
	if abort != (err == errOurs) || !abort && err != nil {
		t.Fatalf("update: %v", err)
	}
	if abort {
		m.rows = before
	}
}

func (m *model) view(t *rapid.T) {
	m.t = t
	steps := m.draw("get", "scan")
	err := m.store.View(context.Background(), func(r record.Reader) error {
		for _, st := range steps {
			if err := m.read(r, st); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("view: %v", err)
	}
}

func (m *model) step(tx record.Tx, st step) error {
	switch st.what {
	case "put":
		m.remove(st.row.Key)
		m.rows = append(m.rows, st.row)
		return tx.Put(m.table, st.row)
	case "delete":
		m.remove(st.row.Key)
		return tx.Delete(m.table, st.row.Key...)
	}
	return m.read(tx, st)
}

func (m *model) remove(key []record.Value) {
	m.rows = slices.DeleteFunc(slices.Clone(m.rows), func(r *record.Row) bool {
		return equalValues(r.Key, key)
	})
}

func (m *model) read(r record.Reader, st step) error {
	if st.what == "get" {
		got, err := r.Get(m.table, st.row.Key...)
		if want := m.get(st.row.Key); err == nil && !equal(got, want) {
			m.t.Fatalf("get %v gives %v, want %v", st.row.Key, got, want)
		}
		return err
	}
	want := m.scan(st.r)
	for {
		page, err := r.Scan(m.table, st.r)
		if err != nil {
			return err
		}
		n := min(st.r.Limit, len(want))
		if !slices.EqualFunc(page.Rows, want[:n], equal) || (page.Next == nil) != (n == len(want)) {
			m.t.Fatalf("scan %+v gives %v, next %x; want %v of %d", st.r,
				page.Rows, page.Next, want[:n], len(want))
		}
		if page.Next == nil {
			return nil
		}
		want, st.r.After = want[n:], page.Next
	}
}

func (m *model) get(key []record.Value) *record.Row {
	i := slices.IndexFunc(m.rows, func(r *record.Row) bool { return equalValues(r.Key, key) })
	if i < 0 {
		return nil
	}
	return m.rows[i]
}

// scan filters and sorts.
func (m *model) scan(r record.Range) (rows []*record.Row) {
	for _, row := range m.rows {
		p := position(r.Index, row)
		rest := p[len(r.Prefix):]
		if compareValues(p, r.Prefix) == 0 && compareValues(rest, r.From) >= 0 &&
			compareValues(rest, r.To) <= 0 {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *record.Row) int {
		c := compareValues(position(r.Index, a), position(r.Index, b))
		if r.Backward {
			return -c
		}
		return c
	})
	return rows
}
