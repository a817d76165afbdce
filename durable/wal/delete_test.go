package wal

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"
)

// A crash before any write, sync, rename … of a Delete leaves all entries or none, and the
// votes in any case; what is stored afterwards begins where it likes.
func TestDeleteKeepsTheVotes(t *testing.T) {
	const last, term = 50, 7
	rng := rand.New(rand.NewPCG(1, 1))
	for at := int64(1); ; at++ {
		disk := vfs.NewCrashableMem()
		var ops, from atomic.Int64
		from.Store(1 << 60)
		var clone *vfs.MemFS
		fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && ops.Add(1) == from.Load()+at {
				clone = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(at % 3 * 50), RNG: rng})
			}
			return nil
		}))
		db := mustOpen(t, testOptions(t, fs))
		log := mustLog(t, db, 3)
		var all []*raft.Log
		for i := range uint64(last) {
			all = append(all, entry(3, i+1, 200))
		}
		must(t, log.StoreLogs(all))
		must(t, log.SetUint64([]byte("CurrentTerm"), term))
		from.Store(ops.Load())
		must(t, log.Delete())
		during := ops.Load() - from.Load()
		deleted(t, log)
		must(t, log.Delete())
		must(t, db.Close())
		if at > during {
			return
		}
		db = mustOpen(t, testOptions(t, clone))
		log = mustLog(t, db, 3)
		if n, err := log.LastIndex(); err != nil || n != 0 && n != last {
			t.Errorf("crash %d: the log ends at %d: %v", at, n, err)
		}
		must(t, log.Delete())
		deleted(t, log)
		if got, err := log.GetUint64([]byte("CurrentTerm")); err != nil || got != term {
			t.Errorf("crash %d: term %d: %v", at, got, err)
		}
		must(t, log.StoreLogs([]*raft.Log{entry(3, 20, 10)}))
		must(t, db.Close())
		db = mustOpen(t, testOptions(t, clone))
		wantEntries(t, mustLog(t, db, 3), 20, 20, 10)
		must(t, db.Close())
	}
}

func deleted(t *testing.T, log *Log) {
	t.Helper()
	first, _ := log.FirstIndex()
	if last, _ := log.LastIndex(); first != 0 || last != 0 {
		t.Errorf("entries %d to %d are left", first, last)
	}
}
