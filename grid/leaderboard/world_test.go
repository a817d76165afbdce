package leaderboard

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
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

// do sends a command from a caller all the way, and decodes the reply.
func do[R any](b *Boards, c *grid.Caller, kind grid.Kind, stamp int64, r request,
	decode func(*pack.Cursor) (R, error)) (R, error) {
	return send(c, kind, r, decode, func(body []byte) ([]byte, error) {
		return b.Apply(&grid.Turn{Stamp: stamp}, kind, body, nil)
	})
}

// ask does the same with a query.
func ask[R any](b *Boards, c *grid.Caller, kind grid.Kind, r request,
	decode func(*pack.Cursor) (R, error)) (R, error) {
	return send(c, kind, r, decode, func(body []byte) ([]byte, error) {
		return b.Query(kind, body, nil)
	})
}

func send[R any](c *grid.Caller, kind grid.Kind, r request,
	decode func(*pack.Cursor) (R, error), run func([]byte) ([]byte, error)) (reply R, err error) {
	_, body, err := prepare(c, kind, r)
	if err != nil {
		return reply, err
	}
	out, err := run(body)
	clear(body) // nothing of it may have been kept
	if err != nil {
		return reply, err
	}
	in := pack.NewCursor(out)
	if reply, err = decode(&in); err == nil {
		err = in.Done()
	}
	if err != nil {
		panic(err)
	}
	return reply, nil
}

// encode returns the state's bytes; other chunks may follow them in a stream.
func encode(b *Boards) []byte {
	var out bytes.Buffer
	if err := b.Encode(pack.NewChunkWriter(&out)); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func digest(b *Boards) uint64 { return xxhash.Sum64(encode(b)) }

// recode returns the state that its encoding decodes to.
func recode(t rapid.TB, b *Boards) *Boards {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(append(encode(b), "rest"...)))
	got, err := Decode(pack.NewChunkReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if rest, _ := in.Peek(5); string(rest) != "rest" {
		t.Fatalf("Decode left %q of what follows", rest)
	}
	return got
}

// model is what boards must be like, done the slow and plain way.
type model map[string]*modelBoard

type modelBoard struct {
	sort     Sort
	operator Operator
	records  []Record // in rank order, ranks not set
}

// before says whether a ranks before c.
func (m *modelBoard) before(a, c Record) int {
	order := cmp.Or(cmp.Compare(c.Score, a.Score), cmp.Compare(c.Subscore, a.Subscore))
	if m.sort == Ascending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(a.Stamp, c.Stamp), bytes.Compare(a.Owner[:], c.Owner[:]))
}

func (m *modelBoard) find(owner grid.ID) int {
	return slices.IndexFunc(m.records, func(r Record) bool { return r.Owner == owner })
}

func (m *modelBoard) submit(r *SubmitRequest, stamp int64) (SubmitReply, fault.Code) {
	next := Record{Owner: r.Owner, Score: r.Score, Subscore: r.Subscore, Stamp: stamp}
	i := m.find(r.Owner)
	old := Record{Owner: r.Owner}
	if i >= 0 {
		old = m.records[i]
	}
	sign := int64(1)
	switch m.operator {
	case Best:
		if i >= 0 && m.before(old, next) < 0 {
			next = old
		}
	case Decr:
		sign = -1
		fallthrough
	case Incr:
		var a, c bool
		next.Score, a = exactSum(old.Score, sign*r.Score)
		next.Subscore, c = exactSum(old.Subscore, sign*r.Subscore)
		if !a || !c {
			return SubmitReply{}, fault.OutOfRange
		}
	}
	changed := i < 0 || next.Score != old.Score || next.Subscore != old.Subscore
	if changed {
		if i >= 0 {
			m.records = slices.Delete(m.records, i, i+1)
		}
		at, _ := slices.BinarySearchFunc(m.records, next, m.before)
		m.records = slices.Insert(m.records, at, next)
	}
	return SubmitReply{Score: next.Score, Subscore: next.Subscore, Changed: changed}, fault.OK
}

// exactSum adds within ±(2^63-1).
func exactSum(a, b int64) (int64, bool) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < -math.MaxInt64-b {
		return 0, false
	}
	return a + b, true
}

// page returns limit records from a position on, with their ranks.
func (m *modelBoard) page(from, limit int) PageReply {
	p := PageReply{Total: len(m.records), Records: []Record{}}
	for i := max(0, from); i < min(from+limit, len(m.records)); i++ {
		r := m.records[i]
		r.Rank = i + 1
		p.Records = append(p.Records, r)
	}
	return p
}

// encode writes the state as the format says, from the model alone.
func (m model) encode() []byte {
	var out bytes.Buffer
	w := pack.NewChunkWriter(&out)
	buf := pack.AppendUint(pack.AppendArray(w.Begin(), 2), 1)
	buf = pack.AppendUint(buf, uint64(len(m)))
	next := func() {
		if len(buf) >= pack.ChunkBytesGood {
			if err := w.End(buf); err != nil {
				panic(err)
			}
			buf = w.Begin()
		}
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		x := m[name]
		next()
		buf = pack.AppendString(pack.AppendArray(buf, 4), name)
		buf = pack.AppendUint(pack.AppendUint(buf, uint64(x.sort)), uint64(x.operator))
		buf = pack.AppendUint(buf, uint64(len(x.records)))
		for _, r := range x.records {
			next()
			buf = pack.AppendBytes(pack.AppendArray(buf, 4), r.Owner[:])
			buf = pack.AppendInt(pack.AppendInt(pack.AppendInt(buf, r.Score), r.Subscore), r.Stamp)
		}
	}
	if err := w.End(buf); err != nil {
		panic(err)
	}
	return out.Bytes()
}
