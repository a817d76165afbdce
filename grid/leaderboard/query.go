package leaderboard

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// Query answers one query and appends the reply, one array, to out. On an
// error, which is a *fault.Error, it returns out as it was; but grid.ErrPartial
// comes with what scatter needs to know of a board that is spread over slots. It
// changes nothing and may run beside other queries, not beside Apply.
func (b *Boards) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = b.query(kind, &in, n, out)
	}
	switch err {
	case nil, grid.ErrPartial:
		return reply, err
	}
	return out, fault.Of(err)
}

func (b *Boards) query(kind grid.Kind, in *pack.Cursor, n int, out []byte) ([]byte, error) {
	switch kind {
	case KindAround:
		var r AroundRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.around(&r, out)
	case KindOwners:
		return b.owners(in, n, out)
	case KindPage:
		var r PageRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.page(&r, out)
	case KindInfo:
		var r InfoRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.info(&r, out)
	case kindTally:
		return b.tally(in, n, out)
	}
	return out, fault.New(fault.Unimplemented, "boards have no query %#04x", uint16(kind))
}

func (b *Boards) info(r *InfoRequest, out []byte) ([]byte, error) {
	x, out, err := b.look(r.Board, out)
	if err != nil {
		return out, err
	}
	reply := InfoReply{
		Sort: x.sort, Operator: x.operator, Records: x.now.set.Len(),
		Authoritative: x.authoritative, Schedule: x.schedule,
		Keep: time.Duration(x.keep) * time.Second, Metadata: x.metadata,
		Stripes: max(1, x.stripes), End: x.now.end,
	}
	for i := range x.past {
		reply.Periods = append(reply.Periods, Period{x.past[i].end, x.past[i].set.Len()})
	}
	return reply.append(out), nil
}

func (b *Boards) page(r *PageRequest, out []byte) ([]byte, error) {
	x, out, err := b.look(r.Board, out)
	if err != nil {
		return out, err
	}
	if len(r.Cursor) == 0 {
		return x.page(x.period(r.Period), r.Rank-1, r.Limit, out), nil
	}
	c, err := x.sort.readCursor(r.Cursor)
	if err != nil {
		return out, err
	}
	p := x.period(c.period)
	from, count := 0, 0
	if p != nil {
		from, count = p.seek(&c, r.Limit)
	}
	return x.page(p, from, count, out), nil
}

// batch is how many records are read from a set at a time.
const batch = 32

// page appends the records of a period from a position on, counted from 0. A
// period that there is not, nil, has none.
func (x *board) page(p *period, from, limit int, out []byte) []byte {
	if p == nil {
		return pack.AppendArray(pack.AppendUint(pack.AppendArray(out, 2), 0), 0)
	}
	total := p.set.Len()
	count := max(0, min(limit, total-from))
	previous, next := count > 0 && from > 0, count > 0 && from+count < total
	out = pack.AppendUint(pack.AppendArray(out, pageFields(next, previous)), uint64(total))
	out = pack.AppendArray(out, count)
	var records [batch]ranking.Record
	var first, last ranking.Record
	for at, end := from, from+count; at < end; {
		n := p.set.Read(at, records[:min(batch, end-at)])
		for i := range records[:n] {
			out = x.appendRecord(out, p, &records[i], at+i+1)
		}
		if at == from {
			first = records[0]
		}
		last = records[n-1]
		at += n
	}
	if next {
		out = x.sort.appendCursor(out, false, p.end, &last)
	} else if previous {
		out = pack.AppendNil(out)
	}
	if previous {
		out = x.sort.appendCursor(out, true, p.end, &first)
	}
	return out
}

func (b *Boards) around(r *AroundRequest, out []byte) ([]byte, error) {
	x, out, err := b.look(r.Board, out)
	if err != nil {
		return out, err
	}
	if r.Owner == (grid.ID{}) {
		return out, errNobody
	}
	var o ranking.Ordinal
	p, found := x.period(r.Period), false
	if p != nil {
		o, found = p.set.Find(&r.Owner)
	}
	if !found {
		return out, noRecord(&r.Owner, shown(x.name))
	}
	first := min(p.set.Rank(o)-r.Limit/2, p.set.Len()-r.Limit)
	return x.page(p, max(0, first), r.Limit, out), nil
}

// owners answers an OwnersRequest. The reply's array says in its head how many
// owners have a record: mostly all, so that is tried first, and if it turns out
// wrong the records are appended once more.
func (b *Boards) owners(in *pack.Cursor, n int, out []byte) ([]byte, error) {
	name, count, ends, err := decodeOwners(in, n)
	if err != nil {
		return out, err
	}
	x, out, err := b.look(view(name), out)
	if err != nil {
		return out, err
	}
	p := x.period(ends)
	if p == nil {
		return x.page(p, 0, 0, out), nil
	}
	for have := count; ; {
		reply := pack.AppendUint(pack.AppendArray(out, 2), uint64(p.set.Len()))
		reply = pack.AppendArray(reply, have)
		reply, found, err := x.named(p, *in, count, reply)
		if err != nil || found == have {
			return reply, err
		}
		have = found
	}
}

// named appends the records of count owners, who are read from in, and returns
// how many have one.
func (x *board) named(
	p *period, in pack.Cursor, count int, out []byte,
) (_ []byte, found int, err error) {
	for range count {
		var id grid.ID
		if err := readOwner(&in, &id); err != nil {
			return out, 0, err
		}
		if o, r, ok := p.locate(&id); ok {
			out = x.appendRecord(out, p, r, p.set.Rank(o)+1)
			found++
		}
	}
	return out, found, nil
}
