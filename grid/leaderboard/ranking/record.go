package ranking

import "github.com/thronggrid/throng/grid"

// RecordsMax is how many records a set can hold.
const RecordsMax = 1 << 27

// Record is what a set holds for an owner.
type Record struct {
	Owner grid.ID
	Score int64
	Sub   int64
	Stamp int64
}

// Before says whether r ranks before o.
func (r *Record) Before(o *Record) bool {
	if r.Score != o.Score {
		return r.Score < o.Score
	}
	return r.tie().before(o.tie())
}

// tie is what decides between records of equal scores.
type tie struct {
	sub, stamp int64
	owner      grid.ID
}

func (r *Record) tie() *tie { return &tie{r.Sub, r.Stamp, r.Owner} }

func (t *tie) before(o *tie) bool {
	if t.sub != o.sub {
		return t.sub < o.sub
	}
	if t.stamp != o.stamp {
		return t.stamp < o.stamp
	}
	return string(t.owner[:]) < string(o.owner[:])
}
