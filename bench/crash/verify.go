package crash

import (
	"context"
	"slices"

	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// verify reads everything and compares it with all models. No worker may run.
func verify(
	ctx context.Context, c *client.Client, workers []*worker,
) (records int, f faults, err error) {
	for _, b := range boards() {
		page, err := readback.Board(ctx, c, b.name)
		if err != nil {
			return records, f, err
		}
		records += len(page)
		order(&b, page, &f)
		compare(&b, page, workers, &f)
	}
	for _, w := range workers {
		if err := w.verifySides(ctx, &f); err != nil {
			return records, f, err
		}
		f.add(&w.faults)
		w.faults = faults{}
	}
	return records, f, nil
}

// order checks that the records come in the board's order, with their ranks.
func order(b *board, page []leaderboard.Record, f *faults) {
	for i, r := range page {
		before := page[max(0, i-1)]
		x, y := valueOf(&before), valueOf(&r)
		if r.Rank != i+1 || b.better(y, x) || x == y && r.Stamp < before.Stamp {
			f.other++
			f.example("%s: %+v stands in place %d behind %+v", b.name, r, i+1, before)
		}
	}
}

// compare checks that each record is what its client says it must be.
func compare(b *board, page []leaderboard.Record, workers []*worker, f *faults) {
	got := map[grid.ID]value{}
	for i := range page {
		if _, twice := got[page[i].Owner]; twice {
			f.other++
			f.example("%s: %v is there twice", b.name, page[i].Owner)
		}
		got[page[i].Owner] = valueOf(&page[i])
	}
	for _, w := range workers {
		for _, owner := range w.owners {
			k := key{b.name, owner}
			v, possible := got[owner], w.model.possible(k)
			if !slices.Contains(possible, v) {
				f.wrong(b, k, v, possible)
			}
			w.model[k] = []value{v}
			delete(got, owner)
		}
	}
	for owner := range got {
		f.other++
		f.example("%s: %v is there, and nobody put it there", b.name, owner)
	}
}

func valueOf(r *leaderboard.Record) value {
	return value{present: true, score: r.Score, sub: r.Subscore}
}
