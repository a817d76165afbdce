package session

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Encode writes the state:
//
//	head     [sessions, tokens]
//	session  [user, id, secret, prior or nil, origin, conn, ends, streams]   by user and id
//	token    [user, until, id, opened or nil]   used ones, in this order
//
// Streams is one byte field, as type streams has it. Equal states give equal
// bytes, whatever their history. It may run on a clone beside anything on the
// original, else as a query.
func (s *Sessions) Encode(e *pack.Encoder) {
	head := pack.AppendUint(pack.AppendArray(e.Begin(), 2), uint64(s.rows.Len()))
	e.End(pack.AppendUint(head, uint64(s.spent.byUser.Len())))
	s.rows.Scan(func(x entry) bool {
		e.End(x.append(e.Begin()))
		return e.Err() == nil
	})
	s.spent.byUser.Scan(func(t token) bool {
		e.End(t.append(e.Begin()))
		return e.Err() == nil
	})
}

func (e entry) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 8), e.user[:])
	b = grid.AppendSession(b, e.id)
	b = pack.AppendBytes(b, e.secret[:])
	if e.prior == nil {
		b = pack.AppendNil(b)
	} else {
		b = pack.AppendBytes(b, e.prior[:])
	}
	b = pack.AppendUint(b, uint64(e.origin))
	b = pack.AppendUint(b, e.conn)
	b = pack.AppendInt(b, e.ends)
	return pack.AppendBytes(b, []byte(e.streams))
}

func (t *token) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 4), t.user[:])
	b = pack.AppendInt(b, t.until)
	b = pack.AppendBytes(b, t.id[:])
	return appendSession(b, t.opened)
}

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(d *pack.Decoder) (*Sessions, error) {
	in := d.Next()
	more := in.Fields(2)
	sessions, tokens := in.Uint(), in.Uint()
	if err := in.End(more); err != nil {
		return nil, fmt.Errorf("the head of sessions: %w", err)
	}
	if sessions > SessionsPerSlotMax || tokens > SpentPerSlotMax {
		return nil, fmt.Errorf("%d sessions and %d used tokens: at most %d and %d",
			sessions, tokens, SessionsPerSlotMax, SpentPerSlotMax)
	}
	s := New()
	if err := s.decodeRows(d, sessions); err != nil {
		return nil, err
	}
	if err := s.decodeTokens(d, tokens); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Sessions) decodeRows(d *pack.Decoder, count uint64) error {
	var last entry
	ofUser := 0
	for i := range count {
		x, err := decodeEntry(d.Next())
		if err != nil {
			return fmt.Errorf("session %d of %d: %w", i+1, count, err)
		}
		if i > 0 && !entryLess(last, x) {
			return fmt.Errorf("session %d of %d does not follow the one before", i+1, count)
		}
		if ofUser++; x.user != last.user {
			ofUser = 1
		}
		if ofUser > SessionsOfServersMax {
			return fmt.Errorf("user %v has more than %d sessions", x.user, SessionsOfServersMax)
		}
		s.put(x)
		last = x
	}
	return nil
}

func decodeEntry(in *pack.Cursor) (x entry, err error) {
	more := in.Fields(8)
	x.row = new(row)
	if x.user, err = grid.ReadUser(in); err != nil {
		return x, err
	}
	if x.id, err = grid.ReadSession(in); err != nil {
		return x, err
	}
	if x.secret, err = readSecret(in); err != nil {
		return x, err
	}
	if !in.Nil() {
		prior, err := readSecret(in)
		if err != nil {
			return x, err
		}
		x.prior = &prior
	}
	x.origin, x.conn = grid.Origin(in.Uint()), in.Uint()
	if x.ends = in.Int(); x.ends < 0 {
		return x, fmt.Errorf("a grace that ends at %d", x.ends)
	}
	if x.streams, err = readStreams(in.Bytes()); err != nil {
		return x, err
	}
	return x, in.End(more)
}

func (s *Sessions) decodeTokens(d *pack.Decoder, count uint64) error {
	var last token
	ofUser := 0
	for i := range count {
		t, err := decodeToken(d.Next())
		if err != nil {
			return fmt.Errorf("token %d of %d: %w", i+1, count, err)
		}
		if i > 0 && !tokenLess(last, t) {
			return fmt.Errorf("token %d of %d does not follow the one before", i+1, count)
		}
		if ofUser++; t.user != last.user {
			ofUser = 1
		}
		if ofUser > SpentPerUserMax {
			return fmt.Errorf("user %v has used more than %d tokens", t.user, SpentPerUserMax)
		}
		s.spent.add(t)
		last = t
	}
	return nil
}

func decodeToken(in *pack.Cursor) (t token, err error) {
	more := in.Fields(4)
	if t.user, err = grid.ReadUser(in); err != nil {
		return t, err
	}
	t.until = in.Int()
	if t.id, err = grid.ReadUser(in); err != nil {
		return t, err
	}
	if t.opened, err = sessionOrNil(in); err != nil {
		return t, err
	}
	return t, in.End(more)
}
