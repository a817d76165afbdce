package leaderboard

import (
	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

// Boards is the state of all boards of one slot.
type Boards struct {
	gen     uint64 // what is written now carries it; each Clone raises it
	byName  btree.Map[string, *board]
	records int // of all boards
}

// board is one board. Its scores are in rank order: negated if it is descending.
type board struct {
	gen      uint64 // the only generation that may write the board
	name     string
	sort     Sort
	operator Operator
	set      *ranking.Set
}

// New returns the state of a slot without boards.
func New() *Boards { return &Boards{gen: 1} }

// Len returns the number of boards, and of their records together.
func (b *Boards) Len() (boards, records int) { return b.byName.Len(), b.records }

// Clone returns the state as it is now, frozen: it is for Encode alone, which
// may run on any goroutine while the original goes on. It takes the same time
// whatever the number of boards and records; the original then copies, once per
// clone, each node and page that it writes to. Like Apply it must not run
// beside anything else on the original.
func (b *Boards) Clone() *Boards {
	c := &Boards{gen: b.gen, byName: *b.byName.Copy(), records: b.records}
	b.gen++
	return c
}

// find returns a board to read.
func (b *Boards) find(name string) (*board, error) {
	x, ok := b.byName.Get(name)
	if !ok {
		return nil, fault.New(fault.NotFound,
			"there is no board %q: create it first, with board.create and a server key", name)
	}
	return x, nil
}

// own returns a board to write: x itself, or its successor if a clone has x.
func (b *Boards) own(x *board) *board {
	if x.gen == b.gen {
		return x
	}
	c := *x
	c.gen = b.gen
	c.set = x.set.Fork(b.gen)
	b.byName.Set(c.name, &c)
	return &c
}

// key turns a score or subscore into rank order, and back.
func (x *board) key(score int64) int64 {
	if x.sort == Descending {
		return -score
	}
	return score
}

// record returns a stored record as clients see it.
func (x *board) record(r *ranking.Record, rank int) Record {
	return Record{
		Owner: r.Owner, Score: x.key(r.Score), Subscore: x.key(r.Sub), Stamp: r.Stamp, Rank: rank,
	}
}

// locate returns the record of an owner.
func (x *board) locate(owner *grid.ID) (ranking.Ordinal, *ranking.Record, bool) {
	o, found := x.set.Find(owner)
	if !found {
		return 0, nil, false
	}
	return o, x.set.At(o), true
}
