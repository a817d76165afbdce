package nemesis

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/lan"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

func TestOptionsAreRefusedByTheirFlags(t *testing.T) {
	good := Defaults()
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for flag, spoil := range map[string]func(*Options){
		"--nodes":   func(o *Options) { o.Nodes = 2 },
		"--minutes": func(o *Options) { o.Length = 0 },
		"--clients": func(o *Options) { o.Clients = 0 },
		"--break":   func(o *Options) { o.Break = "legs" },
	} {
		o := Defaults()
		spoil(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	if faults, sorts := good.faultsMin(); faults != 60 || sorts != 8 {
		t.Errorf("ten minutes want %d faults of %d sorts", faults, sorts)
	}
}

// All sorts come before one comes again, two faults hit different nodes, what must be
// alone is, and nodes are wiped apart.
func TestDeckDealsAllSorts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	w := &world{nodes: 5}
	d := newDeck(w.troubles(), random)
	seen := map[string]int{}
	pairs, wipedAt := 0, -apart
	for at := time.Duration(0); at < time.Hour; at += 10 * time.Second {
		hits := d.draw(random, 5, at)
		for _, h := range hits {
			if seen[h.trouble.name]++; h.node < 1 || h.node > 5 || h.lasts < h.trouble.least {
				t.Errorf("%+v", h)
			}
			if h.trouble.alone && len(hits) > 1 {
				t.Errorf("%s is not alone", h.trouble.name)
			}
			if h.trouble.wipes() {
				if at-wipedAt < apart {
					t.Errorf("wiped at %v and %v", wipedAt, at)
				}
				wipedAt = at
			}
		}
		if len(hits) == 2 {
			if pairs++; hits[0].node == hits[1].node {
				t.Error("two faults on one node")
			}
		}
	}
	if pairs == 0 || len(seen) != len(w.troubles()) || len(seen) < sortsMin {
		t.Errorf("%d pairs, %v", pairs, seen)
	}
	for range 100 {
		if hits := d.draw(random, 3, 0); len(hits) > 1 {
			t.Error("two faults at once, of three nodes")
		}
	}
}

func TestWatchTellsWindowsApart(t *testing.T) {
	w := newWatch()
	before := time.Now().Add(-time.Second)
	a := w.open()
	w.ack("x", before) // sent before the fault: it says nothing of what comes after
	if w.lacks(a, []string{"x"}) != "x" {
		t.Error("a write from before counts")
	}
	w.ack("x", time.Now())
	if w.lacks(a, []string{"x"}) != "" || w.lacks(a, []string{"x", "y"}) != "y" {
		t.Error("a write does not count")
	}
	if w.failed("x", fault.New(fault.Unavailable, "no leader")) {
		t.Error("a failure is unknown")
	}
	if !w.failed("x", &fault.Error{Code: fault.DeadlineExceeded, Unknown: true}) {
		t.Error("unknown is a failure")
	}
	w.close(a)
	w.ack("x", time.Now())
	if a.ops != 2 || a.errors["UNAVAILABLE"] != 1 || a.errors["DEADLINE_EXCEEDED (unknown)"] != 1 {
		t.Errorf("%+v", a)
	}
	if acked, unknown, _, odds, _ := w.totals(); acked != 3 || unknown != 1 || odds != 0 {
		t.Errorf("%d acknowledged, %d unknown, %d odd", acked, unknown, odds)
	}
	w.failed("x", fault.New(fault.NotFound, "no such board"))
	w.failed("x", errors.New("bad frame"))
	if _, _, _, odds, odd := w.totals(); odds != 2 || len(odd) != 2 {
		t.Errorf("%d odd: %q", odds, odd)
	}
}

func TestTallyAddsUpOverRestarts(t *testing.T) {
	y := newTally(2)
	for _, n := range []float64{3, 5, 1, 2} { // started again after 5
		y.add(0, map[string]float64{"x": n})
	}
	y.add(1, map[string]float64{"x": 10})
	if y.sums["x"] != 17 {
		t.Error(y.sums)
	}
}

func TestGhostsAndThoseWhoAreMissing(t *testing.T) {
	ids := func(n ...grid.SessionID) []grid.SessionID { return n }
	if wrong := compare(ids(1, 2), ids(1, 2)); wrong != "" {
		t.Error(wrong)
	}
	for want, got := range map[string][]grid.SessionID{
		"the ghost": ids(1, 2, 3), "no ": ids(1), "twice": ids(1, 1, 2),
	} {
		if wrong := compare(got, ids(1, 2)); !strings.Contains(wrong, want) {
			t.Errorf("%v: %q", got, wrong)
		}
	}
}

// A run in which nothing wrong is seen fails all the same when too little happened, and
// each kind of finding fails a check of its own.
func TestVerdict(t *testing.T) {
	rules, err := lan.NewRules(3)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{rules: rules}
	fresh := func() *bench {
		o := Defaults()
		o.Length = 10 * time.Second
		b := &bench{
			options: &o, report: report.New("nemesis"), watch: newWatch(), tally: newTally(3),
			crowd: &crowd{}, world: w, fewest: windowWritesMin,
			faults: []report.Fault{{Sort: wiped, NextWrite: 0.1, AllWrites: 0.5}},
		}
		b.tally.sums[electionsMetric], b.tally.sums[installedMetric] = 1, 1
		return b
	}
	good := fresh()
	if good.conclude(); !good.report.OK {
		t.Fatalf("%+v", good.report.Checks)
	}
	for check, spoil := range map[string]func(*bench){
		"every history is that of a board":          func(b *bench) { b.found.illegal++ },
		"every history was checked to its end":      func(b *bench) { b.found.unknown++ },
		"no acknowledged write lost":                func(b *bench) { b.found.lost++ },
		"no write done twice":                       func(b *bench) { b.found.doubled++ },
		"those present are those who should be":     func(b *bench) { b.ghosts = []string{"x"} },
		"every error was one that may be":           func(b *bench) { b.watch.strange("x") },
		"no node ended by itself":                   func(b *bench) { b.ended = []string{"x"} },
		"writes were taken again after every fault": func(b *bench) { b.stalled = []string{"x"} },
		"faults enough, of sorts enough":            func(b *bench) { b.faults = nil },
		"every window had its load":                 func(b *bench) { b.fewest-- },
		"leaders changed":                           func(b *bench) { clear(b.tally.sums) },
		"snapshots were installed":                  func(b *bench) { b.tally.sums[installedMetric] = 0 },
	} {
		b := fresh()
		spoil(b)
		b.conclude()
		failed := false
		for _, c := range b.report.Checks {
			failed = failed || c.Name == check && !c.OK
		}
		if !failed || b.report.OK {
			t.Errorf("%q did not fail: %+v", check, b.report.Checks)
		}
	}
}
