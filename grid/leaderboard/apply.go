package leaderboard

import (
	"math"
	"strings"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

var (
	errRange = fault.New(fault.OutOfRange, "the score or subscore is out of range: "+
		"keep both, and their sums on an incr or decr board, within ±(2^63-1)")
	errNobody = fault.New(fault.InvalidArgument, "the body of the command or query names no owner")
)

// Apply carries out one command and appends its reply, one array, to out. On an
// error, which is a *fault.Error, it has changed nothing and returns out as it
// was. The same commands give the same replies and the same state everywhere.
// It keeps nothing of body. It must not run beside anything else on b.
func (b *Boards) Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = b.apply(t, kind, &in, n, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
}

func (b *Boards) apply(
	t *grid.Turn, kind grid.Kind, in *pack.Cursor, n int, out []byte,
) ([]byte, error) {
	switch kind {
	case KindSubmit:
		var r SubmitRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.submit(&r, t.Stamp, out)
	case KindRemove:
		var r RemoveRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.remove(&r, out)
	case KindCreate:
		var r CreateRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.create(&r, out)
	case KindDelete:
		var r DeleteRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.delete(&r, out), nil
	}
	return out, fault.New(fault.Unimplemented, "boards have no command %#04x", uint16(kind))
}

func (b *Boards) create(r *CreateRequest, out []byte) ([]byte, error) {
	if x, ok := b.byName.Get(r.Board); ok {
		if x.sort != r.Sort || x.operator != r.Operator {
			return out, fault.New(fault.AlreadyExists,
				"board %q exists, with sort %v and operator %v: use these, or another name",
				x.name, x.sort, x.operator)
		}
		return pack.AppendBool(pack.AppendArray(out, 1), false), nil
	}
	if b.byName.Len() >= BoardsPerSlotMax {
		return out, fault.New(fault.ResourceExhausted,
			"the slot of board %q has %d boards, the most it may: delete some, or use another name",
			r.Board, BoardsPerSlotMax)
	}
	name := strings.Clone(r.Board)
	b.byName.Set(name, &board{
		gen: b.gen, name: name, sort: r.Sort, operator: r.Operator, set: ranking.New(b.gen),
	})
	return pack.AppendBool(pack.AppendArray(out, 1), true), nil
}

func (b *Boards) delete(r *DeleteRequest, out []byte) []byte {
	records := 0
	x, deleted := b.byName.Delete(r.Board)
	if deleted {
		records = x.set.Len()
		b.records -= records
	}
	out = pack.AppendBool(pack.AppendArray(out, 2), deleted)
	return pack.AppendUint(out, uint64(records))
}

func (b *Boards) submit(r *SubmitRequest, stamp int64, out []byte) ([]byte, error) {
	x, err := b.find(r.Board)
	if err != nil {
		return out, err
	}
	if r.Owner == (grid.ID{}) {
		return out, errNobody
	}
	o, old, found := x.locate(&r.Owner)
	score, sub, err := x.result(old, x.key(r.Score), x.key(r.Subscore))
	if err != nil {
		return out, err
	}
	changed := !found || score != old.Score || sub != old.Sub
	switch {
	case !found && x.set.Len() >= BoardRecordsMax:
		return out, fault.New(fault.ResourceExhausted,
			"board %q has %d records, the most it may: spread owners over several boards",
			x.name, BoardRecordsMax)
	case !found:
		b.own(x).set.Insert(&ranking.Record{Owner: r.Owner, Score: score, Sub: sub, Stamp: stamp})
		b.records++
	case changed:
		b.own(x).set.Move(o, score, sub, stamp)
	}
	out = pack.AppendInt(pack.AppendArray(out, 3), x.key(score))
	out = pack.AppendInt(out, x.key(sub))
	return pack.AppendBool(out, changed), nil
}

// result returns what a submitted pair makes of a record, nil if there is none.
// All is in rank order, so a better pair is a lesser one, and a sum of negated
// scores is the negated sum.
func (x *board) result(old *ranking.Record, score, sub int64) (int64, int64, error) {
	var from ranking.Record
	if old != nil {
		from = *old
	}
	switch x.operator {
	case Best:
		if old != nil && (from.Score < score || from.Score == score && from.Sub < sub) {
			return from.Score, from.Sub, nil
		}
		return score, sub, nil
	case Incr:
		return addPair(from.Score, from.Sub, score, sub)
	case Decr:
		return addPair(from.Score, from.Sub, -score, -sub)
	}
	return score, sub, nil
}

func addPair(score, sub, byScore, bySub int64) (int64, int64, error) {
	score, okScore := add(score, byScore)
	sub, okSub := add(sub, bySub)
	if !okScore || !okSub {
		return 0, 0, errRange
	}
	return score, sub, nil
}

// add returns a sum, and whether it is in range: neither overflown nor the one
// number that has no negative.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0) && sum != math.MinInt64
}

func (b *Boards) remove(r *RemoveRequest, out []byte) ([]byte, error) {
	x, err := b.find(r.Board)
	if err != nil {
		return out, err
	}
	if r.Owner == (grid.ID{}) {
		return out, errNobody
	}
	o, found := x.set.Find(&r.Owner)
	if found {
		b.own(x).set.Delete(o)
		b.records--
	}
	return pack.AppendBool(pack.AppendArray(out, 1), found), nil
}
