package meter

import (
	"cmp"
	"slices"
)

// Sketch finds the keys that are noted most often among any number of them, with
// memory for a few: it is the space-saving algorithm of Metwally, Agrawal and El
// Abbadi. A key that was noted in more than one of rows cases is in it for certain.
// It belongs to one goroutine at a time.
type Sketch struct {
	max  int
	rows []*row // a heap: none counts less than its parent, which is at (i-1)/2
	of   map[string]*row
}

type row struct {
	Heavy
	at int // its place in rows
}

// Heavy is a key that was noted often.
type Heavy struct {
	Key   string
	Count uint64 // at most so often,
	Over  uint64 // and at least so much less
}

// NewSketch returns a sketch with memory for so many keys: at least one.
func NewSketch(rows int) *Sketch { return &Sketch{max: rows, of: make(map[string]*row, rows)} }

// Note counts a key, of which it keeps a copy. A key that has no row takes that of the
// rarest, and its count with it: so no count is ever too low.
func (s *Sketch) Note(key []byte, n uint64) {
	r := s.of[string(key)]
	switch {
	case r != nil:
		r.Count += n
	case len(s.rows) < s.max:
		r = &row{Heavy{Key: string(key), Count: n}, len(s.rows)}
		s.of[r.Key] = r
		s.rows = append(s.rows, r)
		s.rise(r)
		return
	default:
		r = s.rows[0]
		delete(s.of, r.Key)
		r.Heavy = Heavy{Key: string(key), Count: r.Count + n, Over: r.Count}
		s.of[r.Key] = r
	}
	s.sink(r)
}

// rise moves a row up to its place in the heap.
func (s *Sketch) rise(r *row) {
	for r.at > 0 && s.rows[(r.at-1)/2].Count > r.Count {
		s.swap(r, s.rows[(r.at-1)/2])
	}
}

// sink moves a row down to its place in the heap.
func (s *Sketch) sink(r *row) {
	for {
		least := 2*r.at + 1
		if least >= len(s.rows) {
			return
		}
		if next := least + 1; next < len(s.rows) && s.rows[next].Count < s.rows[least].Count {
			least = next
		}
		if s.rows[least].Count >= r.Count {
			return
		}
		s.swap(r, s.rows[least])
	}
}

func (s *Sketch) swap(a, b *row) {
	a.at, b.at = b.at, a.at
	s.rows[a.at], s.rows[b.at] = a, b
}

// Top returns the keys that count most, at most n of them, the first first.
func (s *Sketch) Top(n int) []Heavy {
	all := make([]Heavy, len(s.rows))
	for i, r := range s.rows {
		all[i] = r.Heavy
	}
	slices.SortFunc(all, func(a, b Heavy) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	return all[:min(n, len(all))]
}
