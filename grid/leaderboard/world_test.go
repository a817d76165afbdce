package leaderboard

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

var (
	server = grid.Caller{User: person(1 << 40), Server: true}
	player = grid.Caller{User: person(1)}
)

// person returns one of many users.
func person(i int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// request is what all requests of this package can do.
type request interface {
	Append(b []byte) []byte
	Fields() int
}

// prepare takes a request over the wire to its key and body.
func prepare(c *grid.Caller, kind grid.Kind, r request) (key, body []byte, err error) {
	for _, op := range Ops() {
		if op.Kind == kind {
			in := pack.NewCursor(r.Append(nil))
			return op.Prepare(c, &in, r.Fields(), nil)
		}
	}
	panic("no such kind")
}

// host is what requests are sent to: the boards of a slot, or a world of slots.
type host interface {
	write(c *grid.Caller, kind grid.Kind, stamp int64, r request) ([]byte, error)
	read(c *grid.Caller, kind grid.Kind, r request) ([]byte, error)
}

func (b *Boards) write(c *grid.Caller, kind grid.Kind, stamp int64, r request) ([]byte, error) {
	_, body, err := prepare(c, kind, r)
	if err != nil {
		return nil, err
	}
	out, err := b.Apply(&grid.Turn{Stamp: stamp}, kind, body, nil)
	clear(body) // nothing of it may have been kept
	return out, err
}

func (b *Boards) read(c *grid.Caller, kind grid.Kind, r request) ([]byte, error) {
	_, body, err := prepare(c, kind, r)
	if err != nil {
		return nil, err
	}
	return b.Query(kind, body, nil)
}

// do sends a command from a caller all the way, and decodes the reply.
func do[R any](h host, c *grid.Caller, kind grid.Kind, stamp int64, r request,
	decode func(*pack.Cursor) (R, error)) (R, error) {
	out, err := h.write(c, kind, stamp, r)
	return decoded(out, err, decode)
}

// ask does the same with a query.
func ask[R any](h host, c *grid.Caller, kind grid.Kind, r request,
	decode func(*pack.Cursor) (R, error)) (R, error) {
	out, err := h.read(c, kind, r)
	return decoded(out, err, decode)
}

func decoded[R any](out []byte, err error, decode func(*pack.Cursor) (R, error)) (reply R, _ error) {
	if err != nil {
		return reply, err
	}
	return gridtest.Whole(out, decode), nil
}

func digest(b *Boards) uint64 { return xxhash.Sum64(gridtest.Encode(b)) }

func cursorOf(s string) *pack.Cursor {
	c := pack.NewCursor([]byte(s))
	return &c
}
