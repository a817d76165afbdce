package record

import (
	"context"
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/record"
)

func TestStats(t *testing.T) {
	table := logs()
	s := mustOpen(t, testOptions(t, vfs.NewMem(), table))
	made := s.Stats()
	ctx, gaveUp := context.Background(), errors.New("given up")
	must(t, s.View(ctx, func(record.Reader) error { return nil }))
	must(t, s.Update(ctx, func(record.Tx) error { return nil }))
	if err := s.Update(ctx, func(record.Tx) error { return gaveUp }); !errors.Is(err, gaveUp) {
		t.Fatal(err)
	}
	must(t, s.Update(ctx, func(x record.Tx) error { return x.Put(table, logRow(1, 1, 1, 100)) }))
	got := s.Stats()
	if got.Views.Count() != 1 || got.Updates.Count() != 3 || got.Turns.Count() != 3 ||
		got.Failed != 1 || got.Written != 1 || got.Bytes < 100 || got.Syncs != made.Syncs+1 ||
		got.Engine.MemTables == 0 {
		t.Errorf("%+v", got)
	}
	must(t, s.Close())
	if got := s.Stats(); got.Engine.MemTables != 0 {
		t.Errorf("closed: %+v", got.Engine)
	}
}
