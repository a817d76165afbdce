package record

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/record"
)

// FuzzRow feeds the decoder of rows damaged keys and values, and values that are
// sealed and still make no sense.
func FuzzRow(f *testing.F) {
	s := newShape(&record.Table{
		Name: "t",
		Key:  []record.Column{{Name: "k", Type: record.TypeBytes}, {Name: "n", Type: record.TypeInt}},
		Columns: []record.Column{{Name: "s", Type: record.TypeString}, {Name: "u", Type: record.TypeUint},
			{Name: "id", Type: record.TypeUUID}},
	}, 1)
	row := &record.Row{
		Key:     []record.Value{record.Bytes([]byte("a\x00b")), record.Int(-1)},
		Columns: []record.Value{record.String("é"), record.Uint(7), record.UUID(grid.ID{1, 2})},
		Doc:     []byte{0x80},
	}
	key := s.appendRowKey(nil, row.Key)
	f.Add(key, appendValue(nil, key, row), false)
	f.Add(key, []byte{rowVersion, 0, 0, 0, 0, 3, 0, 0}, true)
	f.Add([]byte{}, []byte{}, false)
	f.Fuzz(func(t *testing.T, key, value []byte, reseal bool) {
		if reseal && len(value) >= disk.SealBytes {
			value = bytes.Clone(value)
			disk.Seal(key, value)
		}
		row, reason := s.decodeRow(key, value)
		if (row == nil) != (reason != "") {
			t.Fatalf("%v and %q", row, reason)
		}
		if row == nil {
			return
		}
		if again := record.AppendTuple(nil, row.Key...); !bytes.Equal(again, key[rowHeadBytes:]) {
			t.Fatalf("key %x comes back as %x", key, again)
		}
		if again := appendValue(nil, key, row); !bytes.Equal(again, value) {
			t.Fatalf("value %x comes back as %x", value, again)
		}
	})
}

// FuzzCatalog: arbitrary entries are refused, or come back as they were.
func FuzzCatalog(f *testing.F) {
	f.Add(catalogKey(""), storeEntry(), false)
	f.Add(catalogKey("logs"), catalogEntry{3, EncodeSchema(logs())}.encode("logs"), false)
	f.Add(catalogKey("t"), []byte{storeVersion, 0, 0, 0, 0, 0, 0, 0}, true)
	f.Add([]byte("R"), []byte{}, false)
	f.Fuzz(func(t *testing.T, key, value []byte, reseal bool) {
		if len(key) == 0 {
			return // Pebble has no such key
		}
		if reseal && len(value) >= disk.SealBytes {
			value = bytes.Clone(value)
			disk.Seal(key, value)
		}
		c := catalog{tables: map[string]catalogEntry{}, found: len(key) > 1}
		if err := c.add(key, value); err != nil || len(key) == 1 {
			return
		}
		e := c.tables[string(key[1:])]
		if e.id == 0 || c.last != e.id || !bytes.Equal(e.encode(string(key[1:])), value) {
			t.Fatalf("%x: %x comes back as %+v", key, value, e)
		}
	})
}
