package wal

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/invariant"
)

// damageOptions make several WAL files and tables out of little data.
func damageOptions(t testing.TB, fs vfs.FS) Options {
	o := testOptions(t, fs)
	o.MemTableBytes = 64 << 10
	return o
}

// fill writes a log with history: cut at the front and the end, overwritten,
// votes, settings. It returns the last index of each group.
func fill(t testing.TB, db *DB) map[uint32]uint64 {
	t.Helper()
	last := map[uint32]uint64{}
	for i := uint64(1); i <= 400; i++ {
		for g := range uint32(3) {
			l := mustLog(t, db, g)
			last[g]++
			must(t, l.StoreLog(entry(g, last[g], 100)))
			if i%50 == uint64(g) {
				must(t, l.SetUint64([]byte("CurrentTerm"), i))
			}
			if i == 200 {
				must(t, l.DeleteRange(last[g]-3, last[g]))
				last[g] -= 4
			}
		}
		if i%100 == 0 {
			must(t, mustLog(t, db, 1).DeleteRange(1, last[1]-10))
			must(t, db.Put("incarnation", []byte{byte(i / 100)}))
		}
	}
	return last
}

// contents is everything that a log holds, as text.
func contents(db *DB) (map[string]string, error) {
	all := map[string]string{}
	for g := range uint32(3) {
		l, err := db.Log(g)
		if err != nil {
			return nil, err
		}
		first, err1 := l.FirstIndex()
		last, err2 := l.LastIndex()
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		for i := first; i <= last; i++ {
			var e raft.Log
			if err := l.GetLog(i, &e); err != nil {
				return nil, err
			}
			all[fmt.Sprintf("%d/%d", g, i)] = fmt.Sprintf("%d %d %s", e.Term, e.Type, e.Data)
		}
		v, err := l.GetUint64([]byte("CurrentTerm"))
		if err != nil {
			return nil, err
		}
		all[fmt.Sprintf("%d term", g)] = fmt.Sprint(v)
	}
	v, err := db.Get("incarnation")
	all["incarnation"] = fmt.Sprint(v)
	return all, err
}

// differences counts what is in one and not the same in the other.
func differences(a, b map[string]string) (n int) {
	for k, v := range a {
		if b[k] != v {
			n++
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			n++
		}
	}
	return n
}

func readFile(t testing.TB, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	return b
}

func writeFile(t testing.TB, fs vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write(b)
	must(t, errors.Join(err, f.Sync(), f.Close()))
}

// copyDir copies the files of the data directory.
func copyDir(t testing.TB, from vfs.FS) *vfs.MemFS {
	t.Helper()
	to := vfs.NewMem()
	must(t, to.MkdirAll("data/log", 0o755))
	for _, path := range filesOf(t, from) {
		writeFile(t, to, path, readFile(t, from, path))
	}
	return to
}

func filesOf(t testing.TB, fs vfs.FS) (paths []string) {
	t.Helper()
	for _, dir := range []string{"data", "data/log"} {
		names, err := fs.List(dir)
		must(t, err)
		for _, name := range names {
			if info, err := fs.Stat(fs.PathJoin(dir, name)); err == nil && !info.IsDir() {
				paths = append(paths, fs.PathJoin(dir, name))
			}
		}
	}
	return paths
}

// reread opens a directory and reads all that is in it.
func reread(t testing.TB, fs vfs.FS) (map[string]string, error) {
	t.Helper()
	o := damageOptions(t, fs)
	o.Fatal = func(error) {}
	db, err := Open(o)
	if err != nil {
		return nil, err
	}
	all, err := contents(db)
	return all, errors.Join(err, db.Close())
}

// flipEverywhere damages one byte at a time of every file and calls judge with
// what was read then.
func flipEverywhere(
	t *testing.T, disk vfs.FS, judge func(where string, all map[string]string) bool,
) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	loud, silent := 0, 0
	for _, path := range filesOf(t, disk) {
		b := readFile(t, disk, path)
		for _, at := range positions(rng, len(b), liveEnd(path, b)) {
			damaged := copyDir(t, disk)
			flipped := append([]byte(nil), b...)
			flipped[at] ^= 1 << rng.IntN(8)
			writeFile(t, damaged, path, flipped)
			all, err := reread(t, damaged)
			if err != nil {
				loud++
				continue
			}
			silent++
			if where := fmt.Sprintf("%s, byte %d of %d", path, at, len(b)); !judge(where, all) {
				t.Errorf("%s flipped: data is wrong and nobody said so", where)
			}
		}
	}
	t.Logf("%d flips refused, %d without effect", loud, silent)
}

// liveEnd is where the records of a WAL file end; what follows is left from the
// file that was reused. Other files end where they end.
func liveEnd(path string, b []byte) int {
	number, _, ok := wal.ParseLogFilename(path[strings.LastIndexByte(path, '/')+1:])
	if !ok {
		return len(b)
	}
	return walChunks(uint32(number)).wholeUpTo(b)
}

// sample says that one in how many positions is tried. The race detector makes
// each start ten times slower.
func sample() int {
	if invariant.Enabled {
		return 40
	}
	return 3
}

// positions picks bytes of a file: its beginning, around its end, and at random
// between.
func positions(rng *rand.Rand, size, end int) (at []int) {
	const begin, before, between = 24, 100, 40
	for i := range size {
		if rng.IntN(sample()) != 0 {
			continue
		}
		if i < begin || i >= end-before && i < end+begin || rng.IntN(max(1, size/between)) == 0 {
			at = append(at, i)
		}
	}
	return at
}

func TestFlippedByteAfterCloseIsNoticed(t *testing.T) {
	disk := vfs.NewMem()
	db := mustOpen(t, damageOptions(t, disk))
	fill(t, db)
	want, err := contents(db)
	must(t, errors.Join(err, db.Close()))
	flipEverywhere(t, disk, func(_ string, all map[string]string) bool {
		return differences(want, all) == 0
	})
}

// After a crash the last commit alone cannot be told from one that was never
// acknowledged; here it is the last setting.
func TestFlippedByteAfterCrashIsNoticed(t *testing.T) {
	live := vfs.NewCrashableMem()
	db := mustOpen(t, damageOptions(t, live))
	fill(t, db)
	want, err := contents(db)
	must(t, err)
	disk := live.CrashClone(vfs.CrashCloneCfg{})
	must(t, db.Close())
	lost := 0
	flipEverywhere(t, disk, func(_ string, all map[string]string) bool {
		if all["incarnation"] == "[3]" {
			all["incarnation"] = "[4]"
			lost++
		}
		return differences(want, all) == 0
	})
	t.Logf("%d flips took the last commit for an unfinished one", lost)
	if lost == 0 && !invariant.Enabled {
		t.Error("the last commit was never hit: the test looks in the wrong place")
	}
}

// The facts file is a second witness: Pebble's files as they were some time ago
// are whole, but they are not what was acknowledged.
func TestLogThatWentBackInTimeIsRefused(t *testing.T) {
	live := vfs.NewCrashableMem()
	db := mustOpen(t, damageOptions(t, live))
	fill(t, db)
	old := live.CrashClone(vfs.CrashCloneCfg{})
	for i := range uint64(600) {
		must(t, mustLog(t, db, 5).StoreLog(entry(5, i+1, 100)))
	}
	must(t, db.witness.write(false)) // as it is within witnessEvery
	after := live.CrashClone(vfs.CrashCloneCfg{})
	must(t, db.Close())
	must(t, after.RemoveAll("data/log"))
	must(t, after.MkdirAll("data/log", 0o755))
	for _, path := range filesOf(t, old) {
		if strings.HasPrefix(path, "data/log/") {
			writeFile(t, after, path, readFile(t, old, path))
		}
	}
	var corrupt *disk.CorruptionError
	if _, err := Open(damageOptions(t, after)); !errors.As(err, &corrupt) {
		t.Fatalf("open gives %v", err)
	}
	must(t, after.Remove("data/log.facts"))
	if _, err := Open(damageOptions(t, after)); !errors.As(err, &corrupt) {
		t.Fatalf("without the facts file open gives %v", err)
	}
}
