package leaderboard

import (
	"math"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/thronggrid/throng/grid"
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
		return nil, fault.New(fault.InvalidArgument, "there is no sort %d: use 0 (%v) or 1 (%v)", sort, Descending, Ascending)
	case operator >= uint64(len(operators)):
		return nil, fault.New(fault.InvalidArgument, "there is no operator %d: use 0 to %d for one of %q", operator, len(operators)-1, operators)
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
		return nil, 0, fault.New(fault.InvalidArgument, "%d owners: name 1 to %d in one request", count, OwnersMax)
	}
	return name, count, in.Err()
}

// boardName reads the first field of every request, which must have at least
// want fields.
func boardName(in *pack.Cursor, n, want int) ([]byte, error) {
	if n < want {
		return nil, fault.New(fault.InvalidArgument, "the request has %d fields and needs at least %d: see docs/protocol.md", n, want)
	}
	name := in.String()
	if err := in.Err(); err != nil {
		return nil, err
	}
	return name, checkName(name)
}

func checkName(name []byte) error {
	if len(name) == 0 || len(name) > BoardNameBytesMax {
		return fault.New(fault.InvalidArgument, "a board's name of %d bytes: use 1 to %d", len(name), BoardNameBytesMax)
	}
	for _, c := range name {
		if c < ' ' || c > '~' {
			return checkText(name)
		}
	}
	return nil
}

// checkText is the rest of checkName, for names that are not plain ASCII.
func checkText(name []byte) error {
	for rest := name; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			return fault.New(fault.InvalidArgument, "the board's name %q is not UTF-8", name)
		}
		if unicode.IsControl(r) {
			return fault.New(fault.InvalidArgument, "the board's name %q has a control character: use printable ones", name)
		}
		rest = rest[n:]
	}
	return nil
}

// ownerOrCaller reads an owner; nil, which stands for the caller, gives the
// zero ID.
func ownerOrCaller(in *pack.Cursor) (id grid.ID, err error) {
	if in.Nil() {
		return id, nil
	}
	err = readOwner(in, &id)
	return id, err
}

// readOwner reads an owner. The zero ID is nobody's.
func readOwner(in *pack.Cursor, id *grid.ID) error {
	b := in.Bytes()
	if err := in.Err(); err != nil {
		return err
	}
	if len(b) != len(id) {
		return fault.New(fault.InvalidArgument, "an owner of %d bytes: an owner is a UUID of %d", len(b), len(id))
	}
	copy(id[:], b)
	if *id == (grid.ID{}) {
		return fault.New(fault.InvalidArgument, "the zero UUID owns no records: name an owner, or send nil for the caller")
	}
	return nil
}

func limit(in *pack.Cursor) (int, error) {
	n := in.Int()
	if in.Err() == nil && (n < 1 || n > PageRecordsMax) {
		return 0, fault.New(fault.InvalidArgument, "a limit of %d records: ask for 1 to %d", n, PageRecordsMax)
	}
	return int(n), in.Err()
}

// view returns bytes as a string that changes with them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
