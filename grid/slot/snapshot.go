package slot

import (
	"bytes"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// format is the version of what Encode writes, features and all.
const (
	format     = 3
	headFields = 6
)

// Encode writes the whole state.
func (s *Slot) Encode(e *pack.Encoder) {
	if forgetIDs {
		s.requests = requests{}
	}
	b := pack.AppendArray(e.Begin(), headFields)
	b = pack.AppendUint(b, format)
	b = pack.AppendInt(b, s.stamp)
	b = pack.AppendUint(b, uint64(s.requests.live))
	b = pack.AppendUint(b, s.outbox.last)
	b = pack.AppendUint(b, uint64(s.outbox.count))
	e.End(pack.AppendUint(b, uint64(s.outbox.heard.Len())))
	s.states.encode(e)
	s.outbox.encode(e)
	s.requests.encode(e)
}

// Decode reads what Encode wrote, and nothing behind it.
func Decode(d *pack.Decoder) (*Slot, error) {
	in := d.Next()
	more := in.Fields(headFields)
	version := in.Uint()
	s := &Slot{stamp: in.Int()}
	rows := in.Uint()
	s.outbox.last = in.Uint()
	s.outbox.now = s.stamp
	duties, heard := in.Uint(), in.Uint()
	if err := in.End(more); err != nil {
		return nil, fmt.Errorf("decode a slot's head: %w", err)
	}
	if version != format {
		return nil, fmt.Errorf("decode a slot: format %d, this program reads %d", version, format)
	}
	if err := s.states.decode(d); err != nil {
		return nil, fmt.Errorf("decode a slot: %w", err)
	}
	if err := s.outbox.decode(d, duties, heard); err != nil {
		return nil, fmt.Errorf("decode an outbox: %w", err)
	}
	if err := s.requests.decode(d, rows); err != nil {
		return nil, fmt.Errorf("decode request ids: %w", err)
	}
	return s, nil
}

// encode writes the duties by destination and number, then what was heard by
// source.
func (b *outbox) encode(e *pack.Encoder) {
	b.queues.Scan(func(to uint16, q *queue) bool {
		for i := range q.duties {
			v := pack.AppendUint(pack.AppendArray(e.Begin(), 4), uint64(to))
			e.End(q.duties[i].append(v))
		}
		return e.Err() == nil
	})
	b.heard.Scan(func(source uint16, number uint64) bool {
		v := pack.AppendUint(pack.AppendArray(e.Begin(), 2), uint64(source))
		e.End(pack.AppendUint(v, number))
		return e.Err() == nil
	})
}

// decode reads that many duties and that many sources.
func (b *outbox) decode(d *pack.Decoder, duties, heard uint64) error {
	if heard > grid.Slots {
		return fmt.Errorf("%d sources, there are %d slots", heard, grid.Slots)
	}
	for i := range duties {
		if err := b.decodeDuty(d.Next()); err != nil {
			return fmt.Errorf("duty %d of %d: %w", i+1, duties, err)
		}
	}
	for i := range heard {
		if err := b.decodeHeard(d.Next()); err != nil {
			return fmt.Errorf("source %d of %d: %w", i+1, heard, err)
		}
	}
	return nil
}

func (b *outbox) decodeDuty(in *pack.Cursor) error {
	more := in.Fields(4)
	to := in.Uint()
	var d duty
	d.decode(in)
	d.body, d.sent = bytes.Clone(d.body), seconds(b.now)
	if err := in.End(more); err != nil {
		return err
	}
	if to >= grid.Slots || d.number == 0 || d.number > b.last {
		return fmt.Errorf("number %d of %d for slot %d", d.number, b.last, to)
	}
	q, last := b.own(grid.Slot(to)), uint64(0)
	if len(q.duties) > 0 {
		last = q.duties[len(q.duties)-1].number
	}
	if top, _, _ := b.queues.Max(); d.number <= last || uint64(top) > to {
		return fmt.Errorf("number %d for slot %d is out of order", d.number, to)
	}
	b.add(grid.Slot(to), d)
	return nil
}

func (b *outbox) decodeHeard(in *pack.Cursor) error {
	more := in.Fields(2)
	source, number := in.Uint(), in.Uint()
	if err := in.End(more); err != nil {
		return err
	}
	if top, _, some := b.heard.Max(); source >= grid.Slots || some && uint64(top) >= source {
		return fmt.Errorf("slot %d, heard up to %d, is out of order", source, number)
	}
	b.heard.Set(uint16(source), number)
	return nil
}
