package slot

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Slot is the state of one hash slot.
type Slot struct {
	stamp int64 // µs; I2
	states
	outbox   outbox
	requests requests
}

// New returns an empty slot.
func New() *Slot { return &Slot{} }

// Apply executes a command that an entry of the given time (µs) carries, and
// appends its outcome to out: a status byte (0, a fault.Code or
// grid.StatusElsewhere) and a msgpack array (the reply, the error, or where the
// command belongs). A request id that was executed before gets the outcome of
// then, but for one that says to ask again, or elsewhere: that was none. The
// caller has set the turn's floors and effects; the rest of it is set here.
func (s *Slot) Apply(t *grid.Turn, at int64, c *Command, out []byte) []byte {
	s.stamp = max(s.stamp+1, at)
	s.outbox.now = s.stamp
	t.Slot, t.Stamp, t.Outbox, t.Members, t.Channels = c.Slot, s.stamp, &s.outbox, s, s
	if c.ID.Seq == 0 {
		out, _ = s.execute(t, c, out)
		return out
	}
	mark := c.mark()
	o, prior, err := s.requests.admit(&c.ID, mark, s.stamp)
	switch {
	case err != nil:
		return appendError(out, err)
	case prior != nil:
		return append(out, prior...)
	}
	from := len(out)
	out, final := s.execute(t, c, out)
	if final {
		s.requests.record(o, c.ID.Seq, mark, out[from:])
	}
	return out
}

// execute carries out a command, and tells the host of new duties. It says
// whether this was the end of the request.
func (s *Slot) execute(t *grid.Turn, c *Command, out []byte) (_ []byte, final bool) {
	from, last := len(out), s.outbox.last
	out, err := s.dispatch(t, c, append(out, byte(fault.OK)))
	if t.Effects != nil && (s.outbox.last != last || s.archives()) {
		t.Effects.Due = append(t.Effects.Due, t.Slot)
	}
	if err == nil {
		return out, true
	}
	if e := (*grid.Elsewhere)(nil); errors.As(err, &e) {
		return e.Append(append(out[:from], grid.StatusElsewhere), &c.ID), false
	}
	return appendError(out[:from], err), fault.Of(err).Retry == 0
}

func (s *Slot) dispatch(t *grid.Turn, c *Command, out []byte) ([]byte, error) {
	if c.Kind>>8 == 0 {
		return s.chore(t, c.Kind, c.Body, out)
	}
	f := s.own(c.Kind)
	switch {
	case f == nil:
		return out, unknownKind(c.Kind)
	case s.outbox.full() && c.Kind&0xff < internalKinds:
		return out, errOutboxFull
	}
	return f.Apply(t, c.Kind, c.Body, out)
}

// internalKinds is where, in a feature's kinds, those begin that no client sends.
const internalKinds = 0x80

// Query appends the reply to a query, one msgpack array, to out; on an error,
// a *fault.Error, it returns out as it was. Any number of goroutines may call
// it at once while none calls Apply.
func (s *Slot) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	f := s.feature(kind)
	if f == nil {
		return out, unknownKind(kind)
	}
	return f.Query(kind, body, out)
}

func unknownKind(kind grid.Kind) error {
	return fault.New(fault.Unimplemented,
		"this server does not know requests of kind %#04x", uint16(kind))
}

func appendError(out []byte, err error) []byte {
	e := fault.Of(err)
	return e.Append(append(out, byte(e.Code)))
}

// Stamp returns the slot's clock in µs.
func (s *Slot) Stamp() int64 { return s.stamp }

// Due returns the stamp at which something is due next; math.MaxInt64: nothing, or
// the outbox is full, and it waits until that has room.
func (s *Slot) Due() int64 {
	due := int64(math.MaxInt64)
	if s.outbox.full() {
		return due
	}
	s.each(func(f timed) { due = min(due, f.Due()) })
	return due
}

// Clone returns a frozen copy in O(1): only Encode and Digest may be called on
// it, from any one goroutine, while s goes on.
func (s *Slot) Clone() *Slot {
	return &Slot{stamp: s.stamp, states: s.states.clone(),
		outbox: s.outbox.clone(), requests: s.requests.clone()}
}

// Digest returns the hash of what Encode writes: equal for equal states.
func (s *Slot) Digest() uint64 {
	h := xxhash.New()
	if err := s.EncodeAlone(struct{ io.Writer }{h}); err != nil {
		panic(fmt.Sprintf("a hash refused bytes: %v", err)) // it never does
	}
	return h.Sum64()
}

// EncodeAlone writes the slot as a stream of its own, whose hash is Digest: for who
// digests a large clone and has to rest now and then.
func (s *Slot) EncodeAlone(w io.Writer) error {
	e := pack.NewEncoder(w)
	s.Encode(e)
	return e.Flush()
}
