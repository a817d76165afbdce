package wal

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/thronggrid/throng/grid/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testOptions are small, so that rings wrap and logs are cut within a test.
func testOptions(t testing.TB, fs vfs.FS) Options {
	return Options{
		FS: fs, Dir: "data", Clock: clock.Real(),
		Fatal:         func(err error) { t.Errorf("Fatal was called: %v", err) },
		MemTableBytes: 256 << 10, RingBytes: 4 << 10, RetainBytes: 8 << 10,
	}
}

func mustOpen(t testing.TB, o Options) *DB {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return db
}

func mustLog(t testing.TB, db *DB, group uint32) *Log {
	t.Helper()
	l, err := db.Log(group)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// entry is an entry whose content follows from its place.
func entry(group uint32, index uint64, size int) *raft.Log {
	data := bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", group, index)), size/4+1)[:size]
	return &raft.Log{Index: index, Term: index/100 + 1, Type: raft.LogCommand, Data: data}
}

func same(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Extensions, b.Extensions) &&
		a.AppendedAt.Equal(b.AppendedAt)
}

func wantEntries(t testing.TB, l *Log, first, last uint64, size int) {
	t.Helper()
	if f, err := l.FirstIndex(); err != nil || f != first {
		t.Fatalf("first index %d, %v; want %d", f, err, first)
	}
	if n, err := l.LastIndex(); err != nil || n != last {
		t.Fatalf("last index %d, %v; want %d", n, err, last)
	}
	for i := first; i <= last; i++ {
		var e raft.Log
		must(t, l.GetLog(i, &e))
		if want := entry(l.group, i, size); !same(&e, want) {
			t.Fatalf("entry %d is %+v, want %+v", i, e, want)
		}
	}
}

func TestLogKeepsWhatWasStoredOverRestarts(t *testing.T) {
	fs := vfs.NewMem()
	db := mustOpen(t, testOptions(t, fs))
	for g := range uint32(3) {
		l := mustLog(t, db, g)
		for i := uint64(1); i <= 300; i++ {
			must(t, l.StoreLog(entry(g, i, 50)))
		}
		must(t, l.SetUint64([]byte("CurrentTerm"), uint64(g)+7))
	}
	must(t, db.Put("incarnation", []byte{42}))
	must(t, db.Close())
	db = mustOpen(t, testOptions(t, fs))
	for g := range uint32(3) {
		l := mustLog(t, db, g)
		wantEntries(t, l, 1, 300, 50)
		if v, err := l.GetUint64([]byte("CurrentTerm")); err != nil || v != uint64(g)+7 {
			t.Fatalf("term %d, %v", v, err)
		}
		if _, err := l.GetUint64([]byte("other")); err == nil || err.Error() != "not found" {
			t.Fatalf("a missing key gives %v", err)
		}
	}
	if v, err := db.Get("incarnation"); err != nil || !bytes.Equal(v, []byte{42}) {
		t.Fatalf("incarnation %v, %v", v, err)
	}
	must(t, db.Close())
	if err := mustLogErr(db); !errors.Is(err, ErrClosed) {
		t.Fatalf("after Close: %v", err)
	}
}

func mustLogErr(db *DB) error { _, err := db.Log(1); return err }

func TestGroupsStoreAtTheSameTime(t *testing.T) {
	fs := vfs.NewMem()
	db := mustOpen(t, testOptions(t, fs))
	var wg sync.WaitGroup
	for g := range uint32(8) {
		wg.Go(func() {
			l := mustLog(t, db, g)
			for i := uint64(1); i <= 200; i++ {
				l.Announce()
				if i%7 == 0 {
					l.Announce()
					l.Retract()
				}
				if err := l.StoreLog(entry(g, i, 100)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%+v", db.Stats().Counts)
	must(t, db.Close())
	db = mustOpen(t, testOptions(t, fs))
	for g := range uint32(8) {
		wantEntries(t, mustLog(t, db, g), 1, 200, 100)
	}
	must(t, db.Close())
}
