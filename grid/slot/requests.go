package slot

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

const (
	// RowLife is how long a client's row lives after its last use, in µs of slot
	// time. Clients stop retrying after half of it.
	RowLife = 10 * 60 * 1_000_000
	// RowsMax is how many clients may have request ids in one slot.
	RowsMax = 1 << 18
	// ResultBytesMax is the largest result that is kept for a repeated request.
	ResultBytesMax = 512
	// KeptBytesMax is how many bytes of results one slot keeps; above it results
	// leave only a mark that their requests are over.
	KeptBytesMax = 64 << 20

	// useGrain is how much older than the truth a row's time of use may be, in
	// µs: a busy client's row then changes its place once in a second, not with
	// every command.
	useGrain = 1_000_000
	// expiresMax is how many rows one command takes away at the most, so that
	// no command pays for a crowd that left at once.
	expiresMax = 4
)

var (
	errForgotten = &fault.Error{Code: fault.Aborted, Unknown: true,
		Message: "the request id was answered or given up before: its outcome is unknown here; " +
			"read the state to learn whether it was done"}
	errDropped = &fault.Error{Code: fault.Aborted, Unknown: true,
		Message: "the request was answered before, and its result was not kept; " +
			"read the state to learn whether it was done"}
	errReused = fault.New(fault.InvalidArgument,
		"this request number was used for another request of the same client: count on, "+
			"or begin anew with another nonce")
	errRowsFull = &fault.Error{Code: fault.ResourceExhausted, Retry: time.Minute,
		Message: "too many clients changed this slot in the last ten minutes; " +
			"ask again in a minute"}
	errWindow = fault.New(fault.OutOfRange,
		"a request number must be from the lowest unanswered one (low) to less than low+%d; "+
			"wait for answers before you send more", grid.RequestsMax)
)

// row remembers what one client did. Its results are kept from low on, so that
// a request asked again gets the answer that it got, and is not done again.
type row struct {
	client grid.ID
	low    uint64
	done   uint64 // bit seq%64 is set when seq, low ≤ seq < low+64, was done
	used   int64  // stamp of the last use, at most useGrain old

	prev, next uint32 // neighbours in order of use: ordinal+1, 0 for none

	// kept[head:] holds a (seq uvarint, mark u32, length uvarint, result) per
	// request that is set in done, in the order in which they were done. The mark
	// tells the request from another under the same number. A length of 0 is a
	// dropped result.
	kept  []byte
	head  uint32
	count int32 // results in kept
	// lent says that a clone sees the array under kept: it is replaced, not
	// changed in place.
	lent bool
}

const rowsPerPage = 64

type page struct {
	gen  uint64
	rows [rowsPerPage]row
}

// requests is a table of rows in pages, which are copied on the first write
// after a clone, linked in order of use. The index from client to row is not
// cloned: a restore rebuilds it.
type requests struct {
	gen      uint64
	tableGen uint64 // the generation that owns the array under pages
	pages    []*page
	count    uint32 // ordinals ever handed out
	bytes    int    // of all results that are kept
	free     []uint32
	live     int
	// oldest and newest are ends of the order of use: ordinal+1, 0 for none.
	oldest, newest uint32
	index          map[grid.ID]uint32
}

func (t *requests) at(o uint32) *row { return &t.pages[o/rowsPerPage].rows[o%rowsPerPage] }

// own returns a row to write to.
func (t *requests) own(o uint32) *row {
	p := t.pages[o/rowsPerPage]
	if p.gen != t.gen {
		if t.tableGen != t.gen {
			t.pages, t.tableGen = slices.Clone(t.pages), t.gen
		}
		c := *p
		c.gen = t.gen
		for i := range c.rows {
			c.rows[i].lent = true
		}
		p = &c
		t.pages[o/rowsPerPage] = p
	}
	return &p.rows[o%rowsPerPage]
}

// clone returns a frozen copy that shares all pages and their table. Pages that
// are added later lie behind the clone's length of the table.
func (t *requests) clone() requests {
	c := *t
	c.index, c.free = nil, nil
	t.gen++
	return c
}

// admit finds the row of a command's client and says what to do: execute (prior
// and err are nil, then call record), answer with the prior result, or refuse.
func (t *requests) admit(
	id *grid.RequestID, mark uint32, stamp int64,
) (o uint32, prior []byte, err error) {
	t.expire(stamp)
	if id.Seq < id.Low || id.Seq-id.Low >= grid.RequestsMax {
		return 0, nil, errWindow
	}
	o, ok := t.index[id.Client]
	if !ok {
		if t.live >= RowsMax {
			return 0, nil, errRowsFull
		}
		o = t.insert(id.Client, id.Low, stamp)
		return o, nil, nil
	}
	r := t.own(o)
	if stamp-r.used >= useGrain {
		t.unlink(o)
		r = t.own(o)
		r.used = stamp
		t.link(o)
	}
	if id.Low > r.low {
		t.bytes -= r.forget(id.Low)
	}
	if id.Seq < r.low {
		return 0, nil, errForgotten
	}
	if r.done&(1<<(id.Seq%64)) == 0 {
		return o, nil, nil
	}
	was, prior := r.result(id.Seq)
	switch {
	case was != mark:
		return 0, nil, errReused
	case len(prior) == 0:
		return 0, nil, errDropped
	}
	return o, prior, nil
}

// record keeps the result of a request that admit let through.
func (t *requests) record(o uint32, seq uint64, mark uint32, result []byte) {
	r := t.own(o)
	if len(result) > ResultBytesMax || t.bytes+len(result) > KeptBytesMax {
		result = nil
	}
	r.keep(seq, mark, result)
	t.bytes += len(result)
}

// keep appends a result behind those that are kept.
func (r *row) keep(seq uint64, mark uint32, result []byte) {
	r.done |= 1 << (seq % 64)
	need := 2*binary.MaxVarintLen64 + 4 + len(result)
	if r.lent || len(r.kept)+need > cap(r.kept) {
		rest := r.kept[r.head:]
		b := r.kept[:0]
		if room := len(rest) + need; r.lent || room > cap(b) || 2*len(rest) > cap(b) {
			b = make([]byte, 0, 2*len(rest)+need)
			r.lent = false
		}
		r.kept, r.head = append(b, rest...), 0
	}
	r.kept = binary.AppendUvarint(r.kept, seq)
	r.kept = binary.LittleEndian.AppendUint32(r.kept, mark)
	r.kept = binary.AppendUvarint(r.kept, uint64(len(result)))
	r.kept = append(r.kept, result...)
	r.count++
}

// forget raises the lowest unanswered number and drops the results below it. It
// returns how many bytes of results went.
func (r *row) forget(low uint64) (bytes int) {
	for s := r.low; s < low && s < r.low+64; s++ {
		r.done &^= 1 << (s % 64)
	}
	r.low = low
	for int(r.head) < len(r.kept) {
		seq, _, n, result := kept(r.kept[r.head:])
		if seq >= low {
			return bytes + r.compact()
		}
		bytes += len(result)
		r.head += uint32(n)
		r.count--
	}
	if !r.lent {
		r.kept, r.head = r.kept[:0], 0
	}
	return bytes
}

// compact drops results below low that stand behind others, because they were
// done out of turn. It returns how many bytes of results went.
func (r *row) compact() (bytes int) {
	if int(r.count) == bits.OnesCount64(r.done) {
		return 0 // as nearly always: all that is kept is in done
	}
	old := r.kept[r.head:]
	r.kept, r.head, r.lent = make([]byte, 0, cap(r.kept)), 0, false
	for len(old) > 0 {
		seq, _, n, result := kept(old)
		if seq >= r.low {
			r.kept = append(r.kept, old[:n]...)
		} else {
			bytes += len(result)
			r.count--
		}
		old = old[n:]
	}
	return bytes
}

// result finds the kept result of a request that was done, and its mark.
func (r *row) result(seq uint64) (mark uint32, result []byte) {
	for b := r.kept[r.head:]; len(b) > 0; {
		s, mark, n, result := kept(b)
		if s == seq {
			return mark, result
		}
		b = b[n:]
	}
	return 0, nil
}

// kept cuts the first kept result off b and says how many bytes it takes.
func kept(b []byte) (seq uint64, mark uint32, n int, result []byte) {
	seq, i := binary.Uvarint(b)
	mark = binary.LittleEndian.Uint32(b[i:])
	size, j := binary.Uvarint(b[i+4:])
	from := i + 4 + j
	n = from + int(size)
	return seq, mark, n, b[from:n]
}

// insert makes a row for a new client, the newest in order of use.
func (t *requests) insert(client grid.ID, low uint64, stamp int64) uint32 {
	var o uint32
	if n := len(t.free); n > 0 {
		o, t.free = t.free[n-1], t.free[:n-1]
	} else {
		o = t.count
		t.count++
		if int(o/rowsPerPage) == len(t.pages) {
			t.pages = append(t.pages, &page{gen: t.gen})
		}
	}
	*t.own(o) = row{client: client, low: low, used: stamp}
	t.link(o)
	if t.index == nil {
		t.index = make(map[grid.ID]uint32)
	}
	t.index[client] = o
	t.live++
	return o
}

// expire takes away rows whose life has ended.
func (t *requests) expire(stamp int64) {
	for range expiresMax {
		if t.oldest == 0 {
			return
		}
		o := t.oldest - 1
		r := t.at(o)
		if stamp-r.used < RowLife {
			return
		}
		t.bytes -= r.forget(r.low + grid.RequestsMax)
		delete(t.index, r.client)
		t.unlink(o)
		*t.own(o) = row{}
		t.free = append(t.free, o)
		t.live--
	}
}

// link appends a row to the order of use.
func (t *requests) link(o uint32) {
	r := t.own(o)
	r.prev, r.next = t.newest, 0
	if t.newest != 0 {
		t.own(t.newest - 1).next = o + 1
	} else {
		t.oldest = o + 1
	}
	t.newest = o + 1
}

// unlink takes a row out of the order of use.
func (t *requests) unlink(o uint32) {
	r := *t.at(o)
	if r.prev != 0 {
		t.own(r.prev - 1).next = r.next
	} else {
		t.oldest = r.next
	}
	if r.next != 0 {
		t.own(r.next - 1).prev = r.prev
	} else {
		t.newest = r.prev
	}
}
