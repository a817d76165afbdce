package presence

import (
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Query answers one query and appends the reply, one array, to out. On an
// error, which is a *fault.Error, it returns out as it was. It changes nothing
// and may run beside other queries, not beside Apply.
func (s *Streams) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = s.query(kind, &in, n, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
}

func (s *Streams) query(kind grid.Kind, in *pack.Cursor, n int, out []byte) ([]byte, error) {
	switch kind {
	case KindList:
		x, err := s.read(in, n, 3)
		if err != nil {
			return out, err
		}
		var r ListRequest
		if err := r.decode(in); err != nil {
			return out, err
		}
		return x.list(r.After, r.Limit, out), nil
	case KindCount:
		x, err := s.read(in, n, 1)
		if err != nil {
			return out, err
		}
		return pack.AppendUint(pack.AppendArray(out, 1), uint64(x.len())), nil
	}
	return out, fault.New(fault.Unimplemented, "presences have no query %#04x", uint16(kind))
}

// read reads the key that a body of at least want fields begins with, and returns
// its stream: one without presences, if it does not exist.
func (s *Streams) read(in *pack.Cursor, n, want int) (stream, error) {
	if err := grid.CheckFields(n, want); err != nil {
		return stream{}, err
	}
	key, err := readKey(in)
	x, _ := s.byKey.Get(view(key))
	return x, err
}

// list appends a ListReply with the presences behind a session.
func (x stream) list(after grid.SessionID, limit int, out []byte) []byte {
	out = pack.AppendUint(pack.AppendArray(out, 3), uint64(x.len()))
	var page [PageMembersMax]*member
	n, more := 0, false
	if after < math.MaxUint64 {
		x.each(after+1, func(m *member) bool {
			if more = n == limit; !more {
				page[n] = m
				n++
			}
			return !more
		})
	}
	out = pack.AppendArray(out, n)
	for _, m := range page[:n] {
		out = m.append(pack.AppendArray(out, 3))
	}
	if !more {
		return pack.AppendNil(out)
	}
	return grid.AppendSession(out, page[n-1].session)
}

// append appends the fields of a presence that clients see.
func (m *member) append(b []byte) []byte {
	b = grid.AppendSession(b, m.session)
	b = pack.AppendBytes(b, m.user[:])
	return pack.AppendString(b, m.status)
}
