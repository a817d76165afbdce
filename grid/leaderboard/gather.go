package leaderboard

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// scatter is grid.Scatter for one kind of request.
type scatter struct {
	*routes
	kind grid.Kind
}

// Gather finishes a read of a board that is spread over slots. Each stripe is
// read as it is at that moment; so the reply is exact while nothing is written.
func (s *scatter) Gather(body, part []byte, read grid.Read, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = s.gather(&in, n, part, read, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
}

func (s *scatter) gather(
	in *pack.Cursor, n int, part []byte, read grid.Read, out []byte,
) ([]byte, error) {
	switch s.kind {
	case KindInfo:
		var r InfoRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		g, err := s.open(r.Board, 0, part, read)
		if err != nil {
			return out, err
		}
		return g.info(out)
	case KindPage:
		var r PageRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		g, err := s.open(r.Board, r.Period, part, read)
		if err != nil {
			return out, err
		}
		return g.page(&r, out)
	case KindAround:
		var r AroundRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		g, err := s.open(r.Board, r.Period, part, read)
		if err != nil {
			return out, err
		}
		return g.around(&r, out)
	}
	name, count, end, err := decodeOwners(in, n)
	if err != nil {
		return out, err
	}
	g, err := s.open(view(name), end, part, read)
	if err != nil {
		return out, err
	}
	return g.owners(*in, count, out)
}

// gather is one read over the stripes of a board.
type gather struct {
	read    grid.Read
	name    string
	sort    Sort
	end     int64 // of the period that is read
	stripes []strand
	body    []byte // room for queries
	reply   []byte // room for replies
}

// strand is what is known of one stripe.
type strand struct {
	key   string
	slot  grid.Slot
	total int // records, when it was last asked
}

// open begins a read, with what the root appended in look. Without the name of a
// period it is the one that runs at the root: the others may not have reset yet,
// or before.
func (s *scatter) open(name string, end int64, part []byte, read grid.Read) (*gather, error) {
	in := pack.NewCursor(part)
	n := in.Array()
	root := stripe{name: name, born: in.Int(), of: size(&in)}
	g := &gather{read: read, name: name, sort: Sort(number(&in)), end: in.Int()}
	if in.Err() != nil || n < partFields || root.of < 2 || root.of > StripesMax {
		return nil, fault.New(fault.Internal, "the slot of board %q does not say what it is", name)
	}
	if end != 0 {
		g.end = end
	}
	g.stripes = make([]strand, root.of)
	for i := range g.stripes {
		root.number = i
		key := root.key()
		g.stripes[i] = strand{key: key, slot: grid.SlotOf(key)}
	}
	g.stripes[0].slot = grid.SlotOf(name)
	s.learn(g.stripes[0].key)
	return g, nil
}

// query is what all requests of this feature can do.
type query interface {
	Fields() int
	Append(b []byte) []byte
}

// ask reads at one stripe; the reply is valid until the next call. A stripe that
// is not there was not made yet, or is gone: it has nothing.
func (g *gather) ask(i int, kind grid.Kind, q query) (in pack.Cursor, there bool, err error) {
	g.body = q.Append(pack.AppendArray(g.body[:0], q.Fields()))
	g.reply, err = g.read(g.stripes[i].slot, kind, g.body, g.reply[:0])
	if err != nil && fault.CodeOf(err) == fault.NotFound {
		return in, false, nil
	}
	return pack.NewCursor(g.reply), true, err
}

// records reads records at one stripe.
func (g *gather) records(i int, kind grid.Kind, q query) (PageReply, error) {
	in, there, err := g.ask(i, kind, q)
	if err != nil || !there {
		return PageReply{}, err
	}
	page, err := DecodePageReply(&in)
	g.stripes[i].total = page.Total
	return page, err
}

// total is how many records the stripes have together.
func (g *gather) total() int {
	n := 0
	for i := range g.stripes {
		n += g.stripes[i].total
	}
	return n
}

// tallyRequest asks how many records rank before some: see Boards.tally.
type tallyRequest struct {
	key    string
	end    int64
	sort   Sort
	places []ranking.Record
}

func (r *tallyRequest) Fields() int { return 3 }

func (r *tallyRequest) Append(b []byte) []byte {
	b = pack.AppendInt(pack.AppendString(b, r.key), r.end)
	b = pack.AppendArray(b, placeFields*len(r.places))
	for i := range r.places {
		b = r.sort.appendPlace(b, &r.places[i])
	}
	return b
}

// tally calls each for every stripe and place with how many records of the
// stripe rank before it.
func (g *gather) tally(places []ranking.Record, each func(stripe, place, before int)) error {
	r := tallyRequest{end: g.end, sort: g.sort, places: places}
	for i := range g.stripes {
		r.key = g.stripes[i].key
		in, there, err := g.ask(i, kindTally, &r)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		in.Array()
		g.stripes[i].total = size(&in)
		if n := in.Array(); in.Err() == nil && n != len(places) {
			return fmt.Errorf("a stripe of board %q counts for %d records, of %d",
				g.name, n, len(places))
		}
		for place := range places {
			each(i, place, size(&in))
		}
		if err := in.Err(); err != nil {
			return err
		}
	}
	return nil
}

// place returns where a record stands.
func (s Sort) place(r *Record) ranking.Record {
	return ranking.Record{
		Owner: r.Owner, Score: s.key(r.Score), Sub: s.key(r.Subscore), Stamp: r.Stamp,
	}
}
