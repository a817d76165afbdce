package record

import (
	"bytes"
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/record"
)

// TestTablesOfAnotherVersionCanBeRead: a backup has all tables, also those that this
// program does not use.
func TestTablesOfAnotherVersionCanBeRead(t *testing.T) {
	fs, theirs := vfs.NewMem(), logs()
	s := mustOpen(t, testOptions(t, fs, theirs))
	must(t, s.Close())
	ours := &record.Table{Name: "accounts", Key: []record.Column{{Name: "id", Type: record.TypeUUID}}}
	s = mustOpen(t, testOptions(t, fs, ours))
	defer func() { must(t, s.Close()) }()
	tables := s.Tables()
	if len(tables) != 2 || tables[0] != ours || tables[1].Name != theirs.Name {
		t.Fatalf("the tables are %v", tables)
	}
	if !bytes.Equal(EncodeSchema(tables[1]), EncodeSchema(theirs)) {
		t.Errorf("the table %+v came back as %+v", theirs, tables[1])
	}
	must(t, s.View(context.Background(), func(r record.Reader) error {
		_, err := r.Scan(tables[1], record.Range{Limit: 1})
		return err
	}))
}

func FuzzSchema(f *testing.F) {
	f.Add("logs", EncodeSchema(logs()))
	f.Fuzz(func(t *testing.T, name string, schema []byte) {
		table, err := DecodeSchema(name, schema)
		if err == nil && table.Check() != nil {
			t.Errorf("%q was taken: %v", schema, table.Check())
		}
	})
}
