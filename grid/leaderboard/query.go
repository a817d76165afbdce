package leaderboard

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// Query answers one query and appends the reply, one array, to out. On an
// error, which is a *fault.Error, it returns out as it was. It changes nothing
// and may run beside other queries, not beside Apply.
func (b *Boards) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = b.query(kind, &in, n, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
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
		x, err := b.find(r.Board)
		if err != nil {
			return out, err
		}
		return x.page(r.Rank-1, r.Limit, out), nil
	case KindInfo:
		var r InfoRequest
		if _, err := r.decode(in, n); err != nil {
			return out, err
		}
		return b.info(&r, out)
	}
	return out, fault.New(fault.Unimplemented, "boards have no query %#04x", uint16(kind))
}

func (b *Boards) info(r *InfoRequest, out []byte) ([]byte, error) {
	x, err := b.find(r.Board)
	if err != nil {
		return out, err
	}
	out = pack.AppendUint(pack.AppendArray(out, 3), uint64(x.sort))
	out = pack.AppendUint(out, uint64(x.operator))
	return pack.AppendUint(out, uint64(x.set.Len())), nil
}

// batch is how many records are read from a set at a time.
const batch = 32

// page appends the records from a position on, counted from 0.
func (x *board) page(from, limit int, out []byte) []byte {
	total := x.set.Len()
	count := max(0, min(limit, total-from))
	out = pack.AppendUint(pack.AppendArray(out, 2), uint64(total))
	out = pack.AppendArray(out, count)
	var records [batch]ranking.Record
	for end := from + count; from < end; {
		n := x.set.Read(from, records[:min(batch, end-from)])
		for i := range records[:n] {
			rec := x.record(&records[i], from+i+1)
			out = appendRecord(out, &rec)
		}
		from += n
	}
	return out
}

func (b *Boards) around(r *AroundRequest, out []byte) ([]byte, error) {
	x, err := b.find(r.Board)
	if err != nil {
		return out, err
	}
	if r.Owner == (grid.ID{}) {
		return out, errNobody
	}
	o, found := x.set.Find(&r.Owner)
	if !found {
		return out, fault.New(fault.NotFound,
			"owner %v has no record on board %q: submit a score first", r.Owner, x.name)
	}
	first := min(x.set.Rank(o)-r.Limit/2, x.set.Len()-r.Limit)
	return x.page(max(0, first), r.Limit, out), nil
}

// owners answers an OwnersRequest. The reply's array says in its head how many
// owners have a record: mostly all, so that is tried first, and if it turns out
// wrong the records are appended once more.
func (b *Boards) owners(in *pack.Cursor, n int, out []byte) ([]byte, error) {
	name, count, err := decodeOwners(in, n)
	if err != nil {
		return out, err
	}
	x, err := b.find(view(name))
	if err != nil {
		return out, err
	}
	for have := count; ; {
		reply := pack.AppendUint(pack.AppendArray(out, 2), uint64(x.set.Len()))
		reply = pack.AppendArray(reply, have)
		reply, found, err := x.named(*in, count, reply)
		if err != nil || found == have {
			return reply, err
		}
		have = found
	}
}

// named appends the records of count owners, who are read from in, and returns
// how many have one.
func (x *board) named(in pack.Cursor, count int, out []byte) (_ []byte, found int, err error) {
	for range count {
		var id grid.ID
		if err := readOwner(&in, &id); err != nil {
			return out, 0, err
		}
		if o, r, ok := x.locate(&id); ok {
			rec := x.record(r, x.set.Rank(o)+1)
			out = appendRecord(out, &rec)
			found++
		}
	}
	return out, found, nil
}
