package wal

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestStats(t *testing.T) {
	db := mustOpen(t, testOptions(t, vfs.NewMem()))
	l := mustLog(t, db, 3)
	for i := uint64(1); i <= 4; i++ {
		must(t, l.StoreLog(entry(3, i, 100)))
	}
	must(t, l.DeleteRange(4, 4))
	must(t, db.Put("setting", []byte("value")))
	s := db.Stats()
	if s.Entries != 4 || s.Commits != 6 || s.Sync.Count() != 6 || s.Groups.Count() != 6 ||
		s.CommitBytes.Sum != s.Bytes {
		t.Errorf("%+v, synced %d, %d groups, %d bytes", s.Counts, s.Sync.Count(), s.Groups.Count(),
			s.CommitBytes.Sum)
	}
	if len(s.Logs) != 1 || s.Logs[0].Group != 3 || s.Logs[0].First != 1 || s.Logs[0].Last != 3 ||
		s.Logs[0].Bytes < 300 || s.Logs[0].Truncations != 1 {
		t.Errorf("%+v", s.Logs)
	}
	if s.Engine.WALBytes == 0 || s.Engine.MemTables == 0 || s.Engine.Stalled {
		t.Errorf("%+v", s.Engine)
	}
	must(t, db.Close())
	if s := db.Stats(); s.Engine.WALBytes != 0 || s.Commits != 6 {
		t.Errorf("closed: %+v", s)
	}
}
