package leaderboard

import (
	"fmt"

	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// formatVersion is the version of what Encode writes. Version 1 had fewer fields
// of boards and records, at the end of each, and is read too.
const formatVersion = 2

// Encode writes the state as chunks:
//
//	head    [version, boards]
//	board   [name, sort, operator, records, authoritative, schedule, keep, metadata,
//	        stripes, born, leaving, end, periods]
//	record  [owner, score, subscore, stamp, metadata], the last only if there is any
//	period  [end, records]
//
// Boards come in order of their names. Each is followed by the records of the
// period that runs, in rank order, and then by the periods that are over, the
// oldest first, each followed by its own records. Values follow each other
// without regard to all that; a chunk ends once it holds pack.ChunkBytesGood.
// Equal states give equal bytes, whatever their history. It may run on a clone
// beside anything on the original, else as a query.
func (b *Boards) Encode(w *pack.ChunkWriter) error {
	e := encoder{w: w, buf: w.Begin()}
	e.buf = pack.AppendUint(pack.AppendArray(e.buf, 2), formatVersion)
	e.buf = pack.AppendUint(e.buf, uint64(b.byName.Len()))
	b.byName.Scan(func(_ string, x *board) bool {
		e.board(x)
		return e.err == nil
	})
	if e.err != nil {
		return fmt.Errorf("encode boards: %w", e.err)
	}
	if err := w.End(e.buf); err != nil {
		return fmt.Errorf("encode boards: %w", err)
	}
	return nil
}

// boardFields is the length of a board's array.
const boardFields = 13

type encoder struct {
	w   *pack.ChunkWriter
	buf []byte
	err error
}

func (e *encoder) board(x *board) {
	e.room()
	e.buf = pack.AppendString(pack.AppendArray(e.buf, boardFields), x.name)
	e.buf = pack.AppendUint(e.buf, uint64(x.sort))
	e.buf = pack.AppendUint(e.buf, uint64(x.operator))
	e.buf = pack.AppendUint(e.buf, uint64(x.now.set.Len()))
	e.buf = pack.AppendBool(e.buf, x.authoritative)
	e.buf = pack.AppendString(e.buf, x.schedule)
	e.buf = pack.AppendInt(e.buf, x.keep)
	e.buf = pack.AppendString(e.buf, x.metadata)
	e.buf = pack.AppendUint(e.buf, uint64(x.stripes))
	e.buf = pack.AppendInt(e.buf, x.born)
	e.buf = pack.AppendUint(e.buf, x.leaving)
	e.buf = pack.AppendInt(e.buf, x.now.end)
	e.buf = pack.AppendUint(e.buf, uint64(len(x.past)))
	e.records(x, &x.now)
	for i := range x.past {
		p := &x.past[i]
		e.room()
		e.buf = pack.AppendInt(pack.AppendArray(e.buf, 2), p.end)
		e.buf = pack.AppendUint(e.buf, uint64(p.set.Len()))
		e.records(x, p)
	}
}

func (e *encoder) records(x *board, p *period) {
	var records [batch]ranking.Record
	for from := 0; from < p.set.Len() && e.err == nil; from += batch {
		for i := range records[:p.set.Read(from, records[:])] {
			e.room()
			e.record(x, &records[i], p.note(&records[i].Owner))
		}
	}
}

func (e *encoder) record(x *board, r *ranking.Record, note string) {
	n := 4
	if note != "" {
		n = 5
	}
	e.buf = pack.AppendBytes(pack.AppendArray(e.buf, n), r.Owner[:])
	e.buf = pack.AppendInt(e.buf, x.sort.key(r.Score))
	e.buf = pack.AppendInt(e.buf, x.sort.key(r.Sub))
	e.buf = pack.AppendInt(e.buf, r.Stamp)
	if n > 4 {
		e.buf = pack.AppendString(e.buf, note)
	}
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
