package chat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

var (
	server = grid.Caller{User: person(1 << 40), Server: true, Address: grid.Address{Session: 999}}
	player = caller(1)
)

// person returns one of many users.
func person(i int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// caller returns one of many players, whose session has the same number.
func caller(i int) grid.Caller {
	return grid.Caller{User: person(i), Address: grid.Address{Session: grid.SessionID(i)}}
}

// room returns the key of a room.
func roomKey(name string) string { return string(grid.AppendKey(nil, grid.StreamRoom, name)) }

// everyone is present everywhere, but for session 13.
type everyone struct{}

func (everyone) Present(_ []byte, s grid.SessionID) bool { return s != 13 }

func (everyone) Nodes(_ []byte, out []uint32) []uint32 { return append(out, 1) }

// request is what all requests of this package can do.
type request interface {
	Append(b []byte) []byte
	Fields() int
}

// ops are those of a cluster that has, or has not, an archive.
func ops(archive Archive) map[grid.Kind]grid.Op {
	byKind := map[grid.Kind]grid.Op{}
	for _, op := range Ops(archive) {
		byKind[op.Kind] = op
	}
	return byKind
}

// prepare takes a request over the wire to its key and body.
func prepare(a Archive, c *grid.Caller, kind grid.Kind, r request) (key, body []byte, err error) {
	in := pack.NewCursor(r.Append(nil))
	return ops(a)[kind].Prepare(c, &in, r.Fields(), nil)
}

// do sends a command from a caller all the way, and decodes the reply.
func do[R any](c *Channels, a Archive, who *grid.Caller, kind grid.Kind, stamp int64, r request,
	decode func(*pack.Cursor) (R, error)) (reply R, err error) {
	_, body, err := prepare(a, who, kind, r)
	if err != nil {
		return reply, err
	}
	out, err := c.Apply(&grid.Turn{Stamp: stamp, Members: everyone{}}, kind, body, nil)
	if err != nil {
		return reply, err
	}
	return gridtest.Whole(out, decode), nil
}

// read is a query that was asked, and is to be completed.
type read struct {
	op        grid.Op
	body, out []byte
	err       error
}

// begin asks a query of memory.
func begin(c *Channels, a Archive, kind grid.Kind, r request) *read {
	x := &read{op: ops(a)[kind]}
	if _, x.body, x.err = prepare(a, &player, kind, r); x.err == nil {
		x.out, x.err = c.Query(kind, x.body, nil)
	}
	return x
}

// end completes a query with the archive, where it must be.
func end[R any](x *read, decode func(*pack.Cursor) (R, error)) (reply R, err error) {
	if errors.Is(x.err, grid.ErrPartial) {
		x.out, x.err = x.op.Complete(x.body, x.out, nil)
	}
	if x.err != nil {
		return reply, x.err
	}
	return gridtest.Whole(x.out, decode), nil
}

func ask[R any](c *Channels, a Archive, kind grid.Kind, r request,
	decode func(*pack.Cursor) (R, error)) (R, error) {
	return end(begin(c, a, kind, r), decode)
}

// shelf is an Archive in memory, done the plain way.
type shelf struct {
	rows   map[string]map[uint64][]byte
	broken error // what all calls return, if not nil
}

func newShelf() *shelf { return &shelf{rows: map[string]map[uint64][]byte{}} }

func (s *shelf) Store(rows []Row) error {
	if s.broken != nil {
		return s.broken
	}
	for _, r := range rows {
		m, err := parse(r.Message)
		if err != nil || m.Seq != r.Seq || m.Revision != r.Revision {
			return errors.New("a row that is not its message")
		}
		at := s.rows[r.Key]
		if at == nil {
			at = map[uint64][]byte{}
			s.rows[r.Key] = at
		}
		merged, changed, err := Merge(at[r.Seq], r.Message)
		if err != nil {
			return err
		}
		if changed {
			at[r.Seq] = bytes.Clone(merged)
		}
	}
	return nil
}

func (s *shelf) Read(key string, r Range, each func(uint64, []byte) bool) error {
	if s.broken != nil {
		return s.broken
	}
	var found []uint64
	for seq := range s.rows[key] {
		if r.From <= seq && seq <= r.To {
			found = append(found, seq)
		}
	}
	slices.Sort(found)
	if r.Backward {
		slices.Reverse(found)
	}
	for _, seq := range found[:min(r.Limit, len(found))] {
		view := bytes.Clone(s.rows[key][seq])
		more := each(seq, view)
		clear(view) // it lasts until each returns
		if !more {
			break
		}
	}
	return nil
}

// acknowledge commits what was archived.
func acknowledge(c *Channels, done []ArchivedRequest) error {
	for _, r := range done {
		body := r.Append(pack.AppendArray(nil, r.Fields()))
		if _, err := c.Apply(&grid.Turn{Stamp: 1, Members: everyone{}}, KindArchived, body, nil); err != nil {
			return err
		}
	}
	return nil
}

// archiveAll is what the host's archiver does, until nothing is pending.
func archiveAll(t rapid.TB, c *Channels, a Archive, bytesMax int) {
	t.Helper()
	for c.Pending() {
		rows, done := c.Backlog(bytesMax)
		if err := a.Store(rows); err != nil {
			t.Fatal(err)
		}
		if len(done) == 0 {
			t.Fatal("something is pending, and nothing can be acknowledged")
		}
		if err := acknowledge(c, done); err != nil {
			t.Fatal(err)
		}
	}
}
