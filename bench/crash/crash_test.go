package crash

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// page turns values into what a server would send.
func page(b *board, w *worker, m model) []leaderboard.Record {
	var all []leaderboard.Record
	for i, o := range w.owners {
		if v := m.possible(key{b.name, o})[0]; v.present {
			all = append(all, leaderboard.Record{Owner: o, Score: v.score, Subscore: v.sub, Stamp: int64(i)})
		}
	}
	slices.SortStableFunc(all, func(x, y leaderboard.Record) int {
		switch vx, vy := valueOf(&x), valueOf(&y); {
		case b.better(vx, vy):
			return -1
		case b.better(vy, vx):
			return 1
		}
		return 0
	})
	for i := range all {
		all[i].Rank = i + 1
	}
	return all
}

func check(b *board, p []leaderboard.Record, w *worker) faults {
	var f faults
	order(b, p, &f)
	compare(b, p, []*worker{w}, &f)
	return f
}

// A history that a right server could have is never called wrong, whatever was
// done and whichever of the unknown outcomes came true.
func TestRightHistoriesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorker(nil, 1, 1)
		real := model{}
		for range rapid.IntRange(0, 60).Draw(t, "ops") {
			b := &w.boards[rapid.IntRange(0, len(w.boards)-1).Draw(t, "board")]
			k := key{b.name, w.owners[rapid.IntRange(0, 4).Draw(t, "owner")]}
			score := rapid.Int64Range(1, 9).Draw(t, "score")
			o := op{remove: rapid.IntRange(0, 4).Draw(t, "remove") == 0, score: score, sub: subscore(score)}
			old := real.possible(k)[0]
			done, told := rapid.Bool().Draw(t, "done"), rapid.Bool().Draw(t, "told")
			if done || told {
				real[k] = []value{b.apply(old, o)}
			}
			if !told {
				w.model.unknown(b, k, o)
			} else if err := w.model.answered(b, k, o, real[k][0], old.present); err != nil {
				t.Fatal(err)
			}
		}
		for i := range w.boards {
			b := &w.boards[i]
			if f := check(b, page(b, w, real), w); f.any() {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// Each way in which a server could be wrong is seen, and called by its name.
func TestWrongHistoriesFail(t *testing.T) {
	type spoil = func(p *[]leaderboard.Record)
	submit := op{score: 5, sub: 10}
	for _, c := range []struct {
		name  string
		board int // set, best, least, incr, decr
		ops   []op
		spoil spoil
		want  faults
	}{
		{"record lost", 0, []op{submit}, func(p *[]leaderboard.Record) { *p = (*p)[:1] }, faults{lost: 1}},
		{"older value", 0, []op{submit, {score: 7, sub: 14}}, func(p *[]leaderboard.Record) {
			(*p)[0].Score, (*p)[0].Subscore = 5, 10
		}, faults{lost: 1}},
		{"worse value", 1, []op{{score: 7, sub: 14}, submit}, func(p *[]leaderboard.Record) {
			(*p)[0].Score, (*p)[0].Subscore = 5, 10
		}, faults{lost: 1}},
		{"sum too small", 3, []op{submit, submit}, func(p *[]leaderboard.Record) {
			(*p)[0].Score, (*p)[0].Subscore = 5, 10
		}, faults{lost: 1}},
		{"sum too large", 3, []op{submit, submit}, func(p *[]leaderboard.Record) {
			(*p)[0].Score, (*p)[0].Subscore = 15, 30
		}, faults{doubled: 1}},
		{"negative sum too large", 4, []op{submit, submit}, func(p *[]leaderboard.Record) {
			(*p)[0].Score, (*p)[0].Subscore = -15, -30
		}, faults{doubled: 1}},
		{"half", 3, []op{submit, submit}, func(p *[]leaderboard.Record) { (*p)[0].Subscore = 10 }, faults{halved: 1}},
		{"removal lost", 0, []op{submit, {remove: true}}, func(p *[]leaderboard.Record) {
			*p = append([]leaderboard.Record{{Score: 5, Subscore: 10}}, *p...)
			(*p)[0].Owner, (*p)[0].Rank, (*p)[1].Rank = newWorker(nil, 1, 1).owners[0], 1, 2
		}, faults{lost: 1}},
		{"stranger", 0, nil, func(p *[]leaderboard.Record) { (*p)[0].Owner[0]++ }, faults{lost: 1, other: 1}},
		{"twice", 0, []op{submit}, func(p *[]leaderboard.Record) {
			*p = append(*p, (*p)[1])
			(*p)[2].Rank = 3
		}, faults{other: 1}},
		{"ranks", 0, []op{submit}, func(p *[]leaderboard.Record) { (*p)[1].Rank = 3 }, faults{other: 1}},
	} {
		w := newWorker(nil, 1, 1)
		b := &w.boards[c.board]
		for i, k := range []key{{b.name, w.owners[0]}, {b.name, w.owners[1]}} {
			ops := c.ops
			if i == 1 {
				ops = []op{{score: 3, sub: 6}} // stands behind the first
			}
			for _, o := range ops {
				old := w.model.possible(k)[0]
				if err := w.model.answered(b, k, o, b.apply(old, o), old.present); err != nil {
					t.Fatal(err)
				}
			}
		}
		p := page(b, w, w.model)
		c.spoil(&p)
		f := check(b, p, w)
		if f.lost != c.want.lost || f.doubled != c.want.doubled || f.halved != c.want.halved ||
			f.other != c.want.other {
			t.Errorf("%s: found %+v, want %+v", c.name, f, c.want)
		}
		if again := check(b, p, w); again.lost+again.doubled+again.halved > 0 {
			t.Errorf("%s: found again in the next cycle: %+v", c.name, again)
		}
	}
}

func TestImpossibleAnswersAreSeen(t *testing.T) {
	m, b := model{}, &boards()[3] // incr
	k := key{b.name, newWorker(nil, 1, 1).owners[0]}
	submit := op{score: 5, sub: 10}
	if err := m.answered(b, k, submit, value{true, 5, 10}, false); err != nil {
		t.Fatal(err)
	}
	if err := m.answered(b, k, submit, value{true, 5, 10}, false); err == nil {
		t.Error("an incr that was answered without having been done")
	}
	if err := m.answered(b, k, op{remove: true}, value{}, false); err == nil {
		t.Error("a removal that found nothing where something was")
	}
	m.unknown(b, k, submit)
	if err := m.answered(b, k, submit, value{true, 15, 30}, false); err == nil {
		t.Error("one unknown incr counted twice")
	}
}

func TestVerdict(t *testing.T) {
	verdict := func(f faults, cycles int, fewest int64) bool {
		b := &bench{
			options: &Options{Cycles: 3, WritesMin: 100}, report: report.New("crash"),
			host: &killed{}, faults: f, cycles: cycles, fewest: fewest,
		}
		b.conclude()
		return b.report.OK
	}
	if !verdict(faults{}, 3, 100) {
		t.Error("a good run failed")
	}
	for _, f := range []faults{{lost: 1}, {doubled: 1}, {halved: 1}, {other: 1}} {
		if verdict(f, 3, 100) {
			t.Errorf("%+v passed", f)
		}
	}
	if verdict(faults{}, 2, 100) || verdict(faults{}, 3, 99) {
		t.Error("a run that did too little passed")
	}
}
