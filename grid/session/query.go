package session

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Query answers one query and appends the reply, one array, to out. On an
// error, which is a *fault.Error, it returns out as it was. It changes nothing
// and may run beside other queries, not beside Apply.
func (s *Sessions) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	switch kind {
	case KindBound:
		return s.queryBound(&in, n, out)
	case KindList:
		return s.queryList(&in, n, out)
	}
	return out, fault.New(fault.Unimplemented, "sessions have no query %#04x", uint16(kind))
}

func (s *Sessions) queryBound(in *pack.Cursor, n int, out []byte) ([]byte, error) {
	var r ConfirmRequest
	err := in.Err()
	if err == nil {
		err = r.decode(in, n)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	why := Bound
	switch e, ok := s.find(&r.User, r.Session); {
	case !ok:
		why = Ended
	case !e.isOf(r.Origin, r.Conn):
		why = Replaced
	case e.ends != 0:
		why = Detached
	}
	return pack.AppendUint(pack.AppendArray(out, 1), uint64(why)), nil
}

func (s *Sessions) queryList(in *pack.Cursor, n int, out []byte) ([]byte, error) {
	var r ListRequest
	err := in.Err()
	if err == nil {
		err = r.decode(in, n)
	}
	if err == nil && r.User == (grid.ID{}) {
		err = fault.New(fault.InvalidArgument, "the body of the query names no user")
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return s.list(&r, out), nil
}

// list answers a ListRequest. The sessions are counted first: their number stands
// in front of them.
func (s *Sessions) list(r *ListRequest, out []byte) []byte {
	count := 0
	s.page(r, func(entry) { count++ })
	out = pack.AppendArray(pack.AppendArray(out, 1), count)
	s.page(r, func(e entry) {
		out = grid.AppendSession(pack.AppendArray(out, 4), e.id)
		out = pack.AppendUint(out, opened(e.id))
		out = pack.AppendBool(out, e.ends == 0)
		out = e.streams.append(pack.AppendArray(out, e.streams.count()))
	})
	return out
}

// page calls f for the sessions that a ListRequest asks for.
func (s *Sessions) page(r *ListRequest, f func(entry)) {
	left := ListMax
	s.each(&r.User, r.After, func(e entry) bool {
		if e.id != r.After {
			f(e)
			left--
		}
		return left > 0
	})
}

// opened returns when a session was opened: µs since 1970, by its slot's clock.
func opened(id grid.SessionID) uint64 { return uint64(id) / grid.Slots }

// append appends the streams as clients see them.
func (s streams) append(b []byte) []byte {
	for s != "" {
		var key []byte
		key, s = s.first()
		b = grid.AppendStream(b, key)
	}
	return b
}
