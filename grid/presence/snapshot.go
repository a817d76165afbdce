package presence

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
//	head     [version, streams]
//	stream   [key, presences]                  streams in order of their keys,
//	presence [session, user, origin, status]   each followed by its presences
//
// Values follow each other without regard to streams; a chunk ends once it holds
// pack.ChunkBytesGood. Equal states give equal bytes, whatever their history.
// It may run on a clone beside anything on the original, else as a query.
func (s *Streams) Encode(w *pack.ChunkWriter) error {
	e := encoder{w: w, buf: w.Begin()}
	e.buf = pack.AppendUint(pack.AppendArray(e.buf, 2), formatVersion)
	e.buf = pack.AppendUint(e.buf, uint64(s.byKey.Len()))
	s.byKey.Scan(func(key string, x stream) bool {
		e.room()
		e.buf = pack.AppendBytes(pack.AppendArray(e.buf, 2), []byte(key))
		e.buf = pack.AppendUint(e.buf, uint64(x.len()))
		x.each(0, e.member)
		return e.err == nil
	})
	if e.err == nil {
		e.err = w.End(e.buf)
	}
	if e.err != nil {
		return fmt.Errorf("encode presences: %w", e.err)
	}
	return nil
}

type encoder struct {
	w   *pack.ChunkWriter
	buf []byte
	err error
}

func (e *encoder) member(m *member) bool {
	e.room()
	e.buf = grid.AppendSession(pack.AppendArray(e.buf, 4), m.session)
	e.buf = pack.AppendBytes(e.buf, m.user[:])
	e.buf = pack.AppendUint(e.buf, uint64(m.origin))
	e.buf = pack.AppendString(e.buf, m.status)
	return e.err == nil
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

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(r *pack.ChunkReader) (*Streams, error) {
	d := decoder{r: r}
	s, err := d.streams()
	if err != nil {
		return nil, fmt.Errorf("decode presences: %w", err)
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
	for len(d.in.Rest()) == 0 {
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

func (d *decoder) streams() (*Streams, error) {
	extra, err := d.array(2)
	if err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	version, count := d.in.Uint(), d.in.Uint()
	if err := end(&d.in, extra, nil); err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	if version != formatVersion {
		return nil, fmt.Errorf("presences in format %d: this release reads %d",
			version, formatVersion)
	}
	if count > StreamsPerSlotMax {
		return nil, fmt.Errorf("%d streams: at most %d", count, StreamsPerSlotMax)
	}
	s := New()
	last := ""
	for i := range count {
		key, x, err := d.stream(s.gen)
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
		last = key
	}
	if n := len(d.in.Rest()); n != 0 {
		return nil, fmt.Errorf("%d bytes behind the last presence", n)
	}
	return s, nil
}

func (d *decoder) stream(gen uint64) (string, stream, error) {
	extra, err := d.array(2)
	if err != nil {
		return "", stream{}, err
	}
	raw, err := readKey(&d.in)
	if err != nil {
		return "", stream{}, err
	}
	key, count := string(raw), d.in.Uint()
	if err := end(&d.in, extra, nil); err != nil {
		return key, stream{}, err
	}
	if count < 1 || count > MembersMax {
		return key, stream{}, fmt.Errorf("%q with %d presences: from 1 to %d",
			key, count, MembersMax)
	}
	var x stream
	if count > 1 {
		x.group = &group{gen: gen}
	}
	last := grid.SessionID(0)
	for i := range count {
		m, err := d.member()
		if err == nil && m.session <= last {
			err = fmt.Errorf("session %d does not follow %d", m.session, last)
		}
		if err != nil {
			return key, stream{}, fmt.Errorf("%q, presence %d of %d: %w", key, i+1, count, err)
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

func (d *decoder) member() (*member, error) {
	extra, err := d.array(4)
	if err != nil {
		return nil, err
	}
	m := new(member)
	if m.session, err = grid.ReadSession(&d.in); err != nil {
		return nil, err
	}
	if m.user, err = grid.ReadUser(&d.in); err != nil {
		return nil, err
	}
	m.origin = grid.Origin(d.in.Uint())
	status, err := readStatus(&d.in)
	m.status = string(status)
	return m, end(&d.in, extra, err)
}
