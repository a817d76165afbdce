package boards

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/report"
)

func TestSnapshotFilesAreSeen(t *testing.T) {
	dir := t.TempDir()
	group := filepath.Join(dir, "snapshots", "1")
	if err := os.MkdirAll(group, 0o700); err != nil {
		t.Fatal(err)
	}
	f := files{dir: dir}
	see := func(what string, writing, finished bool) {
		t.Helper()
		if w, d := f.look(); w != writing || d != finished {
			t.Errorf("%s: writing %v, finished %v", what, w, d)
		}
	}
	touch := func(name string) {
		if err := os.WriteFile(filepath.Join(group, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	see("nothing", false, false)
	touch("1-5.snap.tmp")
	see("being written", true, false)
	os.Rename(filepath.Join(group, "1-5.snap.tmp"), filepath.Join(group, "1-5.snap"))
	see("finished", false, true)
	see("old", false, false)
	os.Remove(filepath.Join(group, "1-5.snap"))
	see("removed", false, false)
}

func stats(ops int64, latency int64) load.Stats {
	h := hdrhistogram.New(1, 60_000_000, 2)
	h.RecordValues(latency, ops)
	return load.Stats{Ops: ops, Elapsed: 100 * time.Millisecond, Latency: h}
}

func TestSnapshotTargets(t *testing.T) {
	var before, during phase
	before.add(stats(1000, 1), stats(10, 1000), 200<<20, 80<<20)
	before.add(stats(1000, 1), stats(10, 1000), 201<<20, 80<<20)
	during.add(stats(500, 1), stats(10, 1400), 300<<20, 80<<20)
	b := &bench{options: &Options{}, report: report.New("boards"), emptyRSS: 100 << 20}
	b.noteSnapshots(1, &before, &during)
	for _, x := range b.report.Targets {
		if !x.Met {
			t.Errorf("%+v", x)
		}
	}
	during.add(stats(500, 1), stats(10, 1600), 310<<20, 80<<20)
	b = &bench{options: &Options{}, report: report.New("boards"), emptyRSS: 100 << 20}
	b.noteSnapshots(0, &before, &during)
	for _, x := range b.report.Targets {
		if x.Met {
			t.Errorf("%+v", x)
		}
	}
	if b.report.OK {
		t.Error("a run without a snapshot was taken for one")
	}
}
