package slot

import (
	"slices"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

const (
	// OutboxBytesMax is how many bytes of duties may wait in a slot before
	// requests of clients are refused.
	OutboxBytesMax = 64 << 20
	// deliverBytes and deliverMax are about how much one delivery carries.
	deliverBytes = 32 << 10
	deliverMax   = 512
	// dutyBytes is about what a duty costs beside its body.
	dutyBytes = 64
)

var errOutboxFull = &fault.Error{Code: fault.ResourceExhausted, Retry: retryFull,
	Message: "too much that this slot has to tell others waits to be delivered; ask again later"}

// duty is a command that another slot must carry out. It never changes.
type duty struct {
	number uint64
	kind   grid.Kind
	// sent is when it was left, in seconds since 1970 by the slot's clock; for one that
	// a snapshot had, when the slot was last written to before that. It is no state.
	sent uint32
	body []byte
}

// queue holds the duties for one destination, oldest first. The array under
// duties is only ever appended to, so a clone may share it.
type queue struct {
	gen    uint64
	duties []duty
}

// outbox is what a slot still has to tell others, and how far it has heard them.
//
// Duties are numbered in the order in which they are sent, over all
// destinations. A destination that remembers the highest number it has carried
// out for a source therefore needs nothing else to know a duty that comes twice.
type outbox struct {
	gen    uint64
	now    int64  // the slot's stamp
	last   uint64 // number of the newest duty
	count  int
	bytes  int
	queues btree.Map[uint16, *queue]
	heard  btree.Map[uint16, uint64] // by source: the highest number carried out
}

var _ grid.Outbox = (*outbox)(nil)

// Send leaves a duty for a slot.
func (b *outbox) Send(to grid.Slot, kind grid.Kind, body []byte) {
	b.last++
	b.add(to, duty{number: b.last, kind: kind, sent: seconds(b.now), body: slices.Clone(body)})
}

func (b *outbox) add(to grid.Slot, d duty) {
	q := b.own(to)
	q.duties = append(q.duties, d)
	b.count++
	b.bytes += dutyBytes + len(d.body)
}

// own returns the queue for a destination to write to.
func (b *outbox) own(to grid.Slot) *queue {
	q, ok := b.queues.Get(uint16(to))
	if ok && q.gen == b.gen {
		return q
	}
	own := &queue{gen: b.gen}
	if ok {
		own.duties = q.duties
	}
	b.queues.Set(uint16(to), own)
	return own
}

// carried removes the duties for a destination up to a number.
func (b *outbox) carried(to grid.Slot, last uint64) {
	q, ok := b.queues.Get(uint16(to))
	if !ok || q.duties[0].number > last {
		return
	}
	n := 0
	for ; n < len(q.duties) && q.duties[n].number <= last; n++ {
		b.bytes -= dutyBytes + len(q.duties[n].body)
	}
	b.count -= n
	if n == len(q.duties) {
		b.queues.Delete(uint16(to))
		return
	}
	b.own(to).duties = q.duties[n:]
}

func (b *outbox) full() bool { return b.bytes > OutboxBytesMax }

// clone returns a frozen copy.
func (b *outbox) clone() outbox {
	c := outbox{gen: b.gen, last: b.last, count: b.count, bytes: b.bytes,
		queues: *b.queues.Copy(), heard: *b.heard.Copy()}
	b.gen++
	return c
}

// Owes says whether the slot has something to tell others, or to archive.
func (s *Slot) Owes() bool { return s.outbox.count > 0 || s.archives() }

// Duties calls each once per destination that has duties to carry out and is
// wanted, which nil says of all: with the body of one KindDeliver command for it, a
// view that is valid during the call, and the number of the last duty in it, which
// KindCarried names when that command was done. from is this slot. Any number of
// goroutines may call it at once while none calls Apply.
func (s *Slot) Duties(
	from grid.Slot, want func(to grid.Slot) bool, each func(to grid.Slot, last uint64, body []byte),
) {
	var body []byte
	s.outbox.queues.Scan(func(to uint16, q *queue) bool {
		if want != nil && !want(grid.Slot(to)) {
			return true
		}
		n, size := 0, 0
		for n < len(q.duties) && n < deliverMax && (n == 0 || size < deliverBytes) {
			size += len(q.duties[n].body)
			n++
		}
		body = pack.AppendArray(body[:0], 1+3*n)
		body = pack.AppendUint(body, uint64(from))
		for i := range q.duties[:n] {
			body = q.duties[i].append(body)
		}
		each(grid.Slot(to), q.duties[n-1].number, body)
		return true
	})
}

func (d *duty) append(b []byte) []byte {
	b = pack.AppendUint(b, d.number)
	b = pack.AppendUint(b, uint64(d.kind))
	return pack.AppendBytes(b, d.body)
}

// decode reads what append wrote; the body is a view.
func (d *duty) decode(in *pack.Cursor) {
	d.number = in.Uint()
	d.kind = grid.Kind(min(in.Uint(), uint64(^grid.Kind(0))))
	d.body = in.Bytes()
}
