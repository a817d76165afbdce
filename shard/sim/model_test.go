package sim

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/thronggrid/throng/grid/leaderboard"
)

// board is one of the boards that every run has.
type board struct {
	name     string
	operator leaderboard.Operator
}

var boards = []board{
	{"sim-set", leaderboard.Set},
	{"sim-best", leaderboard.Best},
	{"sim-incr", leaderboard.Incr},
}

const ownersPerBoard = 5

type opKind int

const (
	opSubmit opKind = iota
	opRemove
	opRank // one owner's record
	opPage // the whole board
)

// input is what a client asked.
type input struct {
	kind  opKind
	board int
	owner int
	score int64
}

// seen is one record as a client saw it.
type seen struct {
	owner int
	score int64
	rank  int
}

// output is what a client was told. The zero output of an operation whose
// outcome stayed unknown allows everything.
type output struct {
	known   bool
	score   int64
	changed bool // submit: the record changed; remove: there was one
	records []seen
}

// entry is one record of the naive board; order says who got there first.
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
	return naive{clock: n.clock + 1,
		records: slices.DeleteFunc(slices.Clone(n.records), func(e entry) bool { return e.owner == owner })}
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
func (n naive) submit(o leaderboard.Operator, owner int, score int64) (naive, int64, bool) {
	i := n.find(owner)
	if i < 0 {
		return n.with(owner, score), score, true
	}
	old := n.records[i].score
	switch o {
	case leaderboard.Best:
		score = max(old, score)
	case leaderboard.Incr:
		score += old
	}
	if score == old {
		return n, old, false
	}
	return n.with(owner, score), score, true
}

func (n naive) rank(owner int) []seen {
	i := n.find(owner)
	if i < 0 {
		return nil
	}
	return []seen{{owner, n.records[i].score, i + 1}}
}

func (n naive) page() []seen {
	var all []seen
	for i, e := range n.records {
		all = append(all, seen{e.owner, e.score, i + 1})
	}
	return all
}

// same says whether two boards cannot be told apart from now on: the times
// themselves do not matter, only their order, which the records' order has.
func same(a, b any) bool {
	return slices.EqualFunc(a.(naive).records, b.(naive).records,
		func(x, y entry) bool { return x.owner == y.owner && x.score == y.score })
}

func step(state, in, out any) (bool, any) {
	n, i, o := state.(naive), in.(input), out.(output)
	switch i.kind {
	case opSubmit:
		next, score, changed := n.submit(boards[i.board].operator, i.owner, i.score)
		return !o.known || o.score == score && o.changed == changed, next
	case opRemove:
		removed := n.find(i.owner) >= 0
		return !o.known || o.changed == removed, n.without(i.owner)
	case opRank:
		return slices.Equal(o.records, n.rank(i.owner)), n
	default:
		return slices.Equal(o.records, n.page()), n
	}
}

// model is what porcupine checks a history against, each board by itself.
var model = porcupine.Model{
	Init:  func() any { return naive{} },
	Step:  step,
	Equal: same,
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, len(boards))
		for _, o := range history {
			b := o.Input.(input).board
			parts[b] = append(parts[b], o)
		}
		return parts
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}
