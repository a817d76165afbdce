package presence

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Encode writes the state:
//
//	head     [streams]
//	stream   [key, presences]                  streams in order of their keys,
//	presence [session, user, origin, status]   each followed by its presences
//
// Equal states give equal bytes, whatever their history. It may run on a clone
// beside anything on the original, else as a query.
func (s *Streams) Encode(e *pack.Encoder) {
	e.End(pack.AppendUint(pack.AppendArray(e.Begin(), 1), uint64(s.byKey.Len())))
	member := func(m *member) bool {
		b := grid.AppendSession(pack.AppendArray(e.Begin(), 4), m.session)
		b = pack.AppendBytes(b, m.user[:])
		b = pack.AppendUint(b, uint64(m.origin))
		e.End(pack.AppendString(b, m.status))
		return e.Err() == nil
	}
	s.byKey.Scan(func(key string, x stream) bool {
		b := pack.AppendBytes(pack.AppendArray(e.Begin(), 2), []byte(key))
		e.End(pack.AppendUint(b, uint64(x.len())))
		x.each(0, member)
		return e.Err() == nil
	})
}

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(d *pack.Decoder) (*Streams, error) {
	in := d.Next()
	more := in.Fields(1)
	count := in.Uint()
	if err := in.End(more); err != nil {
		return nil, fmt.Errorf("the head of streams: %w", err)
	}
	if count > StreamsPerSlotMax {
		return nil, fmt.Errorf("%d streams: at most %d", count, StreamsPerSlotMax)
	}
	s := New()
	last := ""
	for i := range count {
		key, x, err := decodeStream(d, s.gen)
		if err != nil {
			return nil, fmt.Errorf("stream %d of %d: %w", i+1, count, err)
		}
		if key <= last {
			return nil, fmt.Errorf("stream %q does not follow %q", key, last)
		}
		if s.members += x.len(); s.members > MembersPerSlotMax {
			return nil, fmt.Errorf("more than %d presences", MembersPerSlotMax)
		}
		s.byKey.Load(key, x)
		s.keys += len(key)
		x.each(0, func(m *member) bool {
			s.texts += len(m.status)
			return true
		})
		last = key
	}
	return s, nil
}

// decodeStream reads a stream with its presences.
func decodeStream(d *pack.Decoder, gen uint64) (key string, x stream, err error) {
	in := d.Next()
	more := in.Fields(2)
	raw, err := readKey(in)
	if err != nil {
		return "", x, err
	}
	key = string(raw)
	count := in.Uint()
	if err := in.End(more); err != nil {
		return key, x, err
	}
	if count < 1 || count > MembersMax {
		return key, x, fmt.Errorf("%q with %d presences: from 1 to %d", key, count, MembersMax)
	}
	if count > 1 {
		x.group = &group{gen: gen}
	}
	last := grid.SessionID(0)
	for i := range count {
		m, err := decodeMember(d.Next())
		if err == nil && m.session <= last {
			err = fmt.Errorf("session %d does not follow %d", m.session, last)
		}
		if err != nil {
			return key, x, fmt.Errorf("%q, presence %d of %d: %w", key, i+1, count, err)
		}
		last = m.session
		if count > 1 {
			x.group.append(m)
		} else {
			x.one = m
		}
	}
	return key, x, nil
}

func decodeMember(in *pack.Cursor) (*member, error) {
	more := in.Fields(4)
	m := new(member)
	var err error
	if m.session, err = grid.ReadSession(in); err != nil {
		return nil, err
	}
	if m.user, err = grid.ReadUser(in); err != nil {
		return nil, err
	}
	m.origin = grid.Origin(in.Uint())
	status, err := ReadStatus(in)
	m.status = string(status)
	return m, end(in, more, err)
}
