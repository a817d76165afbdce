package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
)

// killed is what is there after the process was killed: all that was written.
func killed(fs *vfs.MemFS) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
}

// lived returns what is killed after a start with steps transactions, a stop, and
// a start with as many again; the catalog is one more.
func lived(t *testing.T, table *record.Table, steps uint64) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	s := mustOpen(t, testOptions(t, fs, table))
	for n := range steps {
		put(t, s, table, logRow(1, n, n, 100))
	}
	must(t, s.Close())
	s = mustOpen(t, testOptions(t, fs, table))
	for n := range steps {
		put(t, s, table, logRow(2, n, n, 100))
	}
	left := killed(fs)
	must(t, s.Close())
	return left
}

func readAll(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	return b
}

// with returns a copy of what was killed, in which a file has other bytes.
func with(t *testing.T, fs *vfs.MemFS, path string, b []byte) *vfs.MemFS {
	t.Helper()
	fs = killed(fs)
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write(b)
	must(t, errors.Join(err, f.Sync(), f.Close()))
	return fs
}

// flipped returns b with one bit flipped.
func flipped(b []byte, at int) []byte {
	b = append([]byte(nil), b...)
	b[at] ^= 1 << (at % 8)
	return b
}

// newestLog is the last file of Pebble's log.
func newestLog(t *testing.T, fs vfs.FS) (newest string) {
	t.Helper()
	names, err := fs.List("data/" + dirName)
	must(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			newest = max(newest, name)
		}
	}
	return "data/" + dirName + "/" + newest
}

// noted is the number in the facts file.
func noted(t *testing.T, fs vfs.FS) uint64 {
	t.Helper()
	w, n, err := openWitness(fs, "data")
	must(t, err)
	must(t, w.close())
	return n
}

// refusal opens what is damaged, and returns the complaint; "" if all rows are there.
func refusal(t *testing.T, fs vfs.FS, table *record.Table, rows int) string {
	t.Helper()
	o := testOptions(t, fs, table)
	s, err := Open(o)
	if err != nil {
		if damage := (*disk.CorruptionError)(nil); !errors.As(err, &damage) {
			t.Errorf("refused with %v", err)
		}
		return err.Error()
	}
	has := 0
	must(t, look(s, table, &has)())
	must(t, s.Close())
	if has != rows {
		t.Errorf("opened with %d rows of %d", has, rows)
	}
	return ""
}

// What was acknowledged and is damaged in Pebble's log is missed, however much of
// it that is, and at every start.
func TestALogThatLostItsEndIsRefused(t *testing.T) {
	const steps = 40
	table := logs()
	left := lived(t, table, steps)
	path := newestLog(t, left)
	b := readAll(t, left, path)
	for at := 0; at < len(b); at += 97 {
		for what, damaged := range map[string][]byte{
			"a flipped bit": flipped(b, at),
			"an end cut":    b[:at],
			"an end zeroed": append(append([]byte(nil), b[:at]...), make([]byte, len(b)-at)...),
		} {
			fs := with(t, left, path, damaged)
			said := refusal(t, fs, table, 2*steps)
			if said == "" && at < len(b)/2 {
				t.Errorf("%s at byte %d of %d was not in use", what, at, len(b))
			}
			if again := refusal(t, fs, table, 2*steps); again != said {
				t.Errorf("%s at byte %d: first %q, then %q", what, at, said, again)
			}
		}
	}
	want := fmt.Sprintf("it ends at transaction %d, transactions up to %d were acknowledged: %d are missing; restore",
		1+steps, 1+2*steps, steps)
	if said := refusal(t, with(t, left, path, nil), table, 0); !strings.Contains(said, want) {
		t.Errorf("all of a start lost: %q, want %q", said, want)
	}
	gone := killed(left)
	must(t, gone.RemoveAll("data/"+dirName))
	if said := refusal(t, gone, table, 0); !strings.Contains(said, "it ends at transaction 0") {
		t.Errorf("the directory lost: %q", said)
	}
	if said := refusal(t, killed(left), table, 2*steps); said != "" {
		t.Errorf("undamaged: %s", said)
	}
}

// A facts file that a power cut or damage has taken says nothing, and is written
// anew by the next start.
func TestADamagedFactsFileSaysNothing(t *testing.T) {
	const steps = 3
	table := logs()
	left := lived(t, table, steps)
	path := "data/" + factsName
	b := readAll(t, left, path)
	missing := killed(left)
	must(t, errors.Join(missing.Remove(path), disk.SyncDir(missing, "data")))
	damaged := []*vfs.MemFS{missing, with(t, left, path, make([]byte, len(b)))}
	for at := range b {
		damaged = append(damaged, with(t, left, path, flipped(b, at)), with(t, left, path, b[:at]))
	}
	for i, fs := range damaged {
		if n := noted(t, killed(fs)); n != 0 {
			t.Errorf("damage %d reads as %d", i, n)
		}
		if said := refusal(t, fs, table, 2*steps); said != "" {
			t.Errorf("damage %d: %s", i, said)
		}
		if n := noted(t, fs); n != 1+2*steps {
			t.Errorf("damage %d: then it says %d", i, n)
		}
	}
}

// Tables that were written before transactions had numbers are opened, and have
// them from then on.
func TestTablesWithoutNumbers(t *testing.T) {
	fs, table := vfs.NewMem(), logs()
	s := mustOpen(t, testOptions(t, fs, table))
	put(t, s, table, logRow(1, 1, 1, 1))
	must(t, s.pebble.Delete(numberKey(), pebble.Sync))
	must(t, s.Close())
	must(t, fs.Remove("data/"+factsName))
	s = mustOpen(t, testOptions(t, fs, table))
	put(t, s, table, logRow(1, 2, 2, 1))
	must(t, s.Close())
	if n := noted(t, fs); n != 1 {
		t.Errorf("after one transaction it says %d", n)
	}
}

// The facts file never says what no sync has covered, and says all that is
// acknowledged.
func TestTheFactsFileFollowsTheSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := plain()
		under := vfs.NewMem()
		g := &gate{FS: under, let: make(chan struct{})}
		s := mustOpen(t, testOptions(t, g, table))
		if n := noted(t, under); n != 1 {
			t.Errorf("after the catalog it says %d", n)
		}
		g.shut.Store(true)
		for n := uint64(2); n < 5; n++ {
			c := call(t, step(s, table, n))
			if got := noted(t, under); c.returned.Load() || got != n-1 {
				t.Errorf("before the sync of transaction %d it says %d", n, got)
			}
			g.one(t)
			if got := noted(t, under); !c.returned.Load() || got != n {
				t.Errorf("after the sync of transaction %d it says %d", n, got)
			}
		}
		g.open()
		must(t, s.Close())
	})
}

// What the facts file could not be told is not acknowledged.
func TestAFactsFileThatCannotBeWrittenIsFatal(t *testing.T) {
	var fail atomic.Bool
	broken := errors.New("the disk is broken")
	o := testOptions(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && op.Kind == errorfs.OpFileWriteAt && strings.HasSuffix(op.Path, factsName) {
			return broken
		}
		return nil
	})), logs())
	fatal := 0
	o.Fatal = func(error) { fatal++ }
	s := mustOpen(t, o)
	fail.Store(true)
	err := s.Update(context.Background(), func(tx record.Tx) error {
		return tx.Put(o.Tables[0], logRow(1, 1, 1, 1))
	})
	if !errors.Is(err, broken) || !fault.Of(err).Unknown || fatal != 1 {
		t.Errorf("it gives %v, Fatal was called %d times", err, fatal)
	}
	refusesAll(t, s, o.Tables[0], broken)
}
