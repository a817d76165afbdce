package slot

import (
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid/pack"
)

// encode writes the rows in order of use, so that neither ordinals nor the free
// list show.
func (t *requests) encode(e *pack.Encoder) {
	for o := t.oldest; o != 0 && e.Err() == nil; {
		r := t.at(o - 1)
		e.End(r.append(e.Begin()))
		o = r.next
	}
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

// decode reads that many rows.
func (t *requests) decode(d *pack.Decoder, count uint64) error {
	if count > RowsMax {
		return fmt.Errorf("%d rows, at most %d", count, RowsMax)
	}
	for i := range count {
		if err := t.decodeRow(d.Next()); err != nil {
			return fmt.Errorf("row %d of %d: %w", i+1, count, err)
		}
	}
	return nil
}

func (t *requests) decodeRow(in *pack.Cursor) error {
	more := in.Fields(4)
	client := in.Bytes()
	r := row{low: in.Uint(), used: in.Int()}
	results := in.Array()
	if in.Err() == nil && (len(client) != len(r.client) || results%3 != 0) {
		return fmt.Errorf("a client of %d bytes with %d thirds of results", len(client), results)
	}
	for range results / 3 {
		seq, mark, result := in.Uint(), in.Uint(), in.Bytes()
		if in.Err() != nil {
			return in.Err()
		}
		if mark > math.MaxUint32 || seq < r.low || seq-r.low >= 64 || r.done&(1<<(seq%64)) != 0 {
			return fmt.Errorf("a result for request %d, with %d the lowest unanswered", seq, r.low)
		}
		r.keep(seq, uint32(mark), result)
		t.bytes += len(result)
	}
	if err := in.End(more); err != nil {
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
