package leaderboard

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

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
	if version < 1 || version > formatVersion {
		return nil, fmt.Errorf("boards in format %d: this release reads up to %d",
			version, formatVersion)
	}
	if most := uint64(BoardsPerSlotMax + StripesPerSlotMax); count > most {
		return nil, fmt.Errorf("%d boards: at most %d", count, most)
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
		b.add(x)
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
	x := &board{gen: gen, name: string(name)}
	x.sort, x.operator = Sort(number(&d.in)), Operator(number(&d.in))
	records, periods := d.in.Uint(), uint64(0)
	if extra >= boardFields-4 {
		x.authoritative = d.in.Bool()
		x.schedule = string(d.in.String())
		x.keep = d.in.Int()
		x.metadata = string(d.in.String())
		x.stripes, x.born, x.leaving = int(number(&d.in)), d.in.Int(), d.in.Uint()
		x.now.end, periods = d.in.Int(), d.in.Uint()
		extra -= boardFields - 4
	}
	if err := d.end(extra); err != nil {
		return nil, err
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := x.check(); err != nil {
		return nil, fmt.Errorf("%q: %w", x.name, err)
	}
	if err := x.checkStripes(records); err != nil {
		return nil, err
	}
	if periods > PeriodsMax || x.schedule == "" && (x.now.end != 0 || periods > 0) {
		return nil, fmt.Errorf("%q: %d periods: at most %d, and none without a schedule",
			x.name, periods, PeriodsMax)
	}
	if err := d.records(x, &x.now, records, gen); err != nil {
		return nil, fmt.Errorf("%q, %w", x.name, err)
	}
	for i := range periods {
		if err := d.period(x, gen); err != nil {
			return nil, fmt.Errorf("%q, period %d of %d: %w", x.name, i+1, periods, err)
		}
	}
	return x, x.checkEnds()
}

func (d *decoder) period(x *board, gen uint64) error {
	extra, err := d.array(2)
	if err != nil {
		return err
	}
	p := period{end: d.in.Int()}
	records := d.in.Uint()
	if err := d.end(extra); err != nil {
		return err
	}
	if records == 0 {
		return errors.New("no records")
	}
	err = d.records(x, &p, records, gen)
	x.past = append(x.past, p)
	return err
}

// checkStripes checks what a root, a stripe and others say of stripes.
func (x *board) checkStripes(records uint64) error {
	var part bool
	x.part, part = parseStripe(x.name)
	all := uint64(1)<<x.stripes - 2
	switch {
	case x.stripes == 1 || part && x.stripes > 0 || part && x.part.number == 0:
		return fmt.Errorf("%q: %d stripes, or a part of a part", x.name, x.stripes)
	case x.stripes == 0 && (x.born != 0 || x.leaving != 0) || x.leaving&^all != 0:
		return fmt.Errorf("%q: stripes %b of %d leave", x.name, x.leaving, x.stripes)
	case x.leaving != 0 && (records > 0 || x.schedule != ""):
		return fmt.Errorf("%q: was deleted and has records", x.name)
	}
	return nil
}

// checkEnds checks that periods follow each other.
func (x *board) checkEnds() error {
	last := int64(0)
	for i := range x.past {
		if x.past[i].end <= last || x.past[i].end > endMax {
			return fmt.Errorf("%q: a period that ends at %d, behind one at %d",
				x.name, x.past[i].end, last)
		}
		last = x.past[i].end
	}
	if end := x.now.end; end < 0 || end > endMax || end != 0 && end <= last {
		return fmt.Errorf("%q: the period that runs ends at %d, behind one at %d",
			x.name, end, last)
	}
	return nil
}

// records reads the records of a period.
func (d *decoder) records(x *board, p *period, records, gen uint64) (err error) {
	set := ranking.NewBuilder(gen)
	for i := range records {
		r, note, err := d.record(x)
		if err == nil {
			err = set.Add(&r)
		}
		if err != nil {
			return fmt.Errorf("record %d of %d: %w", i+1, records, err)
		}
		if note != "" {
			p.setNote(&r.Owner, note)
		}
	}
	p.set, err = set.Set()
	return err
}

func (d *decoder) record(x *board) (r ranking.Record, note string, err error) {
	extra, err := d.array(4)
	if err != nil {
		return r, "", err
	}
	if err := readOwner(&d.in, &r.Owner); err != nil {
		return r, "", err
	}
	score, sub := d.in.Int(), d.in.Int()
	r.Stamp = d.in.Int()
	if extra > 0 {
		note = view(d.in.String())
		extra--
	}
	if err := d.end(extra); err != nil {
		return r, "", err
	}
	if score == math.MinInt64 || sub == math.MinInt64 {
		return r, "", errRange
	}
	r.Score, r.Sub = x.sort.key(score), x.sort.key(sub)
	if !x.holds(&r.Owner) {
		return r, "", errStripe
	}
	return r, note, checkText("record's metadata", note, RecordMetadataBytesMax)
}
