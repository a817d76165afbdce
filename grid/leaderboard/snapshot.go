package leaderboard

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// formatVersion is the version of what Encode writes.
const formatVersion = 1

// Encode writes the state as chunks:
//
//	head    [version, boards]
//	board   [name, sort, operator, records]   boards in order of their names,
//	record  [owner, score, subscore, stamp]   each followed by its records in rank order
//
// Values follow each other without regard to boards; a chunk ends once it holds
// pack.ChunkBytesGood. Equal states give equal bytes, whatever their history.
// It may run on a clone beside anything on the original, else as a query.
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

type encoder struct {
	w   *pack.ChunkWriter
	buf []byte
	err error
}

func (e *encoder) board(x *board) {
	e.room()
	e.buf = pack.AppendString(pack.AppendArray(e.buf, 4), x.name)
	e.buf = pack.AppendUint(e.buf, uint64(x.sort))
	e.buf = pack.AppendUint(e.buf, uint64(x.operator))
	e.buf = pack.AppendUint(e.buf, uint64(x.set.Len()))
	var records [batch]ranking.Record
	for from := 0; from < x.set.Len() && e.err == nil; from += batch {
		for _, r := range records[:x.set.Read(from, records[:])] {
			e.room()
			e.buf = pack.AppendBytes(pack.AppendArray(e.buf, 4), r.Owner[:])
			e.buf = pack.AppendInt(e.buf, x.key(r.Score))
			e.buf = pack.AppendInt(e.buf, x.key(r.Sub))
			e.buf = pack.AppendInt(e.buf, r.Stamp)
		}
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

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(r *pack.ChunkReader) (*Boards, error) {
	d := decoder{r: r}
	b, err := d.boards()
	if err != nil {
		return nil, fmt.Errorf("decode boards: %w", err)
	}
	return b, nil
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

// end passes over elements that a later version has appended.
func (d *decoder) end(extra int) error {
	for range extra {
		d.in.Skip()
	}
	return d.in.Err()
}

func (d *decoder) boards() (*Boards, error) {
	extra, err := d.array(2)
	if err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	version, count := d.in.Uint(), d.in.Uint()
	if err := d.end(extra); err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	if version != formatVersion {
		return nil, fmt.Errorf("boards in format %d: this release reads %d", version, formatVersion)
	}
	if count > BoardsPerSlotMax {
		return nil, fmt.Errorf("%d boards: at most %d", count, BoardsPerSlotMax)
	}
	b := New()
	for i := range count {
		x, err := d.board(b.gen)
		if err != nil {
			return nil, fmt.Errorf("board %d of %d: %w", i+1, count, err)
		}
		if last, _, ok := b.byName.Max(); ok && x.name <= last {
			return nil, fmt.Errorf("board %q does not follow %q", x.name, last)
		}
		b.byName.Set(x.name, x)
		b.records += x.set.Len()
	}
	if n := len(d.in.Rest()); n != 0 {
		return nil, fmt.Errorf("%d bytes behind the last record", n)
	}
	return b, nil
}

func (d *decoder) board(gen uint64) (*board, error) {
	extra, err := d.array(4)
	if err != nil {
		return nil, err
	}
	name := d.in.String()
	sort, operator, records := d.in.Uint(), d.in.Uint(), d.in.Uint()
	x := &board{gen: gen, name: string(name)}
	if err := d.end(extra); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	if sort >= uint64(len(sorts)) || operator >= uint64(len(operators)) {
		return nil, fmt.Errorf("sort %d and operator %d: not both known", sort, operator)
	}
	x.sort, x.operator = Sort(sort), Operator(operator)
	set := ranking.NewBuilder(gen)
	for i := range records {
		r, err := d.record(x)
		if err == nil {
			err = set.Add(&r)
		}
		if err != nil {
			return nil, fmt.Errorf("%q, record %d of %d: %w", x.name, i+1, records, err)
		}
	}
	if x.set, err = set.Set(); err != nil {
		return nil, fmt.Errorf("%q: %w", x.name, err)
	}
	return x, nil
}

func (d *decoder) record(x *board) (r ranking.Record, err error) {
	extra, err := d.array(4)
	if err != nil {
		return r, err
	}
	if err := readOwner(&d.in, &r.Owner); err != nil {
		return r, err
	}
	score, sub := d.in.Int(), d.in.Int()
	r.Stamp = d.in.Int()
	if err := d.end(extra); err != nil {
		return r, err
	}
	if score == math.MinInt64 || sub == math.MinInt64 {
		return r, errRange
	}
	r.Score, r.Sub = x.key(score), x.key(sub)
	return r, nil
}
