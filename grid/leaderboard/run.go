package leaderboard

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// run goes through the records of all stripes in order, from a place on or back
// from it. It reads a piece of each stripe at a time, and goes on from the place
// of the last record that it read: a record that moves meanwhile may be passed
// twice or not at all, and nothing worse.
type run struct {
	*gather
	back   bool
	piece  int // records read at a time
	heads  []head
	before int // records that are behind the run when it begins
}

// head is what was read of a stripe and not yet passed.
type head struct {
	records []Record // in the order of the run
	last    ranking.Record
	began   bool // last is where to read on
	done    bool
}

// run begins a run of some want records, behind a place or back before it; from
// the first record on if the place is nil.
func (g *gather) run(at *ranking.Record, back bool, want int) (*run, error) {
	piece := min(PageRecordsMax, 2*want/len(g.stripes)+8)
	r := &run{gather: g, back: back, piece: piece, heads: make([]head, len(g.stripes))}
	for i := range r.heads {
		if at != nil {
			r.heads[i].last, r.heads[i].began = *at, true
		}
		before, err := r.fill(i)
		if err != nil {
			return nil, err
		}
		r.before += before
	}
	return r, nil
}

// fill reads the next piece of a stripe. It returns how many of its records rank
// before the piece, or, going back, before the end of the piece.
func (r *run) fill(i int) (before int, err error) {
	h := &r.heads[i]
	q := PageRequest{Board: r.stripes[i].key, Rank: 1, Limit: r.piece, Period: r.end}
	if h.began {
		var room [CursorBytesMax]byte
		q.Cursor = r.sort.cursor(room[:0], r.back, r.end, &h.last)
	}
	page, err := r.records(i, KindPage, &q)
	if err != nil {
		return 0, err
	}
	h.records = page.Records
	n := len(h.records)
	if r.back {
		h.done = page.Previous == nil
		if n > 0 {
			before = h.records[n-1].Rank
		}
		slices.Reverse(h.records)
	} else {
		h.done = page.Next == nil
		before = page.Total
		if n > 0 {
			before = h.records[0].Rank - 1
		}
	}
	if n > 0 {
		h.last, h.began = r.sort.place(&h.records[n-1]), true
	}
	return before, nil
}

// take passes up to n records and returns them.
func (r *run) take(n int) (out []Record, err error) {
	for len(out) < n {
		next := -1
		var first ranking.Record
		for i := range r.heads {
			h := &r.heads[i]
			if len(h.records) == 0 && !h.done {
				if _, err := r.fill(i); err != nil {
					return nil, err
				}
			}
			if len(h.records) == 0 {
				continue
			}
			at := r.sort.place(&h.records[0])
			if next < 0 || at.Before(&first) != r.back {
				next, first = i, at
			}
		}
		if next < 0 {
			break
		}
		out = append(out, r.heads[next].records[0])
		r.heads[next].records = r.heads[next].records[1:]
	}
	return out, nil
}

// page answers a PageRequest.
func (g *gather) page(r *PageRequest, out []byte) ([]byte, error) {
	if len(r.Cursor) > 0 {
		return g.goOn(r, out)
	}
	start, skip, err := g.seek(r.Rank - 1)
	if err != nil {
		return out, err
	}
	if skip < 0 {
		return g.append(out, 0, nil), nil
	}
	run, err := g.run(start, false, skip+r.Limit)
	if err != nil {
		return out, err
	}
	records, err := run.take(skip + r.Limit)
	if err != nil {
		return out, err
	}
	return g.append(out, r.Rank-1, records[min(skip, len(records)):]), nil
}

// goOn answers a PageRequest with a cursor.
func (g *gather) goOn(r *PageRequest, out []byte) ([]byte, error) {
	c, err := g.sort.readCursor(r.Cursor)
	if err != nil {
		return out, err
	}
	if c.period != 0 {
		g.end = c.period
	}
	run, err := g.run(&c.at, c.back, r.Limit)
	if err != nil {
		return out, err
	}
	records, err := run.take(r.Limit)
	if err != nil {
		return out, err
	}
	from := run.before
	if c.back {
		slices.Reverse(records)
		from -= len(records)
	}
	return g.append(out, from, records), nil
}

// around answers an AroundRequest.
func (g *gather) around(r *AroundRequest, out []byte) ([]byte, error) {
	if r.Owner == (grid.ID{}) {
		return out, errNobody
	}
	number := stripeOf(&r.Owner, len(g.stripes))
	own, err := g.records(number, KindOwners, &OwnersRequest{
		Board: g.stripes[number].key, Owners: []grid.ID{r.Owner}, Period: g.end,
	})
	if err != nil {
		return out, err
	}
	if len(own.Records) == 0 {
		return out, noRecord(&r.Owner, g.name)
	}
	at := g.sort.place(&own.Records[0])
	back, err := g.run(&at, true, r.Limit)
	if err != nil {
		return out, err
	}
	first := max(0, min(back.before-r.Limit/2, g.total()-r.Limit))
	records, err := back.take(min(r.Limit-1, back.before-first))
	if err != nil {
		return out, err
	}
	from := back.before - len(records)
	slices.Reverse(records)
	records = append(records, own.Records[0])
	on, err := g.run(&at, false, r.Limit-len(records))
	if err != nil {
		return out, err
	}
	behind, err := on.take(r.Limit - len(records))
	if err != nil {
		return out, err
	}
	return g.append(out, from, append(records, behind...)), nil
}

// append appends a page of records from a position on, counted from 0.
func (g *gather) append(out []byte, from int, records []Record) []byte {
	total, n := g.total(), len(records)
	from = max(0, from)
	for i := range records {
		records[i].Rank = from + i + 1
	}
	previous, next := n > 0 && from > 0, n > 0 && from+n < total
	out = pack.AppendUint(pack.AppendArray(out, pageFields(next, previous)), uint64(total))
	out = appendRecords(out, records)
	if next {
		last := g.sort.place(&records[n-1])
		out = g.sort.appendCursor(out, false, g.end, &last)
	} else if previous {
		out = pack.AppendNil(out)
	}
	if previous {
		first := g.sort.place(&records[0])
		out = g.sort.appendCursor(out, true, g.end, &first)
	}
	return out
}

// noRecord is the error for an owner who has no record on a board.
func noRecord(owner *grid.ID, name string) error {
	return fault.New(fault.NotFound,
		"owner %v has no record on board %q in the period asked for: submit a score while it runs",
		*owner, name)
}
