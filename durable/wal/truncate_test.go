package wal

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

func TestFrontIsCutByBytesAndRarely(t *testing.T) {
	fs := vfs.NewMem()
	o := testOptions(t, fs)
	db := mustOpen(t, o)
	l := mustLog(t, db, 1)
	cuts := 0
	for i := uint64(1); i <= 3000; i++ {
		must(t, l.StoreLog(entry(1, i, 100)))
		if i%5 != 0 {
			continue
		}
		before, _ := l.FirstIndex()
		must(t, l.DeleteRange(before, i-2)) // raft with TrailingLogs 2
		if after, _ := l.FirstIndex(); after != before {
			cuts++
			var e raft.Log
			if err := l.GetLog(before, &e); err != raft.ErrLogNotFound {
				t.Fatalf("an entry that was let go of gives %v", err)
			}
		}
		// At most what is retained, the quarter that makes a cut worth while,
		// and one mark.
		if kept, most := l.Bytes(), o.RetainBytes*3/2; kept > most {
			t.Fatalf("%d bytes are kept at %d, at most %d", kept, i, most)
		}
	}
	if cuts < 10 || cuts > 300 {
		t.Fatalf("%d cuts", cuts)
	}
	first, _ := l.FirstIndex()
	must(t, db.Close())
	db = mustOpen(t, o)
	wantEntries(t, mustLog(t, db, 1), first, 3000, 100)
	must(t, db.Close())
}

func TestWhatRaftNeverAsksIsRefused(t *testing.T) {
	db := mustOpen(t, testOptions(t, vfs.NewMem()))
	l := mustLog(t, db, 1)
	for i := uint64(1); i <= 10; i++ {
		must(t, l.StoreLog(entry(1, i, 10)))
	}
	for name, err := range map[string]error{
		"again":        l.StoreLog(entry(1, 10, 10)),
		"index 0":      l.StoreLog(entry(1, 0, 10)),
		"inner gap":    l.StoreLogs([]*raft.Log{entry(1, 11, 1), entry(1, 13, 1)}),
		"the middle":   l.DeleteRange(3, 7),
		"long key":     l.Set([]byte(strings.Repeat("k", KeyBytesMax+1)), nil),
		"large value":  db.Put("k", make([]byte, ValueBytesMax+1)),
		"not a number": func() error { _, err := l.GetUint64([]byte("text")); return err }(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	must(t, l.DeleteRange(20, 30))
	must(t, l.StoreLogs(nil))
	wantEntries(t, l, 1, 10, 10)
	must(t, l.Set([]byte("text"), []byte("abc")))
	if _, err := l.GetUint64([]byte("text")); err == nil {
		t.Error("a text is a number")
	}
	must(t, db.Close())
}

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("the error %v does not say %q", err, w)
		}
	}
}

func TestSecondProcessIsToldWhatToDo(t *testing.T) {
	o := testOptions(t, vfs.Default)
	o.Dir = t.TempDir()
	db := mustOpen(t, o)
	_, err := Open(o)
	wantWords(t, err, o.Dir, "stop that process")
	must(t, db.Close())
	must(t, mustOpen(t, o).Close())
}

func TestNewerFormatIsRefusedByName(t *testing.T) {
	fs := vfs.NewMem()
	must(t, mustOpen(t, testOptions(t, fs)).Close())
	b := readFile(t, fs, "data/log.facts")
	b[len(factsMagic)] = formatVersion + 1
	writeFile(t, fs, "data/log.facts", b)
	_, err := Open(testOptions(t, fs))
	wantWords(t, err, "data was written by a newer version", "log format 2")
}

// A call larger than a memtable goes through as one commit all the same.
func TestVeryLargeCall(t *testing.T) {
	fs := vfs.NewMem()
	o := testOptions(t, fs)
	o.MemTableBytes = 64 << 10
	db := mustOpen(t, o)
	l := mustLog(t, db, 1)
	for from := uint64(1); from < 200; from += 40 {
		batch := make([]*raft.Log, 40)
		for i := range batch {
			batch[i] = entry(1, from+uint64(i), 16<<10)
		}
		must(t, l.StoreLogs(batch))
		must(t, l.SetUint64([]byte("CurrentTerm"), from))
	}
	wantEntries(t, l, 1, 200, 16<<10)
	must(t, db.Close())
	db = mustOpen(t, o)
	wantEntries(t, mustLog(t, db, 1), 1, 200, 16<<10)
	must(t, db.Close())
}
