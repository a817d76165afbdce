package record_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/grid/record"
)

// table makes a good table and lets a test spoil it.
func table(spoil func(*record.Table)) *record.Table {
	t := &record.Table{
		Name:    "friends",
		Key:     []record.Column{{Name: "user_id", Type: record.TypeUUID}, {Name: "friend", Type: record.TypeUUID}},
		Columns: []record.Column{{Name: "state", Type: record.TypeUint}},
		Indexes: []record.Index{{Name: "by_state", Columns: []string{"user_id", "state"}}},
	}
	spoil(t)
	return t
}

func TestTableCheck(t *testing.T) {
	many := func(n int) (out []record.Column) {
		for i := range n {
			out = append(out, record.Column{Name: fmt.Sprintf("c%d", i), Type: record.TypeInt})
		}
		return out
	}
	for what, tc := range map[string]struct {
		spoil func(*record.Table)
		want  string // "": it is good
	}{
		"good":             {func(*record.Table) {}, ""},
		"full":             {func(t *record.Table) { t.Columns = many(record.ColumnsMax - 2) }, "names the column"},
		"just full":        {func(t *record.Table) { t.Columns, t.Indexes = many(record.ColumnsMax-2), nil }, ""},
		"too many columns": {func(t *record.Table) { t.Columns = many(record.ColumnsMax - 1) }, "16 in all"},
		"no key":           {func(t *record.Table) { t.Key = nil }, "at least 1"},
		"no name":          {func(t *record.Table) { t.Name = "" }, "1 to 48"},
		"a long name":      {func(t *record.Table) { t.Name = strings.Repeat("a", 49) }, "1 to 48"},
		"a name to quote":  {func(t *record.Table) { t.Name = "a-b" }, "a to z"},
		"a digit first":    {func(t *record.Table) { t.Key[0].Name = "1a" }, "a to z"},
		"upper case":       {func(t *record.Table) { t.Columns[0].Name = "State" }, "a to z"},
		"doc":              {func(t *record.Table) { t.Columns[0].Name = "doc" }, "is taken"},
		"a column twice":   {func(t *record.Table) { t.Columns[0].Name = "friend" }, "is taken"},
		"no type":          {func(t *record.Table) { t.Key[0].Type = 0 }, "unknown type 0"},
		"a type to come":   {func(t *record.Table) { t.Key[0].Type = 6 }, "unknown type 6"},
		"an empty index":   {func(t *record.Table) { t.Indexes[0].Columns = nil }, "no columns"},
		"an index without a name": {
			func(t *record.Table) { t.Indexes[0].Name = "" }, "1 to 48"},
		"an index twice": {
			func(t *record.Table) { t.Indexes = append(t.Indexes, t.Indexes[0]) }, "there twice"},
		"an index of nothing": {
			func(t *record.Table) { t.Indexes[0].Columns[1] = "name" }, `the column "name"`},
		"an index of a column twice": {
			func(t *record.Table) { t.Indexes[0].Columns[1] = "user_id" }, "or twice"},
		"too many indexes": {func(t *record.Table) {
			for i := range record.IndexesMax {
				t.Indexes = append(t.Indexes, record.Index{Name: fmt.Sprintf("x%d", i), Columns: []string{"state"}})
			}
		}, "9 indexes"},
	} {
		err := table(tc.spoil).Check()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", what, err, tc.want)
		}
	}
}

func TestValues(t *testing.T) {
	id := grid.UserID("custom", "x")
	for _, tc := range []struct {
		v    record.Value
		got  any
		want any
		text string
	}{
		{record.Bytes([]byte{1, 0xab}), string(record.Bytes([]byte{1, 0xab}).Bytes()), "\x01\xab", "01ab"},
		{record.String("é"), record.String("é").Text(), "é", `"é"`},
		{record.Uint(7), record.Uint(7).Uint(), uint64(7), "7"},
		{record.Int(-7), record.Int(-7).Int(), int64(-7), "-7"},
		{record.UUID(id), record.UUID(id).UUID(), id, id.String()},
	} {
		if tc.got != tc.want || tc.v.String() != tc.text {
			t.Errorf("%v: %v, want %v (%s)", tc.v, tc.got, tc.want, tc.text)
		}
	}
}

// A value that is read as another type is a mistake: noticed in tests, and
// nothing otherwise.
func TestAValueHasOneType(t *testing.T) {
	defer func() {
		if noticed := recover() != nil; noticed != invariant.Enabled {
			t.Errorf("noticed: %v", noticed)
		}
	}()
	if n := record.String("a").Uint(); n != 0 {
		t.Errorf("text is read as %d", n)
	}
}
