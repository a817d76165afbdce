package snapshot

import (
	"testing"

	"github.com/hashicorp/raft"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestRemove(t *testing.T) {
	fs := newDisk(t)
	must(t, Remove(fs, "data", group)) // there is nothing
	s := mustOpen(t, fs)
	sink, err := s.Create(raft.SnapshotVersionMax, 9, 2, configuration(), 1, nil)
	must(t, err)
	_, err = sink.Write([]byte("state"))
	must(t, err)
	must(t, sink.Close())
	must(t, Remove(fs, "data", group))
	for _, fs := range []vfs.FS{fs, fs.CrashClone(vfs.CrashCloneCfg{})} {
		if metas, err := mustOpen(t, fs).List(); err != nil || len(metas) != 0 {
			t.Errorf("%v, %v", metas, err)
		}
	}
}
