package slot

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// format is the version of Encode's head.
const (
	format     = 2
	headFields = 6
)

// Encode writes the whole state as chunks.
func (s *Slot) Encode(w *pack.ChunkWriter) error {
	if forgetIDs {
		s.requests = requests{}
	}
	b := pack.AppendArray(w.Begin(), headFields)
	b = pack.AppendUint(b, format)
	b = pack.AppendInt(b, s.stamp)
	b = pack.AppendUint(b, uint64(s.requests.live))
	b = pack.AppendUint(b, s.outbox.last)
	b = pack.AppendUint(b, uint64(s.outbox.count))
	b = pack.AppendUint(b, uint64(s.outbox.heard.Len()))
	if err := w.End(b); err != nil {
		return fmt.Errorf("encode a slot's head: %w", err)
	}
	if err := s.states.encode(w); err != nil {
		return err
	}
	if err := s.outbox.encode(w); err != nil {
		return err
	}
	return s.requests.encode(w)
}

// Decode reads what Encode wrote.
func Decode(r *pack.ChunkReader) (*Slot, error) {
	c, err := r.Next()
	if err != nil {
		return nil, fmt.Errorf("decode a slot's head: %w", err)
	}
	n := c.Array()
	version := c.Uint()
	if c.Err() == nil && (n < headFields || version != format) {
		return nil, fmt.Errorf("decode a slot: format %d, this program reads %d", version, format)
	}
	s := &Slot{stamp: c.Int()}
	rows := c.Uint()
	s.outbox.last = c.Uint()
	duties, heard := c.Uint(), c.Uint()
	for range n - headFields {
		c.Skip()
	}
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("decode a slot's head: %w", err)
	}
	if err := s.states.decode(r); err != nil {
		return nil, err
	}
	if err := s.outbox.decode(r, duties, heard); err != nil {
		return nil, err
	}
	if err := s.requests.decode(r, rows); err != nil {
		return nil, err
	}
	return s, nil
}

// encode writes the duties by destination and number, then what was heard by
// source; nothing when there is neither.
func (b *outbox) encode(w *pack.ChunkWriter) error {
	e := encoder{w: w}
	b.queues.Scan(func(to uint16, q *queue) bool {
		for i := range q.duties {
			e.next()
			e.buf = pack.AppendUint(pack.AppendArray(e.buf, 4), uint64(to))
			e.buf = q.duties[i].append(e.buf)
		}
		return e.err == nil
	})
	b.heard.Scan(func(source uint16, number uint64) bool {
		e.next()
		e.buf = pack.AppendUint(pack.AppendArray(e.buf, 2), uint64(source))
		e.buf = pack.AppendUint(e.buf, number)
		return e.err == nil
	})
	if err := e.end(); err != nil {
		return fmt.Errorf("encode an outbox: %w", err)
	}
	return nil
}

// encoder writes values one behind the other into chunks.
type encoder struct {
	w   *pack.ChunkWriter
	buf []byte // the chunk that is open; nil: none
	err error
}

// next makes room for one more value.
func (e *encoder) next() {
	if e.buf != nil && len(e.buf) >= pack.ChunkBytesGood {
		e.err = e.end()
	}
	if e.buf == nil {
		e.buf = e.w.Begin()
	}
}

// end closes the open chunk, if there is one.
func (e *encoder) end() error {
	if e.err == nil && e.buf != nil {
		e.err = e.w.End(e.buf)
	}
	e.buf = nil
	return e.err
}

// decode reads that many duties and that many sources.
func (b *outbox) decode(r *pack.ChunkReader, duties, heard uint64) error {
	if heard > grid.Slots {
		return fmt.Errorf("decode an outbox: %d sources, there are %d slots", heard, grid.Slots)
	}
	var c pack.Cursor
	for duties+heard > 0 {
		var err error
		if len(c.Rest()) == 0 {
			if c, err = r.Next(); err != nil {
				return fmt.Errorf("decode an outbox, %d values to come: %w", duties+heard, err)
			}
		}
		if duties > 0 {
			duties--
			err = b.decodeDuty(&c)
		} else {
			heard--
			err = b.decodeHeard(&c)
		}
		if err != nil {
			return fmt.Errorf("decode an outbox: %w", err)
		}
	}
	if err := c.Done(); err != nil {
		return fmt.Errorf("decode an outbox: %w", err)
	}
	return nil
}

func (b *outbox) decodeDuty(c *pack.Cursor) error {
	n := c.Array()
	to := c.Uint()
	var d duty
	d.decode(c)
	if c.Err() != nil {
		return c.Err()
	}
	d.body = append([]byte(nil), d.body...)
	if n != 4 || to >= grid.Slots || d.number == 0 || d.number > b.last {
		return fmt.Errorf("duty %d of %d for slot %d", d.number, b.last, to)
	}
	q, last := b.own(grid.Slot(to)), uint64(0)
	if len(q.duties) > 0 {
		last = q.duties[len(q.duties)-1].number
	}
	if top, _, _ := b.queues.Max(); d.number <= last || uint64(top) > to {
		return fmt.Errorf("duty %d for slot %d is out of order", d.number, to)
	}
	b.add(grid.Slot(to), d)
	return nil
}

func (b *outbox) decodeHeard(c *pack.Cursor) error {
	n := c.Array()
	source, number := c.Uint(), c.Uint()
	if c.Err() != nil {
		return c.Err()
	}
	top, _, some := b.heard.Max()
	if n != 2 || source >= grid.Slots || some && uint64(top) >= source {
		return fmt.Errorf("source %d of %d is out of order", source, number)
	}
	b.heard.Set(uint16(source), number)
	return nil
}
