package leaderboard

import (
	"fmt"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

const (
	roundsMax = 64 // three or four are usual
	guesses   = 8  // rounds that guess; those that follow halve
)

// near is how far from a position is near enough for a run to get there: a guess
// comes no closer than a few records of each stripe.
func (g *gather) near() int { return 64 + 8*len(g.stripes) }

// seek finds a record from which a run gets to a position, counted from 0, by
// passing skip others; nil is before all records. Beyond the last record skip is
// negative.
//
// Each round takes a record of each stripe from about where the position should
// be, and of these the one in the middle, and counts the records before it in all
// stripes: that bounds where the position is in each. Owners are spread by a hash,
// so stripes look alike and the guess is good; should somebody have seen to it
// that they do not, halving still comes to an end.
func (g *gather) seek(position int) (start *ranking.Record, skip int, err error) {
	near := g.near()
	if position <= near {
		return nil, position, nil
	}
	if err := g.tally(nil, nil); err != nil {
		return nil, 0, err
	}
	w := window{low: make([]int, len(g.stripes)), high: make([]int, len(g.stripes))}
	for i := range g.stripes {
		w.high[i] = g.stripes[i].total
	}
	if position >= g.total() {
		return nil, -1, nil
	}
	passed := 0
	for round := 0; position-passed > near && round < roundsMax; round++ {
		low, width := w.size()
		if width == 0 {
			break
		}
		share := 0.5
		if round < guesses {
			share = min(1, max(0, float64(position-near/2-low)/float64(width)))
		}
		pivot, own, err := g.pivot(&w, share)
		if err != nil {
			return nil, 0, err
		}
		if own < 0 {
			break
		}
		counts, before := make([]int, len(g.stripes)), 0
		err = g.tally([]ranking.Record{pivot}, func(stripe, _, n int) {
			counts[stripe] = n
			before += n
		})
		if err != nil {
			return nil, 0, err
		}
		if before >= position {
			w.lower(counts)
			continue
		}
		start, passed = &pivot, before+1
		counts[own]++
		w.raise(counts)
	}
	if position-passed > 4*near {
		return nil, 0, &fault.Error{Code: fault.Unavailable, Retry: 10 * time.Millisecond,
			Message: fmt.Sprintf("board %q changes too fast to find a rank: ask again", g.name)}
	}
	return start, position - passed, nil
}

// window is, for each stripe, between which of its positions the one that is
// sought must be.
type window struct{ low, high []int }

// size returns how many records are below the window, and how many in it.
func (w *window) size() (low, width int) {
	for i := range w.low {
		low += w.low[i]
		width += max(0, w.high[i]-w.low[i])
	}
	return low, width
}

func (w *window) raise(low []int) {
	for i := range low {
		w.low[i] = max(w.low[i], low[i])
	}
}

func (w *window) lower(high []int) {
	for i := range high {
		w.high[i] = min(w.high[i], high[i])
	}
}

// pivot returns a record from about where a share of the window is, and its
// stripe, -1 if there is none.
func (g *gather) pivot(w *window, share float64) (at ranking.Record, own int, err error) {
	type candidate struct {
		at     ranking.Record
		stripe int
		weight int
	}
	var all []candidate
	sum := 0
	for i := range g.stripes {
		width := w.high[i] - w.low[i]
		if width <= 0 {
			continue
		}
		r := PageRequest{
			Board: g.stripes[i].key, Limit: 1, Period: g.end,
			Rank: w.low[i] + 1 + int(share*float64(width-1)),
		}
		page, err := g.records(i, KindPage, &r)
		if err != nil {
			return at, -1, err
		}
		if len(page.Records) > 0 {
			all = append(all, candidate{g.sort.place(&page.Records[0]), i, width})
			sum += width
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.at.Before(&b.at) {
			return -1
		}
		return 1
	})
	own, passed := -1, 0
	for _, c := range all {
		at, own = c.at, c.stripe
		if passed += c.weight; float64(passed) >= share*float64(sum) {
			break
		}
	}
	return at, own, nil
}
