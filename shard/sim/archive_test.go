package sim

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid/chat"
)

// archive stands for the record tables: one for all nodes, never lost, and
// sometimes out of order.
type archive struct {
	w *world

	mu   sync.Mutex
	rand *rand.Rand
	rows map[string]map[uint64][]byte
}

var _ chat.Archive = (*archive)(nil)

func newArchive(w *world) *archive {
	return &archive{w: w, rand: rand.New(rand.NewPCG(w.seed, 51)),
		rows: make(map[string]map[uint64][]byte)}
}

var errArchive = errors.New("the simulated archive does not answer")

// Store stores rows; in bad times a part of them, and says so.
func (a *archive) Store(rows []chat.Row) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	bad := a.w.stormy() && a.rand.IntN(5) == 0
	for _, r := range rows {
		if bad && a.rand.IntN(2) == 0 {
			return errArchive
		}
		if a.rows[r.Key] == nil {
			a.rows[r.Key] = make(map[uint64][]byte)
		}
		row, changed, err := chat.Merge(a.rows[r.Key][r.Seq], r.Message)
		a.w.failIf(err != nil, "a row for the archive: %v", err)
		if changed {
			a.rows[r.Key][r.Seq] = slices.Clone(row)
		}
	}
	if bad {
		return errArchive
	}
	return nil
}

// Read gives the rows of a range.
func (a *archive) Read(key string, r chat.Range, each func(seq uint64, message []byte) bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var seqs []uint64
	for seq := range a.rows[key] {
		if seq >= r.From && seq <= r.To {
			seqs = append(seqs, seq)
		}
	}
	slices.Sort(seqs)
	if r.Backward {
		slices.Reverse(seqs)
	}
	for _, seq := range seqs[:min(r.Limit, len(seqs))] {
		if !each(seq, a.rows[key][seq]) {
			break
		}
	}
	return nil
}
