package record

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/thronggrid/throng/durable/record/conform"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testOptions are for a small store: memtables turn over often.
func testOptions(t testing.TB, fs vfs.FS, tables ...*record.Table) Options {
	return Options{FS: fs, Dir: "data", Tables: tables, MemTableBytes: 64 << 10, CacheBytes: 1 << 20,
		Clock: clock.Real(), Fatal: func(err error) { t.Errorf("fatal: %v", err) }}
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStoreConforms(t *testing.T) {
	conform.Run(t, func(t *testing.T, tables ...*record.Table) record.Store {
		s := mustOpen(t, testOptions(t, vfs.NewMem(), tables...))
		t.Cleanup(func() { must(t, s.Close()) })
		return s
	})
}
