package slot

import (
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// format is the version of Encode's head.
const format = 1

// Slot is the state of one hash slot.
type Slot struct {
	stamp    int64 // µs; I2
	boards   *leaderboard.Boards
	requests requests
}

// New returns an empty slot.
func New() *Slot { return &Slot{boards: leaderboard.New()} }

// Apply executes a command that an entry of the given time (µs) carries, and
// appends its outcome to out: a status byte (0, or a fault.Code) and a msgpack
// array (the reply, or the error). A request id that was executed before gets
// the outcome of then.
func (s *Slot) Apply(at int64, c *Command, out []byte) []byte {
	s.stamp = max(s.stamp+1, at)
	if c.ID.Seq == 0 {
		return s.execute(c, out)
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
	out = s.execute(c, out)
	s.requests.record(o, c.ID.Seq, mark, out[from:])
	return out
}

func (s *Slot) execute(c *Command, out []byte) []byte {
	feature := s.feature(c.Kind)
	if feature == nil {
		return appendError(out, unknownKind(c.Kind))
	}
	from := len(out)
	out, err := feature.Apply(&grid.Turn{Slot: c.Slot, Stamp: s.stamp}, c.Kind, c.Body, append(out, byte(fault.OK)))
	if err != nil {
		return appendError(out[:from], err)
	}
	return out
}

// Query appends the reply to a query, one msgpack array, to out; on an error,
// a *fault.Error, it returns out as it was. Any number of goroutines may call
// it at once while none calls Apply.
func (s *Slot) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	feature := s.feature(kind)
	if feature == nil {
		return out, unknownKind(kind)
	}
	return feature.Query(kind, body, out)
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

// Clone returns a frozen copy in O(1): only Encode and Digest may be called on
// it, from any one goroutine, while s goes on.
func (s *Slot) Clone() *Slot {
	return &Slot{stamp: s.stamp, boards: s.boards.Clone(), requests: s.requests.clone()}
}

// Encode writes the whole state as chunks.
func (s *Slot) Encode(w *pack.ChunkWriter) error {
	b := pack.AppendArray(w.Begin(), 3)
	b = pack.AppendUint(b, format)
	b = pack.AppendInt(b, s.stamp)
	b = pack.AppendUint(b, uint64(s.requests.live))
	if err := w.End(b); err != nil {
		return fmt.Errorf("encode a slot's head: %w", err)
	}
	if err := s.boards.Encode(w); err != nil {
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
	s := &Slot{stamp: c.Int()}
	rows := c.Uint()
	for range n - 3 {
		c.Skip()
	}
	if err := c.Done(); err != nil {
		return nil, fmt.Errorf("decode a slot's head: %w", err)
	}
	if n < 3 || version != format {
		return nil, fmt.Errorf("decode a slot: format %d, this program reads %d", version, format)
	}
	if s.boards, err = leaderboard.Decode(r); err != nil {
		return nil, err
	}
	if err := s.requests.decode(r, rows); err != nil {
		return nil, err
	}
	return s, nil
}

// Digest returns the hash of what Encode writes: equal for equal states.
func (s *Slot) Digest() uint64 {
	h := xxhash.New()
	if err := s.Encode(pack.NewChunkWriter(struct{ io.Writer }{h})); err != nil {
		panic(fmt.Sprintf("a hash refused bytes: %v", err)) // it never does
	}
	return h.Sum64()
}
