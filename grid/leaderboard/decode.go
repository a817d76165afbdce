package leaderboard

import (
	"math"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Each request has a decode, which reads its fields from an array of n and
// checks them. It serves requests and bodies alike: a body may come from an old
// log or a peer, and is believed no more than a client. It returns the board's
// name as bytes; the request's Board is a view of the same bytes, so it is only
// good for a look-up, or until they go.

func (r *CreateRequest) decode(in *pack.Cursor, n int) (name []byte, err error) {
	name, err = plain(boardName(in, n, 1))
	if err != nil {
		return nil, err
	}
	s, err := decodeSettings(in, n-1)
	if err != nil {
		return nil, err
	}
	*r = CreateRequest{
		Board: view(name), Sort: s.sort, Operator: s.operator, Authoritative: s.authoritative,
		Schedule: s.schedule, Keep: time.Duration(s.keep) * time.Second, Metadata: s.metadata,
		Stripes: s.stripes,
	}
	return name, nil
}

// settings returns what the request asks for: views, as in the request.
func (r *CreateRequest) settings() settings {
	return settings{
		sort: r.Sort, operator: r.Operator, authoritative: r.Authoritative,
		schedule: r.Schedule, keep: int64(r.Keep / time.Second), metadata: r.Metadata,
		stripes: r.Stripes,
	}
}

// decodeSettings reads up to n fields of settings; what is missing is as it is
// by default.
func decodeSettings(in *pack.Cursor, n int) (s settings, err error) {
	if n > 0 {
		s.sort = Sort(number(in))
	}
	if n > 1 {
		s.operator = Operator(number(in))
	}
	if n > 2 {
		s.authoritative = in.Bool()
	}
	if n > 3 {
		s.schedule = text(in)
	}
	if n > 4 {
		s.keep = in.Int()
	}
	if n > 5 {
		s.metadata = text(in)
	}
	if n > 6 {
		s.stripes = int(number(in))
	}
	if s.stripes == 1 {
		s.stripes = 0
	}
	if in.Err() != nil {
		return s, in.Err()
	}
	return s, s.check()
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
	r.Score, r.Subscore, r.Metadata = in.Int(), 0, ""
	if n > 3 {
		r.Subscore = in.Int()
	}
	if n > 4 {
		r.Metadata = text(in)
	}
	switch {
	case in.Err() != nil:
		return nil, in.Err()
	case r.Score == math.MinInt64 || r.Subscore == math.MinInt64:
		return nil, errRange
	case r.Metadata == "":
		return name, nil
	}
	return name, checkText("record's metadata", r.Metadata, RecordMetadataBytesMax)
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

// sender is what the body of a write says of where it comes from, behind the
// fields of the request: [server, fresh], as far as they are true.
type sender struct {
	server bool // a server sent it
	fresh  bool // the root of a board sent it on to a stripe
}

// fields is how many fields the sender takes.
func (s sender) fields() int {
	switch {
	case s.fresh:
		return 2
	case s.server:
		return 1
	}
	return 0
}

func (s sender) append(b []byte) []byte {
	n := s.fields()
	if n > 0 {
		b = pack.AppendBool(b, s.server)
	}
	if n > 1 {
		b = pack.AppendBool(b, s.fresh)
	}
	return b
}

// decodeSender reads what append appended behind the known fields of a request.
func decodeSender(in *pack.Cursor, n, known int) (s sender, err error) {
	if n > known {
		s.server = in.Bool()
	}
	if n > known+1 {
		s.fresh = in.Bool()
	}
	return s, in.Err()
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
	*r = PageRequest{Board: view(name)}
	rank := in.Int()
	if in.Err() == nil && rank < 1 {
		return nil, fault.New(fault.InvalidArgument, "rank %d: ranks begin at 1", rank)
	}
	r.Rank = int(min(rank, math.MaxInt32))
	if r.Limit, err = limit(in); err != nil {
		return nil, err
	}
	if r.Period, err = periodEnd(in, n, 3); err != nil {
		return nil, err
	}
	if n > 4 && !in.Nil() {
		r.Cursor = in.Bytes()
		if in.Err() == nil {
			_, err = Descending.readCursor(r.Cursor)
		}
	}
	if in.Err() != nil {
		err = in.Err()
	}
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
	if r.Limit, err = limit(in); err != nil {
		return nil, err
	}
	r.Period, err = periodEnd(in, n, 3)
	return name, err
}

// decodeOwners reads all of an OwnersRequest but the owners themselves: count
// of them are next. They are not gathered first: a query answers each as it
// comes.
func decodeOwners(in *pack.Cursor, n int) (name []byte, count int, ends int64, err error) {
	if name, err = boardName(in, n, 2); err != nil {
		return nil, 0, 0, err
	}
	count = in.Array()
	if in.Err() == nil && (count < 1 || count > OwnersMax) {
		return nil, 0, 0, fault.New(fault.InvalidArgument,
			"%d owners: name 1 to %d in one request", count, OwnersMax)
	}
	if n > 2 {
		behind := *in
		for range count {
			behind.Skip()
		}
		if ends, err = periodEnd(&behind, n, 2); err != nil {
			return nil, 0, 0, err
		}
	}
	return name, count, ends, in.Err()
}

// periodEnd reads the end of a period, if there are more than known fields.
func periodEnd(in *pack.Cursor, n, known int) (int64, error) {
	if n <= known {
		return 0, nil
	}
	ends := in.Int()
	if in.Err() == nil && ends < 0 {
		return 0, fault.New(fault.InvalidArgument,
			"period %d: give the end of one that board.info lists, or 0 for the one that runs",
			ends)
	}
	return ends, in.Err()
}
