package nemesis

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/thronggrid/throng/grid/leaderboard"
)

// action is what a client may ask of a board.
type action int

const (
	submits action = iota
	removes
	ranks // one owner's record
	pages // the whole board
)

// input is what a client asked.
type input struct {
	action   action
	operator leaderboard.Operator
	owner    int
	score    int64
}

// seen is one record as a client saw it.
type seen struct {
	owner int
	score int64
	rank  int
}

// output is what a client was told. The zero output, of an operation whose outcome
// stayed unknown, allows everything.
type output struct {
	known   bool
	score   int64
	changed bool // submits: the record changed; removes: there was one
	records []seen
}

// entry is one record of a naive board; order says who got there first.
type entry struct {
	owner int
	score int64
	order int
}

// naive is a board as a sorted slice. Values are never changed in place.
type naive struct {
	records []entry
	clock   int
}

func (n naive) find(owner int) int {
	return slices.IndexFunc(n.records, func(e entry) bool { return e.owner == owner })
}

func (n naive) without(owner int) naive {
	return naive{clock: n.clock + 1, records: slices.DeleteFunc(slices.Clone(n.records),
		func(e entry) bool { return e.owner == owner })}
}

func (n naive) with(owner int, score int64) naive {
	next := n.without(owner)
	next.records = append(next.records, entry{owner, score, next.clock})
	slices.SortFunc(next.records, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.order, b.order))
	})
	return next
}

// submit returns the board after a submission, and what its reply must say.
func (n naive) submit(i input) (next naive, score int64, changed bool) {
	at := n.find(i.owner)
	if at < 0 {
		return n.with(i.owner, i.score), i.score, true
	}
	old := n.records[at].score
	score = i.score
	switch i.operator {
	case leaderboard.Best:
		score = max(old, score)
	case leaderboard.Incr:
		score += old
	}
	if score == old {
		return n, old, false
	}
	return n.with(i.owner, score), score, true
}

func (n naive) rank(owner int) []seen {
	at := n.find(owner)
	if at < 0 {
		return nil
	}
	return []seen{{owner, n.records[at].score, at + 1}}
}

func (n naive) page() []seen {
	var all []seen
	for i, e := range n.records {
		all = append(all, seen{e.owner, e.score, i + 1})
	}
	return all
}

// same says whether two boards cannot be told apart from now on: the times themselves do
// not matter, only their order, which the records' order has.
func same(a, b any) bool {
	return slices.EqualFunc(a.(naive).records, b.(naive).records,
		func(x, y entry) bool { return x.owner == y.owner && x.score == y.score })
}

func step(state, in, out any) (bool, any) {
	n, i, o := state.(naive), in.(input), out.(output)
	switch i.action {
	case submits:
		next, score, changed := n.submit(i)
		return !o.known || o.score == score && o.changed == changed, next
	case removes:
		there := n.find(i.owner) >= 0
		return !o.known || o.changed == there, n.without(i.owner)
	case ranks:
		return slices.Equal(o.records, n.rank(i.owner)), n
	default:
		return slices.Equal(o.records, n.page()), n
	}
}

// model is what the history of one board is checked against.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return naive{} }, Step: step, Equal: same,
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
	}
}
