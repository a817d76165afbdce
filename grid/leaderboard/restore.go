package leaderboard

import (
	"errors"
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(d *pack.Decoder) (*Boards, error) {
	in := d.Next()
	more := in.Fields(1)
	count := in.Uint()
	if err := in.End(more); err != nil {
		return nil, fmt.Errorf("the head of boards: %w", err)
	}
	if most := uint64(BoardsPerSlotMax + StripesPerSlotMax); count > most {
		return nil, fmt.Errorf("%d boards: at most %d", count, most)
	}
	b := New()
	for i := range count {
		x, err := decodeBoard(d, b.gen)
		if err != nil {
			return nil, fmt.Errorf("board %d of %d: %w", i+1, count, err)
		}
		if last, _, ok := b.byName.Max(); ok && x.name <= last {
			return nil, fmt.Errorf("board %q does not follow %q", x.name, last)
		}
		b.add(x)
	}
	return b, nil
}

// decodeBoard reads a board with its records and periods.
func decodeBoard(d *pack.Decoder, gen uint64) (*board, error) {
	in := d.Next()
	more := in.Fields(boardFields)
	name := in.String()
	x := &board{gen: gen, name: string(name)}
	x.sort, x.operator = Sort(number(in)), Operator(number(in))
	records := in.Uint()
	x.authoritative = in.Bool()
	x.schedule = string(in.String())
	x.keep = in.Int()
	x.metadata = string(in.String())
	x.stripes, x.born, x.leaving = int(number(in)), in.Int(), in.Uint()
	x.now.end = in.Int()
	periods := in.Uint()
	if err := in.End(more); err != nil {
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
	if err := x.decodeRecords(d, &x.now, records); err != nil {
		return nil, fmt.Errorf("%q, %w", x.name, err)
	}
	for i := range periods {
		if err := x.decodePeriod(d); err != nil {
			return nil, fmt.Errorf("%q, period %d of %d: %w", x.name, i+1, periods, err)
		}
	}
	return x, x.checkEnds()
}

// decodePeriod reads the next period that is over.
func (x *board) decodePeriod(d *pack.Decoder) error {
	in := d.Next()
	more := in.Fields(2)
	p := period{end: in.Int()}
	records := in.Uint()
	if err := in.End(more); err != nil {
		return err
	}
	if records == 0 {
		return errors.New("no records")
	}
	err := x.decodeRecords(d, &p, records)
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

// decodeRecords reads the records of a period.
func (x *board) decodeRecords(d *pack.Decoder, p *period, count uint64) (err error) {
	set := ranking.NewBuilder(x.gen)
	for i := range count {
		r, note, err := x.decodeRow(d.Next())
		if err == nil {
			err = set.Add(&r)
		}
		if err != nil {
			return fmt.Errorf("record %d of %d: %w", i+1, count, err)
		}
		if note != "" {
			p.setNote(&r.Owner, note)
		}
	}
	p.set, err = set.Set()
	return err
}

// decodeRow reads a record; its metadata is a view.
func (x *board) decodeRow(in *pack.Cursor) (r ranking.Record, note string, err error) {
	more := in.Fields(4)
	if err := readOwner(in, &r.Owner); err != nil {
		return r, "", err
	}
	score, sub := in.Int(), in.Int()
	r.Stamp = in.Int()
	if more > 0 {
		note = view(in.String())
		more--
	}
	if err := in.End(more); err != nil {
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
