package crash

import "fmt"

// faults counts what did not hold.
type faults struct {
	lost, doubled, halved int
	other                 int // answers and orders that cannot be
	examples              []string
}

const examplesMax = 8

func (f *faults) any() bool { return f.lost+f.doubled+f.halved+f.other > 0 }

func (f *faults) example(format string, args ...any) {
	if len(f.examples) < examplesMax {
		f.examples = append(f.examples, fmt.Sprintf(format, args...))
	}
}

func (f *faults) add(g *faults) {
	f.lost += g.lost
	f.doubled += g.doubled
	f.halved += g.halved
	f.other += g.other
	f.examples = append(f.examples, g.examples...)
	f.examples = f.examples[:min(examplesMax, len(f.examples))]
}

// wrong notes a record that is not one of those possible.
func (f *faults) wrong(b *board, k key, got value, possible []value) {
	want := possible[0]
	switch {
	case got.present && got.halved():
		f.halved++
	case b.sums() && got.present && want.present && size(got) > size(want):
		f.doubled++
	default:
		f.lost++
	}
	f.example("%v on %s is %+v, possible are %+v", k.owner, k.board, got, possible)
}

// size is how much was added up in a record of a board that sums.
func size(v value) int64 { return max(v.score, -v.score) }
