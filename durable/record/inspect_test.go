package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/grid/record"
)

const inspectedRows = 1500

// inspectedDisk has a table with rows in Pebble's tables and in its log, as after a power cut,
// and after a stop.
func inspectedDisk(t *testing.T) (crashed, closed *vfs.MemFS) {
	t.Helper()
	fs := vfs.NewCrashableMem()
	table := logs()
	s := mustOpen(t, testOptions(t, fs, table))
	for i := range uint64(inspectedRows) / 10 {
		var rows []*record.Row
		for j := range uint64(10) {
			rows = append(rows, logRow(i, j, i*j, 100))
		}
		put(t, s, table, rows...)
		if i == inspectedRows/20 {
			must(t, s.pebble.Flush())
		}
	}
	crashed = fs.CrashClone(vfs.CrashCloneCfg{})
	must(t, s.Close())
	return crashed, fs
}

// files are the names and bytes of a data directory.
func files(t testing.TB, fs vfs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range []string{"data", "data/records"} {
		names, err := fs.List(dir)
		must(t, err)
		for _, name := range names {
			path := fs.PathJoin(dir, name)
			if info, err := fs.Stat(path); err != nil || info.IsDir() {
				continue
			}
			f, err := fs.Open(path)
			must(t, err)
			b, err := io.ReadAll(f)
			must(t, errors.Join(err, f.Close()))
			all[path] = string(b)
		}
	}
	return all
}

// diskOf puts files where they were.
func diskOf(t testing.TB, all map[string]string) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewMem()
	must(t, fs.MkdirAll("data/records", 0o755))
	for path, text := range all {
		f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
		must(t, err)
		_, err = f.Write([]byte(text))
		must(t, errors.Join(err, f.Close()))
	}
	return fs
}

// Tables that are looked at show what they hold, and do not change.
func TestInspectShowsAllAndChangesNothing(t *testing.T) {
	crashed, closed := inspectedDisk(t)
	checkInspected(t, crashed, 0)
	checkInspected(t, closed, inspectedRows/10+1)
	x, err := Inspect(vfs.NewMem(), "data")
	if err == nil || !strings.Contains(err.Error(), "there are no record tables") {
		t.Errorf("of nothing: %v, %v", x, err)
	}
}

func checkInspected(t *testing.T, fs vfs.FS, known uint64) {
	t.Helper()
	before := files(t, fs)
	x, err := Inspect(fs, "data")
	must(t, err)
	if len(x.Tables) != 1 || x.Damage.Count > 0 || x.Known != known || x.Last != inspectedRows/10+1 {
		t.Fatalf("%+v", x)
	}
	at := &x.Tables[0]
	if at.Rows != inspectedRows || at.Damaged > 0 || at.Indexed[0] != inspectedRows || at.Table.Name != "logs" ||
		at.Bytes < inspectedRows*100 {
		t.Errorf("%+v", at)
	}
	rows := 0
	x.Rows(at, func(f Found) bool {
		if f.Wrong != "" || f.Row.Key[0].Uint() != uint64(rows/10) {
			t.Errorf("row %d is %+v", rows, f)
		}
		rows++
		return rows < 40
	})
	if rows != 40 {
		t.Errorf("%d rows were handed out", rows)
	}
	must(t, x.Close())
	if !maps.Equal(before, files(t, fs)) {
		t.Error("the directory has changed")
	}
	if n, err := InspectFacts(fs, "data"); n != known || err != nil {
		t.Errorf("the facts file says %d, %v", n, err)
	}
}

// What is damaged in the store is named, and the rest is counted.
func TestInspectNamesWhatIsDamaged(t *testing.T) {
	fs := vfs.NewMem()
	table := logs()
	s := mustOpen(t, testOptions(t, fs, table))
	put(t, s, table, logRow(1, 1, 1, 1), logRow(1, 2, 2, 1), logRow(1, 3, 3, 1))
	shape := s.shapes[table]
	set := func(key, value []byte) { must(t, s.pebble.Set(key, value, pebble.Sync)) }
	key := shape.appendRowKey(nil, logRow(1, 2, 0, 0).Key)
	set(key, appendValue(nil, []byte("another key"), logRow(1, 2, 2, 1)))
	set([]byte("R\x00\x00\x00\x09key"), nil)
	must(t, s.pebble.Delete(shape.appendIndexKey(nil, 0, logRow(1, 3, 3, 1)), pebble.Sync))
	must(t, s.Close())
	x, err := Inspect(fs, "data")
	must(t, errors.Join(err, x.Close()))
	said := fmt.Sprint(x.Damage.Named)
	for _, want := range []string{"of the table logs is corrupt: its checksum", "belongs to no table",
		"the index by_last of the table logs is corrupt: it has 2 entries for 3 rows"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	if at := x.Tables[0]; x.Damage.Count != 3 || at.Rows != 2 || at.Damaged != 1 {
		t.Errorf("%+v, %+v", at, x.Damage)
	}
}

// TestInspectSaysWhatIsRefused flips bytes of every file: what cannot be opened and read is
// said to be damaged.
func TestInspectSaysWhatIsRefused(t *testing.T) {
	_, closed := inspectedDisk(t)
	all := files(t, closed)
	rng := rand.New(rand.NewPCG(1, 2))
	tries := 6
	if invariant.Enabled {
		tries = 2
	}
	refused, partly := 0, 0
	for path, text := range all {
		for range min(tries, len(text)) {
			damaged := maps.Clone(all)
			at := rng.IntN(len(text))
			damaged[path] = string(flipped([]byte(text), at))
			x, err := Inspect(diskOf(t, damaged), "data")
			noticed := err != nil || x.Damage.Count > 0
			if err == nil {
				must(t, x.Close())
			}
			if err := readTable(t, diskOf(t, damaged)); err != nil && !noticed {
				t.Errorf("byte %d of %s is flipped, which goes unnoticed: %v", at, path, err)
			}
			if noticed {
				refused++
			}
			if noticed && err == nil && len(x.Tables) > 0 && x.Tables[0].Rows > 100 {
				partly++
			}
		}
	}
	t.Logf("%d flips were noticed; %d left other rows readable", refused, partly)
	if refused == 0 {
		t.Error("nothing was damaged")
	}
}

// readTable opens tables and reads all rows.
func readTable(t *testing.T, fs vfs.FS) error {
	table := logs()
	o := testOptions(t, fs, table)
	o.Fatal = func(error) {}
	s, err := Open(o)
	if err != nil {
		return err
	}
	err = s.View(context.Background(), func(r record.Reader) error {
		for at := (record.Range{Limit: record.RowsMax}); ; {
			page, err := r.Scan(table, at)
			if err != nil || page.Next == nil {
				return err
			}
			at.After = page.Next
		}
	})
	return errors.Join(err, s.Close())
}
