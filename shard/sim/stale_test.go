package sim

import (
	"github.com/thronggrid/throng/grid/leaderboard"
)

// written holds, by board and owner, every score that was ever sent: what a
// stale read may show.
type written map[[2]int]map[int64]bool

// willWrite notes a submission before it is sent.
func (w *world) willWrite(in input) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := [2]int{in.board, in.owner}
	if w.written[key] == nil {
		w.written[key] = make(map[int64]bool)
	}
	w.written[key][in.score] = true
}

// plausible fails if a stale read shows what never was: a score that nobody
// sent (of sums only their sign is checked), or records out of order.
func (w *world) plausible(in input, records []seen) {
	w.count(func(s *stats) { s.stale++ })
	sums := boards[in.board].operator == leaderboard.Incr
	for i, r := range records {
		w.mu.Lock()
		sent := w.written[[2]int{in.board, r.owner}]
		ok := sent[r.score] || sums && len(sent) > 0 && r.score > 0
		w.mu.Unlock()
		w.failIf(!ok, "a stale read shows the score %d, which nobody sent: %+v", r.score, records)
		w.failIf(in.kind == opRank && r.owner != in.owner,
			"a stale read of owner %d shows %+v", in.owner, records)
		w.failIf(in.kind == opPage && (r.rank != i+1 || i > 0 && r.score > records[i-1].score),
			"a stale read shows records out of order: %+v", records)
	}
}
