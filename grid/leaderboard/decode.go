package leaderboard

import (
	"math"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Each request has a decode, which reads its fields from an array of n and
// checks them. It serves requests and bodies alike: a body may come from an old
// log or a peer, and is believed no more than a client. It returns the board's
// name as bytes; the request's Board is a view of the same bytes, so it is only
// good for a look-up, or until they go.

func (r *CreateRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 1)
	if err != nil {
		return nil, err
	}
	var sort, operator uint64
	if n > 1 {
		sort = in.Uint()
	}
	if n > 2 {
		operator = in.Uint()
	}
	switch {
	case in.Err() != nil:
		return nil, in.Err()
	case sort >= uint64(len(sorts)):
		return nil, fault.New(fault.InvalidArgument,
			"there is no sort %d: use 0 (%v) or 1 (%v)", sort, Descending, Ascending)
	case operator >= uint64(len(operators)):
		return nil, fault.New(fault.InvalidArgument,
			"there is no operator %d: use 0 to %d, for %q", operator, len(operators)-1, operators)
	}
	*r = CreateRequest{Board: view(name), Sort: Sort(sort), Operator: Operator(operator)}
	return name, nil
}

func (r *DeleteRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 1)
	r.Board = view(name)
	return name, err
}

func (r *SubmitRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 3)
	if err != nil {
		return nil, err
	}
	r.Board = view(name)
	if r.Owner, err = ownerOrCaller(in); err != nil {
		return nil, err
	}
	r.Score, r.Subscore = in.Int(), 0
	if n > 3 {
		r.Subscore = in.Int()
	}
	if in.Err() == nil && (r.Score == math.MinInt64 || r.Subscore == math.MinInt64) {
		return nil, errRange
	}
	return name, in.Err()
}

func (r *RemoveRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 1)
	if err != nil {
		return nil, err
	}
	*r = RemoveRequest{Board: view(name)}
	if n > 1 {
		r.Owner, err = ownerOrCaller(in)
	}
	return name, err
}

func (r *InfoRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 1)
	r.Board = view(name)
	return name, err
}

func (r *PageRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 3)
	if err != nil {
		return nil, err
	}
	r.Board = view(name)
	rank := in.Int()
	if in.Err() == nil && rank < 1 {
		return nil, fault.New(fault.InvalidArgument, "rank %d: ranks begin at 1", rank)
	}
	r.Rank = int(min(rank, math.MaxInt32))
	r.Limit, err = limit(in)
	return name, err
}

func (r *AroundRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = boardName(in, n, 3)
	if err != nil {
		return nil, err
	}
	r.Board = view(name)
	if r.Owner, err = ownerOrCaller(in); err != nil {
		return nil, err
	}
	r.Limit, err = limit(in)
	return name, err
}

// decodeOwners reads all of an OwnersRequest but the owners themselves: count
// of them follow. They are not gathered first: a query answers each as it comes.
func decodeOwners(in *pack.Cursor, n int) (name []byte, count int, err error) {
	if name, err = boardName(in, n, 2); err != nil {
		return nil, 0, err
	}
	count = in.Array()
	if in.Err() == nil && (count < 1 || count > OwnersMax) {
		return nil, 0, fault.New(fault.InvalidArgument,
			"%d owners: name 1 to %d in one request", count, OwnersMax)
	}
	return name, count, in.Err()
}
