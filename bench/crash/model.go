package crash

import (
	"fmt"
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// value is an owner's record on a board; the zero value is none.
type value struct {
	present    bool
	score, sub int64
}

// op is a write to one record.
type op struct {
	remove     bool
	score, sub int64
}

// board is one of the boards that all clients write to.
type board struct {
	name     string
	sort     leaderboard.Sort
	operator leaderboard.Operator
}

// boards returns one board of each kind.
func boards() []board {
	return []board{
		{"crash/set", leaderboard.Descending, leaderboard.Set},
		{"crash/best", leaderboard.Descending, leaderboard.Best},
		{"crash/least", leaderboard.Ascending, leaderboard.Best},
		{"crash/incr", leaderboard.Descending, leaderboard.Incr},
		{"crash/decr", leaderboard.Ascending, leaderboard.Decr},
	}
}

// sums says whether the board adds up what is submitted.
func (b *board) sums() bool {
	return b.operator == leaderboard.Incr || b.operator == leaderboard.Decr
}

// better says whether x comes before y on the board.
func (b *board) better(x, y value) bool {
	if b.sort == leaderboard.Ascending {
		x, y = y, x
	}
	return x.score > y.score || x.score == y.score && x.sub > y.sub
}

// apply is what an op makes of a record.
func (b *board) apply(v value, o op) value {
	if o.remove {
		return value{}
	}
	n := value{present: true, score: o.score, sub: o.sub}
	switch b.operator {
	case leaderboard.Best:
		if v.present && !b.better(n, v) {
			return v
		}
	case leaderboard.Incr:
		n.score, n.sub = v.score+o.score, v.sub+o.sub
	case leaderboard.Decr:
		n.score, n.sub = v.score-o.score, v.sub-o.sub
	}
	return n
}

// subscore is what belongs to a score: both are linear, so sums keep it.
func subscore(score int64) int64 { return 2 * score }

// halved says whether a record's two halves do not belong together.
func (v value) halved() bool { return v.sub != subscore(v.score) }

// key names a record.
type key struct {
	board string
	owner grid.ID
}

// model is what one client knows of its records: for each, the values possible.
// A record that was never written is not in it.
type model map[key][]value

// possible returns the values that a record may have.
func (m model) possible(k key) []value {
	if vs := m[k]; len(vs) > 0 {
		return vs
	}
	return []value{{}}
}

// answered notes an op whose answer came: the record then had the value that the
// answer says, or, for a removal, had been there or not. It returns an error when
// that is not possible, and goes on with what the answer says.
func (m model) answered(b *board, k key, o op, got value, removed bool) error {
	var after []value
	for _, v := range m.possible(k) {
		n := b.apply(v, o)
		if o.remove && v.present == removed || !o.remove && n == got {
			after = append(after, n)
		}
	}
	if len(after) > 0 {
		m[k] = after[:1] // all are equal: an answer tells the value
		return nil
	}
	err := fmt.Errorf("%v on %s: %+v was answered with %+v (removed %v), possible were %+v",
		k.owner, k.board, o, got, removed, m.possible(k))
	m[k] = []value{got}
	return err
}

// unknown notes an op of which nobody knows whether it was done, or may yet be.
func (m model) unknown(b *board, k key, o op) {
	all := slices.Clone(m.possible(k))
	for _, v := range m.possible(k) {
		if n := b.apply(v, o); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	m[k] = all
}
