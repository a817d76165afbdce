package leaderboard

import (
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// Encode writes the state:
//
//	head    [boards]
//	board   [name, sort, operator, records, authoritative, schedule, keep, metadata,
//	        stripes, born, leaving, end, periods]
//	record  [owner, score, subscore, stamp, metadata], the last only if there is any
//	period  [end, records]
//
// Boards come in order of their names. Each is followed by the records of the
// period that runs, in rank order, and then by the periods that are over, the
// oldest first, each followed by its own records. Equal states give equal bytes,
// whatever their history. It may run on a clone beside anything on the original,
// else as a query.
func (b *Boards) Encode(e *pack.Encoder) {
	e.End(pack.AppendUint(pack.AppendArray(e.Begin(), 1), uint64(b.byName.Len())))
	b.byName.Scan(func(_ string, x *board) bool {
		x.encode(e)
		return e.Err() == nil
	})
}

// boardFields is the length of a board's array.
const boardFields = 13

func (x *board) encode(e *pack.Encoder) {
	b := pack.AppendString(pack.AppendArray(e.Begin(), boardFields), x.name)
	b = pack.AppendUint(b, uint64(x.sort))
	b = pack.AppendUint(b, uint64(x.operator))
	b = pack.AppendUint(b, uint64(x.now.set.Len()))
	b = pack.AppendBool(b, x.authoritative)
	b = pack.AppendString(b, x.schedule)
	b = pack.AppendInt(b, x.keep)
	b = pack.AppendString(b, x.metadata)
	b = pack.AppendUint(b, uint64(x.stripes))
	b = pack.AppendInt(b, x.born)
	b = pack.AppendUint(b, x.leaving)
	b = pack.AppendInt(b, x.now.end)
	e.End(pack.AppendUint(b, uint64(len(x.past))))
	x.encodeRecords(e, &x.now)
	for i := range x.past {
		p := &x.past[i]
		b := pack.AppendInt(pack.AppendArray(e.Begin(), 2), p.end)
		e.End(pack.AppendUint(b, uint64(p.set.Len())))
		x.encodeRecords(e, p)
	}
}

func (x *board) encodeRecords(e *pack.Encoder, p *period) {
	var records [batch]ranking.Record
	for from := 0; from < p.set.Len() && e.Err() == nil; from += batch {
		for i := range records[:p.set.Read(from, records[:])] {
			r := &records[i]
			e.End(x.appendRow(e.Begin(), r, p.note(&r.Owner)))
		}
	}
}

// appendRow appends a record as it is stored.
func (x *board) appendRow(b []byte, r *ranking.Record, note string) []byte {
	n := 4
	if note != "" {
		n = 5
	}
	b = pack.AppendBytes(pack.AppendArray(b, n), r.Owner[:])
	b = pack.AppendInt(b, x.sort.key(r.Score))
	b = pack.AppendInt(b, x.sort.key(r.Sub))
	b = pack.AppendInt(b, r.Stamp)
	if n > 4 {
		b = pack.AppendString(b, note)
	}
	return b
}
