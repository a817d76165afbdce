package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/invariant"
)

// seen is everything that an inspection shows of a log, as contents has it, and how many
// entries it says are damaged.
func seen(t testing.TB, x *Inspection) (all map[string]string, wrong uint64) {
	t.Helper()
	all = map[string]string{}
	for _, g := range x.Groups {
		x.Entries(g.Group, 0, ^uint64(0), func(f Found) bool {
			if f.Wrong != "" {
				wrong += f.To - f.Index + 1
				return true
			}
			all[fmt.Sprintf("%d/%d", g.Group, f.Index)] =
				fmt.Sprintf("%d %d %s", f.Entry.Term, f.Entry.Type, f.Entry.Data)
			return true
		})
		for _, v := range g.Values {
			if len(v.Data) == 8 { // else only the facts file could be read
				all[fmt.Sprintf("%d term", g.Group)] = fmt.Sprint(binary.BigEndian.Uint64(v.Data))
			}
		}
	}
	for _, v := range x.Settings {
		all[v.Name] = fmt.Sprint(v.Data)
	}
	return all, wrong
}

func inspected(t testing.TB, fs vfs.FS) (x *Inspection, all map[string]string, wrong uint64) {
	t.Helper()
	x, err := Inspect(fs, "data")
	must(t, err)
	all, wrong = seen(t, x)
	must(t, x.Close())
	return x, all, wrong
}

// files are the names and bytes of a data directory.
func files(t testing.TB, fs vfs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, path := range filesOf(t, fs) {
		all[path] = string(readFile(t, fs, path))
	}
	return all
}

// A log that is looked at shows what Open would find, whether its node was stopped or killed,
// and does not change.
func TestInspectShowsAllAndChangesNothing(t *testing.T) {
	live := vfs.NewCrashableMem()
	db := mustOpen(t, damageOptions(t, live))
	last := fill(t, db)
	want, err := contents(db)
	must(t, err)
	killed := live.CrashClone(vfs.CrashCloneCfg{})
	must(t, db.Close())
	for facts, fs := range map[string]vfs.FS{"clean": live, "running": killed} {
		before := files(t, fs)
		x, all, wrong := inspected(t, fs)
		if n := differences(want, all); n > 0 || wrong > 0 || x.Damage.Count > 0 || x.Facts != facts {
			t.Errorf("%s: %d differences, %d wrong, damage %v, facts %s", facts, n, wrong, x.Damage, x.Facts)
		}
		for _, g := range x.Groups {
			if g.Last != last[g.Group] || g.Entries != g.Last-g.First+1 || g.Bytes < int64(g.Entries)*100 {
				t.Errorf("%s: %+v, want up to %d", facts, g, last[g.Group])
			}
		}
		if !maps.Equal(before, files(t, fs)) {
			t.Errorf("%s: the directory has changed", facts)
		}
	}
}

func TestInspectOfNothing(t *testing.T) {
	fs := vfs.NewMem()
	must(t, fs.MkdirAll("data", 0o755))
	if x, err := Inspect(fs, "data"); err == nil || !strings.Contains(err.Error(), "there is no log") {
		t.Errorf("%v, %v", x, err)
	}
}

// TestInspectSaysWhatOpenRefuses flips bytes of every file: what Open refuses is said to be
// damaged, and so is more only where nothing that lives is.
func TestInspectSaysWhatOpenRefuses(t *testing.T) {
	disk := vfs.NewMem()
	db := mustOpen(t, damageOptions(t, disk))
	fill(t, db)
	want, err := contents(db)
	must(t, errors.Join(err, db.Close()))
	rng := rand.New(rand.NewPCG(3, 4))
	refused, partly := 0, 0
	for _, path := range filesOf(t, disk) {
		b := readFile(t, disk, path)
		for _, at := range positions(rng, len(b), liveEnd(path, b)) {
			if rng.IntN(3) != 0 || !invariant.Enabled && rng.IntN(3) != 0 {
				continue
			}
			damaged := copyDir(t, disk)
			flipped := append([]byte(nil), b...)
			flipped[at] ^= 1 << rng.IntN(8)
			writeFile(t, damaged, path, flipped)
			where := fmt.Sprintf("%s, byte %d of %d", path, at, len(b))
			x, err := Inspect(damaged, "data")
			noticed := err != nil
			if err == nil {
				all, wrong := seen(t, x)
				must(t, x.Close())
				noticed = x.Damage.Count > 0
				for k, v := range all { // deletions may be lost, but nothing is made up
					if strings.Contains(k, "/") && !strings.Contains(v, " "+k+" ") {
						t.Errorf("%s: %s is %.40q, which was never written", where, k, v)
					}
				}
				if wrong > 0 && len(all) > 200 {
					partly++
				}
			}
			all, err := reread(t, damaged)
			if err != nil && !noticed || err == nil && noticed && differences(want, all) > 0 {
				t.Errorf("%s: open says %v, and the damage seen is %v", where, err, x)
			}
			if noticed {
				refused++
			}
		}
	}
	t.Logf("%d flips refused; %d of them left other entries readable", refused, partly)
	if (refused == 0 || partly == 0) && !invariant.Enabled { // with it few are tried
		t.Error("nothing was damaged")
	}
}

// One entry that is not what was written is named, and so is one that is missing; all others
// are shown.
func TestInspectNamesTheDamagedEntry(t *testing.T) {
	fs := vfs.NewMem()
	db := mustOpen(t, damageOptions(t, fs))
	l := mustLog(t, db, 2)
	for i := range uint64(100) {
		must(t, l.StoreLog(entry(2, i+1, 20)))
	}
	must(t, db.pebble.Set(appendEntryKey(nil, 2, 40), appendEntry(nil, appendEntryKey(nil, 2, 41),
		&raft.Log{Index: 41, Term: 1}), pebble.Sync))
	for i := uint64(60); i < 65; i++ {
		must(t, db.pebble.Delete(appendEntryKey(nil, 2, i), pebble.Sync))
	}
	must(t, db.Close())
	x, err := Inspect(fs, "data")
	must(t, err)
	all, wrong := seen(t, x)
	if len(all) != 94 || wrong != 6 || x.Damage.Count != 2 {
		t.Errorf("%d are shown, %d wrong: %v", len(all), wrong, x.Damage.Named)
	}
	for i, want := range []string{"entry 40 of group 2 is corrupt: its checksum",
		"entries 60 to 64 of group 2 is corrupt: it is missing"} {
		if got := x.Damage.Named[min(i, len(x.Damage.Named)-1)].Error(); !strings.Contains(got, want) {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	n := 0
	x.Entries(2, 38, 42, func(f Found) bool {
		n++
		return f.Index < 41
	})
	if n != 4 {
		t.Errorf("%d entries were handed out, want 4", n)
	}
	must(t, x.Close())
}
