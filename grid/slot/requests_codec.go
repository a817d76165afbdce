package slot

import (
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid/pack"
)

// encode writes the rows in order of use, so that neither ordinals nor the free
// list show.
func (t *requests) encode(w *pack.ChunkWriter) error {
	for o := t.oldest; o != 0; {
		b := w.Begin()
		for o != 0 && len(b) < pack.ChunkBytesGood {
			r := t.at(o - 1)
			b = r.append(b)
			o = r.next
		}
		if err := w.End(b); err != nil {
			return fmt.Errorf("encode request ids: %w", err)
		}
	}
	return nil
}

// append appends [client, low, used, [seq, mark, result, …]].
func (r *row) append(b []byte) []byte {
	b = pack.AppendArray(b, 4)
	b = pack.AppendBytes(b, r.client[:])
	b = pack.AppendUint(b, r.low)
	b = pack.AppendInt(b, r.used)
	b = pack.AppendArray(b, 3*int(r.count))
	r.each(func(seq uint64, mark uint32, result []byte) {
		b = pack.AppendUint(b, seq)
		b = pack.AppendUint(b, uint64(mark))
		b = pack.AppendBytes(b, result)
	})
	return b
}

// each calls f with every result, in the order in which they were done.
func (r *row) each(f func(seq uint64, mark uint32, result []byte)) {
	for b := r.kept[r.head:]; len(b) > 0; {
		seq, mark, n, result := kept(b)
		f(seq, mark, result)
		b = b[n:]
	}
}

// decode reads n rows that encode wrote.
func (t *requests) decode(in *pack.ChunkReader, n uint64) error {
	if n > RowsMax {
		return fmt.Errorf("decode request ids: %d rows, at most %d", n, RowsMax)
	}
	var c pack.Cursor
	for n > 0 {
		var err error
		if c, err = in.Next(); err != nil {
			return fmt.Errorf("decode request ids, %d rows to come: %w", n, err)
		}
		for len(c.Rest()) > 0 {
			if n == 0 {
				return fmt.Errorf("decode request ids: more rows than the head announced")
			}
			n--
			if err := t.decodeRow(&c); err != nil {
				return fmt.Errorf("decode request ids: %w", err)
			}
		}
		if err := c.Err(); err != nil {
			return fmt.Errorf("decode request ids: %w", err)
		}
	}
	return nil
}

func (t *requests) decodeRow(c *pack.Cursor) error {
	fields := c.Array()
	client := c.Bytes()
	r := row{low: c.Uint(), used: c.Int()}
	results := c.Array()
	if c.Err() == nil && (fields < 4 || len(client) != len(r.client) || results%3 != 0) {
		return fmt.Errorf("a row of %d fields with a client of %d bytes", fields, len(client))
	}
	for range results / 3 {
		seq, mark, result := c.Uint(), c.Uint(), c.Bytes()
		if c.Err() != nil {
			return c.Err()
		}
		if mark > math.MaxUint32 || seq < r.low || seq-r.low >= 64 || r.done&(1<<(seq%64)) != 0 {
			return fmt.Errorf("a result for request %d, with %d the lowest unanswered", seq, r.low)
		}
		r.keep(seq, uint32(mark), result)
		t.bytes += len(result)
	}
	for range fields - 4 {
		c.Skip()
	}
	if err := c.Err(); err != nil {
		return err
	}
	copy(r.client[:], client)
	if _, twice := t.index[r.client]; twice {
		return fmt.Errorf("client %v stands twice", r.client)
	}
	if t.newest != 0 && t.at(t.newest-1).used > r.used {
		return fmt.Errorf("client %v is out of order", r.client)
	}
	o := t.insert(r.client, r.low, r.used)
	at := t.own(o)
	at.done, at.kept, at.count = r.done, r.kept, r.count
	return nil
}
