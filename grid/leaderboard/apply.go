package leaderboard

import (
	"errors"
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
	errStripe = fault.New(fault.InvalidArgument, "the owner belongs to another stripe")
	errNobody = fault.New(fault.InvalidArgument, "the body of the command or query names no owner")
)

// Apply carries out one command and appends its reply, one array, to out. On an
// error, which is a *fault.Error, or a *grid.Elsewhere, it has changed nothing and
// returns out as it was. The same commands give the same replies and the same state everywhere.
// It keeps nothing of body. It must not run beside anything else on b.
func (b *Boards) Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = b.apply(t, kind, &in, n, out)
	}
	if err == nil {
		return reply, nil
	}
	if away := (*grid.Elsewhere)(nil); errors.As(err, &away) {
		return out, away
	}
	return out, fault.Of(err)
}

func (b *Boards) apply(
	t *grid.Turn, kind grid.Kind, in *pack.Cursor, n int, out []byte,
) ([]byte, error) {
	switch kind {
	case KindSubmit:
		return b.submit(t, in, n, out)
	case KindRemove:
		return b.remove(t, in, n, out)
	case KindCreate:
		var r CreateRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		most := 0
		if n > createFields {
			most = int(in.Uint())
		}
		if in.Err() != nil {
			return out, in.Err()
		}
		return b.create(&r, most, t, out)
	case KindDelete:
		var r DeleteRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.delete(&r, t, out), nil
	case kindStripe:
		return pack.AppendArray(out, 0), b.addStripe(in, n)
	case kindUnstripe:
		return pack.AppendArray(out, 0), b.dropStripe(t, in, n)
	case kindUnstriped:
		return pack.AppendArray(out, 0), b.dropRoot(in, n)
	}
	return out, fault.New(fault.Unimplemented, "boards have no command %#04x", uint16(kind))
}

// create makes a board. Where most is not 0, the game has as many already.
func (b *Boards) create(
	r *CreateRequest, most int, t *grid.Turn, out []byte,
) ([]byte, error) {
	set := r.settings()
	if x, ok := b.byName.Get(r.Board); ok {
		switch {
		case x.leaving != 0:
			return out, notYet("board %q was just deleted and is not gone from all its slots: "+
				"ask again", x.name)
		case x.settings != set:
			return out, fault.New(fault.AlreadyExists,
				"board %q exists, with sort %v, operator %v or other settings that differ: "+
					"use those that board.info tells, or another name", x.name, x.sort, x.operator)
		}
		return pack.AppendBool(pack.AppendArray(out, 1), false), nil
	}
	switch {
	case most > 0:
		return out, grid.BoardsBound.Exceeded(fault.ResourceExhausted, most+1, most)
	case b.byName.Len()-b.stripes >= BoardsPerSlotMax:
		return out, fault.New(fault.ResourceExhausted,
			"the slot of board %q has %d boards, the most it may: delete some, or use another name",
			r.Board, BoardsPerSlotMax)
	case set.stripes > 0 && b.striped >= StripedPerSlotMax:
		return out, fault.New(fault.ResourceExhausted,
			"the slot of board %q has %d boards with stripes, the most it may: "+
				"make this one without, or use another name", r.Board, StripedPerSlotMax)
	}
	set.schedule, set.metadata = strings.Clone(set.schedule), strings.Clone(set.metadata)
	x := &board{gen: b.gen, name: strings.Clone(r.Board), settings: set}
	x.now = period{end: x.endAfter(t.Stamp), set: ranking.New(b.gen)}
	if x.stripes > 0 {
		x.born = t.Stamp
		x.spread(t.Outbox)
	}
	b.add(x)
	return pack.AppendBool(pack.AppendArray(out, 1), true), nil
}

func (b *Boards) delete(r *DeleteRequest, t *grid.Turn, out []byte) []byte {
	records := 0
	x, deleted := b.get(r.Board)
	if deleted {
		records = b.drop(x)
		if x.stripes > 0 {
			b.add(x.unspread(b.gen, t.Outbox))
		}
	}
	out = pack.AppendBool(pack.AppendArray(out, 2), deleted)
	return pack.AppendUint(out, uint64(records))
}

// target returns the board that a write is for, if its sender may write to it;
// errAway if it is elsewhere.
func (b *Boards) target(key string, owner *grid.ID, by sender) (*board, error) {
	x, ok := b.get(key)
	if !ok {
		if _, stripe := parseStripe(key); stripe {
			return nil, errAway
		}
		return nil, noBoard(key)
	}
	switch {
	case *owner == (grid.ID{}):
		return nil, errNobody
	case x.authoritative && !by.server:
		return nil, fault.New(fault.PermissionDenied,
			"board %q is authoritative: only a server changes its records, with a server key",
			shown(x.name))
	case x.holds(owner):
		return x, nil
	case x.stripes > 0:
		return nil, errAway
	}
	return nil, errStripe
}

func (b *Boards) submit(t *grid.Turn, in *pack.Cursor, n int, out []byte) ([]byte, error) {
	var r SubmitRequest
	if _, err := r.decode(in, n); err != nil {
		return out, err
	}
	by, err := decodeSender(in, n, submitFields)
	if err != nil {
		return out, err
	}
	x, err := b.target(r.Board, &r.Owner, by)
	if err == errAway {
		away := r // so that r need not live longer than this call
		err = b.away(&away, &away.Owner, by)
	}
	if err != nil {
		return out, err
	}
	// Where the period has ended, but was not closed yet, this is the next one's first.
	var old *ranking.Record
	var o ranking.Ordinal
	ended, size := x.ended(t.Stamp), 0
	if !ended {
		o, old, _ = x.now.locate(&r.Owner)
		size = x.now.set.Len()
	}
	score, sub, err := x.result(old, x.sort.key(r.Score), x.sort.key(r.Subscore))
	if err != nil {
		return out, err
	}
	if old == nil && size >= BoardRecordsMax {
		return out, fault.New(fault.ResourceExhausted,
			"board %q has %d records, the most it may: spread owners over several boards",
			shown(x.name), BoardRecordsMax)
	}
	if ended {
		x = b.reset(x, t.Stamp)
	}
	changed := old == nil || score != old.Score || sub != old.Sub
	if r.Metadata != "" && (changed || x.counts(&r, score, sub)) {
		x = b.own(x)
		b.noted += x.now.setNote(&r.Owner, r.Metadata)
	}
	switch {
	case old == nil:
		b.own(x).now.set.Insert(&ranking.Record{
			Owner: r.Owner, Score: score, Sub: sub, Stamp: t.Stamp,
		})
		b.records++
	case changed:
		b.own(x).now.set.Move(o, score, sub, t.Stamp)
	}
	out = pack.AppendInt(pack.AppendArray(out, 3), x.sort.key(score))
	out = pack.AppendInt(out, x.sort.key(sub))
	return pack.AppendBool(out, changed), nil
}

// counts says whether a submit that left a record's score as it was is what the
// record says: on a board of the best, a worse one is not.
func (x *board) counts(r *SubmitRequest, score, sub int64) bool {
	return x.operator != Best || score == x.sort.key(r.Score) && sub == x.sort.key(r.Subscore)
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

func (b *Boards) remove(t *grid.Turn, in *pack.Cursor, n int, out []byte) ([]byte, error) {
	var r RemoveRequest
	if _, err := r.decode(in, n); err != nil {
		return out, err
	}
	by, err := decodeSender(in, n, r.Fields())
	if err != nil {
		return out, err
	}
	x, err := b.target(r.Board, &r.Owner, by)
	if err == errAway {
		away := r
		err = b.away(&away, &away.Owner, by)
	}
	if err != nil {
		return out, err
	}
	var o ranking.Ordinal
	found := false
	if !x.ended(t.Stamp) { // else the period that runs has no records yet
		o, found = x.now.set.Find(&r.Owner)
	}
	if found {
		x = b.own(x)
		x.now.set.Delete(o)
		b.noted -= x.now.dropNote(&r.Owner)
		b.records--
	}
	return pack.AppendBool(pack.AppendArray(out, 1), found), nil
}
