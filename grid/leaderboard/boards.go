package leaderboard

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// Boards is the state of all boards of one slot.
type Boards struct {
	gen     uint64 // what is written now carries it; each Clone raises it
	byName  btree.Map[string, *board]
	records int                // of all boards, in all periods
	noted   int                // bytes of their metadata
	texts   int                // bytes of the boards' own texts
	dues    *btree.BTreeG[due] // of boards with a schedule; nil: there never was one
	next    int64              // the first of dues
	striped int                // boards that are spread over slots
	stripes int                // parts of such boards of other slots
}

// board is one board. Its scores are in rank order: negated if it is descending.
type board struct {
	gen  uint64 // the only generation that may write the board
	name string // of a stripe: its key
	settings
	born    int64    // of a board that is spread: the stamp at which it was made
	leaving uint64   // of one that was deleted: bits of the stripes that are not yet gone
	part    stripe   // of a stripe: which one it is; else of is 0
	now     period   // the one that runs: the only one that changes
	past    []period // those that are over and kept, the oldest first; never changed in place
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

// get returns a board that is here and was not deleted.
func (b *Boards) get(key string) (*board, bool) {
	x, ok := b.byName.Get(key)
	return x, ok && x.leaving == 0
}

// noBoard is the error for a board that is not here.
func noBoard(key string) error {
	return fault.New(fault.NotFound,
		"there is no board %q: create it first, with board.create and a server key", shown(key))
}

// look returns a board to read, or a stripe. Of a board that is spread it appends
// what an edge must know to read the rest: [born, stripes, sort, end], with
// grid.ErrPartial.
func (b *Boards) look(key string, out []byte) (*board, []byte, error) {
	x, ok := b.get(key)
	if ok && x.stripes == 0 {
		return x, out, nil
	}
	if ok {
		out = pack.AppendInt(pack.AppendArray(out, partFields), x.born)
		out = pack.AppendUint(out, uint64(x.stripes))
		out = pack.AppendUint(out, uint64(x.sort))
		return nil, pack.AppendInt(out, x.now.end), grid.ErrPartial
	}
	if s, ok := parseStripe(key); ok && s.number == 0 {
		x, ok := b.get(s.name)
		if ok && x.born == s.born && x.stripes == s.of {
			return x, out, nil
		}
	}
	return nil, out, noBoard(key)
}

const partFields = 4

// add adds a board.
func (b *Boards) add(x *board) {
	b.byName.Set(x.name, x)
	b.records += x.records()
	b.noted += x.noted()
	b.texts += x.texts()
	b.plan(x, math.MaxInt64)
	b.count(x, 1)
}

// drop drops a board with its records, and returns their number.
func (b *Boards) drop(x *board) int {
	b.byName.Delete(x.name)
	b.unplan(x)
	b.count(x, -1)
	records := x.records()
	b.records -= records
	b.noted -= x.noted()
	b.texts -= x.texts()
	return records
}

// holds says whether an owner's record belongs here, as far as the board is spread.
func (x *board) holds(owner *grid.ID) bool {
	switch {
	case x.stripes > 0:
		return stripeOf(owner, x.stripes) == 0
	case x.part.of > 0:
		return stripeOf(owner, x.part.of) == x.part.number
	}
	return true
}

// count counts what has limits of its own.
func (b *Boards) count(x *board, n int) {
	switch {
	case x.stripes > 0:
		b.striped += n
	case x.part.of > 0:
		b.stripes += n
	}
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
func (s Sort) key(score int64) int64 {
	if s == Descending {
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
	return appendRecord(b, &r.Owner, x.sort.key(r.Score), x.sort.key(r.Sub), r.Stamp, rank, note)
}

// locate returns the record of an owner.
func (p *period) locate(owner *grid.ID) (ranking.Ordinal, *ranking.Record, bool) {
	o, found := p.set.Find(owner)
	if !found {
		return 0, nil, false
	}
	return o, p.set.At(o), true
}
