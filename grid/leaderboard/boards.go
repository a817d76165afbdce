package leaderboard

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

// Boards is the state of all boards of one slot.
type Boards struct {
	gen     uint64 // what is written now carries it; each Clone raises it
	byName  btree.Map[string, *board]
	records int                // of all boards, in all periods
	dues    *btree.BTreeG[due] // of boards with a schedule; nil: there never was one
	next    int64              // the first of dues
}

// board is one board. Its scores are in rank order: negated if it is descending.
type board struct {
	gen  uint64 // the only generation that may write the board
	name string
	settings
	now  period   // the one that runs: the only one that changes
	past []period // those that are over and kept, the oldest first; never changed in place
}

// New returns the state of a slot without boards.
func New() *Boards { return &Boards{gen: 1, next: math.MaxInt64} }

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
	c.now.set = x.now.set.Fork(b.gen)
	if c.now.notes != nil {
		c.now.notes = c.now.notes.Copy()
	}
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

// appendRecord appends a stored record as clients see it.
func (x *board) appendRecord(b []byte, p *period, r *ranking.Record, rank int) []byte {
	note := ""
	if p.notes != nil {
		note = p.note(&r.Owner)
	}
	return appendRecord(b, &r.Owner, x.key(r.Score), x.key(r.Sub), r.Stamp, rank, note)
}

// locate returns the record of an owner.
func (p *period) locate(owner *grid.ID) (ranking.Ordinal, *ranking.Record, bool) {
	o, found := p.set.Find(owner)
	if !found {
		return 0, nil, false
	}
	return o, p.set.At(o), true
}
