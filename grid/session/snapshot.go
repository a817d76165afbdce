package session

import (
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// formatVersion is the version of what Encode writes.
const formatVersion = 1

// Encode writes the state as chunks:
//
//	head     [version, sessions, tokens]
//	session  [user, id, secret, prior or nil, origin, conn, ends, streams]   by user and id
//	token    [user, until, id, opened]   used ones, in this order; the last if it is any
//
// Streams is one byte field, as type streams has it. A chunk ends once it holds
// pack.ChunkBytesGood. Equal states give equal bytes, whatever their history. It
// may run on a clone beside anything on the original, else as a query.
func (s *Sessions) Encode(w *pack.ChunkWriter) error {
	e := encoder{w: w, buf: w.Begin()}
	e.buf = pack.AppendUint(pack.AppendArray(e.buf, 3), formatVersion)
	e.buf = pack.AppendUint(e.buf, uint64(s.rows.Len()))
	e.buf = pack.AppendUint(e.buf, uint64(s.spent.byUser.Len()))
	s.rows.Scan(func(x entry) bool {
		e.room()
		e.session(x)
		return e.err == nil
	})
	s.spent.byUser.Scan(func(t token) bool {
		e.room()
		e.token(t)
		return e.err == nil
	})
	if e.err == nil {
		e.err = w.End(e.buf)
	}
	if e.err != nil {
		return fmt.Errorf("encode sessions: %w", e.err)
	}
	return nil
}

type encoder struct {
	w   *pack.ChunkWriter
	buf []byte
	err error
}

// room begins a new chunk if the present one is long enough.
func (e *encoder) room() {
	if e.err != nil || len(e.buf) < pack.ChunkBytesGood {
		return
	}
	if e.err = e.w.End(e.buf); e.err == nil {
		e.buf = e.w.Begin()
	}
}

func (e *encoder) session(x entry) {
	b := pack.AppendBytes(pack.AppendArray(e.buf, 8), x.user[:])
	b = grid.AppendSession(b, x.id)
	b = pack.AppendBytes(b, x.secret[:])
	if x.prior == nil {
		b = pack.AppendNil(b)
	} else {
		b = pack.AppendBytes(b, x.prior[:])
	}
	b = pack.AppendUint(b, uint64(x.origin))
	b = pack.AppendUint(b, x.conn)
	b = pack.AppendInt(b, x.ends)
	e.buf = pack.AppendBytes(b, []byte(x.streams))
}

func (e *encoder) token(t token) {
	fields := 3
	if t.opened != 0 {
		fields++
	}
	b := pack.AppendBytes(pack.AppendArray(e.buf, fields), t.user[:])
	b = pack.AppendInt(b, t.until)
	b = pack.AppendBytes(b, t.id[:])
	if t.opened != 0 {
		b = grid.AppendSession(b, t.opened)
	}
	e.buf = b
}

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(r *pack.ChunkReader) (*Sessions, error) {
	d := decoder{r: r}
	s, err := d.sessions()
	if err != nil {
		return nil, fmt.Errorf("decode sessions: %w", err)
	}
	return s, nil
}

type decoder struct {
	r  *pack.ChunkReader
	in pack.Cursor
}

// array begins the next value, an array of at least want elements, and returns
// how many more it has.
func (d *decoder) array(want int) (extra int, err error) {
	if len(d.in.Rest()) == 0 {
		if d.in, err = d.r.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		if len(d.in.Rest()) == 0 {
			return 0, errors.New("an empty chunk")
		}
	}
	n := d.in.Array()
	if err := d.in.Err(); err != nil {
		return 0, err
	}
	if n < want {
		return 0, fmt.Errorf("an array of %d elements: want at least %d", n, want)
	}
	return n - want, nil
}

// end passes over elements that a later version has appended.
func (d *decoder) end(extra int) error {
	for range extra {
		d.in.Skip()
	}
	return d.in.Err()
}

func (d *decoder) sessions() (*Sessions, error) {
	extra, err := d.array(3)
	if err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	version, sessions, tokens := d.in.Uint(), d.in.Uint(), d.in.Uint()
	if err := d.end(extra); err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	switch {
	case version != formatVersion:
		return nil, fmt.Errorf("sessions in format %d: this release reads %d",
			version, formatVersion)
	case sessions > SessionsPerSlotMax || tokens > SpentPerSlotMax:
		return nil, fmt.Errorf("%d sessions and %d used tokens: at most %d and %d",
			sessions, tokens, SessionsPerSlotMax, SpentPerSlotMax)
	}
	s := New()
	if err := d.rows(s, sessions); err != nil {
		return nil, err
	}
	if err := d.tokens(s, tokens); err != nil {
		return nil, err
	}
	if n := len(d.in.Rest()); n != 0 {
		return nil, fmt.Errorf("%d bytes behind the last value", n)
	}
	return s, nil
}

func (d *decoder) rows(s *Sessions, count uint64) error {
	var last entry
	ofUser := 0
	for i := range count {
		x, err := d.session()
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

func (d *decoder) session() (x entry, err error) {
	extra, err := d.array(8)
	if err != nil {
		return x, err
	}
	x.row = new(row)
	if x.user, err = grid.ReadUser(&d.in); err != nil {
		return x, err
	}
	if x.id, err = grid.ReadSession(&d.in); err != nil {
		return x, err
	}
	if x.secret, err = readSecret(&d.in); err != nil {
		return x, err
	}
	if !d.in.Nil() {
		prior, err := readSecret(&d.in)
		if err != nil {
			return x, err
		}
		x.prior = &prior
	}
	x.origin, x.conn = grid.Origin(d.in.Uint()), d.in.Uint()
	if x.ends = d.in.Int(); x.ends < 0 {
		return x, fmt.Errorf("a grace that ends at %d", x.ends)
	}
	if x.streams, err = readStreams(d.in.Bytes()); err != nil {
		return x, err
	}
	return x, d.end(extra)
}

func (d *decoder) tokens(s *Sessions, count uint64) error {
	var last token
	ofUser := 0
	for i := range count {
		t, err := d.token()
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

func (d *decoder) token() (t token, err error) {
	extra, err := d.array(3)
	if err != nil {
		return t, err
	}
	if t.user, err = grid.ReadUser(&d.in); err != nil {
		return t, err
	}
	t.until = d.in.Int()
	if t.id, err = grid.ReadUser(&d.in); err != nil || extra == 0 {
		return t, err
	}
	if t.opened, err = grid.ReadSession(&d.in); err != nil {
		return t, err
	}
	return t, d.end(extra - 1)
}
