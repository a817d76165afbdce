package conform

import (
	"bytes"
	"slices"
	"strings"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// refused: what does not fit a table, with the code of whose mistake it is.
func (s *suite) refused() {
	long := strings.Repeat("x", record.ValueBytesMax+1)
	zeros := strings.Repeat("\x00", record.KeyBytesMax/2)
	for what, row := range map[string]*record.Row{
		"text that is not UTF-8":      item("a", 1, 1, "\xff"),
		"text with NUL":               item("a", 1, 1, "a\x00"),
		"long text":                   item("a", 1, 1, long),
		"long bytes":                  item(long, 1, 1, ""),
		"a long key":                  item(long[:record.KeyBytesMax-9], 1, 1, ""),
		"a key with many zero bytes":  item(zeros, 1, 1, ""),
		"long columns of an index":    item("a", 1, 1, long[:record.KeyBytesMax-9]),
		"a uint of 64 bits":           item("a", record.UintMax+1, 1, ""),
		"a document that is too long": with(document(strings.Repeat(long, 1<<10))),
	} {
		s.wantCode(what, s.put1(row), fault.InvalidArgument)
	}
	key, columns := item("a", 1, 1, "").Key, item("a", 1, 1, "").Columns
	uints := pack.AppendNil(pack.AppendUint(pack.AppendMap(nil, 1), 1))
	for what, row := range map[string]*record.Row{
		"a document that is none":    with([]byte{0xc1}),
		"an array for a document":    with([]byte{0x90}),
		"two documents":              with(append(document("a"), document("b")...)),
		"a document with a uint key": with(uints),
		"a short key":                {Key: key[:1], Columns: columns},
		"a long key":                 {Key: append(key[:2:2], key[0]), Columns: columns},
		"few columns":                {Key: key, Columns: columns[:2]},
		"many columns":               {Key: key, Columns: append(columns[:3:3], key[1])},
		"a column of another type":   {Key: key, Columns: append(key[1:2:2], columns[1:]...)},
		"a column without a type":    {Key: key, Columns: append(columns[:2:2], record.Value{})},
	} {
		s.wantCode(what, s.put1(row), fault.Internal)
	}
	s.want("after it all", s.scanAll(s.items, record.Range{Limit: 9}), nil)
	longest := item(long[:record.KeyBytesMax-10], 1, 1, long[:record.KeyBytesMax-10])
	s.put(s.items, longest)
	s.want("the longest row", s.scanAll(s.items, record.Range{Limit: 9, Index: "by_tag"}),
		[]*record.Row{longest})
}

// with makes a row with a document.
func with(doc []byte) *record.Row {
	r := item("a", 1, 1, "tag")
	r.Doc = doc
	return r
}

// put1 tries to put one row.
func (s *suite) put1(r *record.Row) error {
	return s.store.Update(s.Context(), func(tx record.Tx) error { return tx.Put(s.items, r) })
}

// refusedCalls: calls that no table can serve.
func (s *suite) refusedCalls() {
	stranger := items()
	key := item("a", 1, 0, "").Key
	other := record.UUID(grid.ID{})
	for what, f := range map[string]func(record.Tx) error{
		"a table that the store does not have": func(tx record.Tx) error {
			return tx.Put(stranger, item("a", 1, 1, ""))
		},
		"a short key": func(tx record.Tx) error {
			_, err := tx.Get(s.items, key[0])
			return err
		},
		"a key of other types": func(tx record.Tx) error {
			return tx.Delete(s.items, key[1], key[0])
		},
		"too many keys": func(tx record.Tx) error {
			keys := slices.Repeat([][]record.Value{key}, record.RowsMax+1)
			_, err := tx.GetMany(s.items, keys...)
			return err
		},
	} {
		s.wantCode(what, s.store.Update(s.Context(), f), fault.Internal)
	}
	for what, r := range map[string]record.Range{
		"no limit":          {},
		"a limit too high":  {Limit: record.RowsMax + 1},
		"an unknown index":  {Limit: 1, Index: "by_name"},
		"a long prefix":     {Limit: 1, Prefix: append(key[:2:2], key[0])},
		"a prefix of types": {Limit: 1, Prefix: []record.Value{other}},
		"a long bound":      {Limit: 1, Prefix: key[:1], From: append(key[1:2:2], other)},
		"a bound of types":  {Limit: 1, Prefix: key[:1], To: []record.Value{other}},
	} {
		s.wantCode(what, s.scanning(r), fault.Internal)
	}
	long := record.Bytes(bytes.Repeat([]byte{1}, record.ValueBytesMax+1))
	high := record.Uint(record.UintMax + 1)
	for what, r := range map[string]record.Range{
		"a prefix beyond limits": {Limit: 1, Prefix: []record.Value{long}},
		"a bound beyond limits":  {Limit: 1, Prefix: key[:1], From: []record.Value{high}},
	} {
		s.wantCode(what, s.scanning(r), fault.InvalidArgument)
	}
}

func (s *suite) scanning(r record.Range) error {
	return s.store.Update(s.Context(), func(tx record.Tx) error {
		_, err := tx.Scan(s.items, r)
		return err
	})
}

// tooLarge: a transaction is bounded, and one just below the bound is stored
// whole.
func (s *suite) tooLarge() {
	fill := func(rows uint64) func(record.Tx) error {
		return func(tx record.Tx) error {
			for seq := range rows {
				r := item("a", seq, 0, "")
				r.Doc = document(strings.Repeat("x", 1e6))
				if err := tx.Put(s.items, r); err != nil {
					return err
				}
			}
			return nil
		}
	}
	const rows = record.TransactionBytesMax / 1_000_100
	err := s.store.Update(s.Context(), fill(rows+1))
	s.wantCode("a transaction that is too large", err, fault.ResourceExhausted)
	s.want("after it", s.scanAll(s.items, record.Range{Limit: 9}), nil)
	s.update(fill(rows))
	if n := len(s.scanAll(s.items, record.Range{Limit: 9})); n != rows {
		s.Errorf("%d rows of a large transaction, want %d", n, rows)
	}
}
