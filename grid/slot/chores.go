package slot

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// The slot's own commands: a leader proposes them by itself, and no client can.
const (
	KindDeliver grid.Kind = 0x00F1 // [source, number, kind, body, …]: duties of another slot
	KindCarried grid.Kind = 0x00F2 // [destination, number]: duties were carried out up to it
	KindDue     grid.Kind = 0x00F3 // []: do what is due
	KindSweep   grid.Kind = 0x00F4 // [origin, grace µs]: earlier incarnations of a node are dead
)

const retryFull = time.Second

// AppendCarried appends the body of KindCarried.
func AppendCarried(b []byte, to grid.Slot, last uint64) []byte {
	b = pack.AppendArray(b, 2)
	b = pack.AppendUint(b, uint64(to))
	return pack.AppendUint(b, last)
}

// AppendDue appends the body of KindDue.
func AppendDue(b []byte) []byte { return pack.AppendArray(b, 0) }

// Sweep is the body of KindSweep. The command is for all slots of a shard:
// shard.Machine raises its floors, and applies it to each.
type Sweep struct {
	Origin grid.Origin // the lowest of its node that is alive
	Grace  int64       // µs for which sessions of earlier ones may be resumed
}

// Append appends the body.
func (w *Sweep) Append(b []byte) []byte {
	b = pack.AppendArray(b, 2)
	b = pack.AppendUint(b, uint64(w.Origin))
	return pack.AppendInt(b, w.Grace)
}

// Decode reads the body.
func (w *Sweep) Decode(body []byte) error {
	in := pack.NewCursor(body)
	n := in.Array()
	w.Origin, w.Grace = grid.Origin(in.Uint()), in.Int()
	return checkBody(&in, n, 2)
}

// checkBody says what is wrong with a body of at least want fields that was read.
func checkBody(in *pack.Cursor, n, want int) error {
	for range n - want {
		in.Skip()
	}
	if err := in.Done(); err != nil {
		return fmt.Errorf("decode a slot's own command: %w", err)
	}
	if n < want {
		return fault.New(fault.InvalidArgument, "a command of %d fields: want %d", n, want)
	}
	return nil
}

// chore executes one of the slot's own commands.
func (s *Slot) chore(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	var err error
	switch kind {
	case KindDeliver:
		err = s.deliver(t, body)
	case KindCarried:
		err = s.carried(body)
	case KindDue:
		s.tick(t)
	case KindSweep:
		var w Sweep
		if err = w.Decode(body); err == nil {
			s.sweep(t, w.Grace)
		}
	default:
		return out, unknownKind(kind)
	}
	if err != nil {
		return out, err
	}
	return pack.AppendArray(out, 0), nil
}

// deliver carries out the duties of another slot that were not carried out
// before. What they answer is of no interest: the taker tells by duties of its own.
func (s *Slot) deliver(t *grid.Turn, body []byte) error {
	in := pack.NewCursor(body)
	n := in.Array()
	source := in.Uint()
	if in.Err() == nil && (n < 1 || n%3 != 1 || source >= grid.Slots) {
		return fault.New(fault.InvalidArgument, "a delivery of %d fields from slot %d", n, source)
	}
	if err := checkDuties(in, n/3); err != nil {
		return err
	}
	heard, _ := s.outbox.heard.Get(uint16(source))
	for len(in.Rest()) > 0 {
		var d duty
		d.decode(&in)
		if d.number <= heard {
			continue
		}
		heard = d.number
		s.stamp++
		t.Stamp = s.stamp
		if f := s.own(d.kind); f != nil {
			// An error is a duty that has become void: a session that is gone, say.
			_, _ = f.Apply(t, d.kind, d.body, nil)
		}
	}
	s.outbox.heard.Set(uint16(source), heard)
	return nil
}

// checkDuties looks at all of a delivery before anything is done.
func checkDuties(in pack.Cursor, n int) error {
	var d duty
	for range n {
		d.decode(&in)
	}
	if err := in.Done(); err != nil {
		return fmt.Errorf("decode a delivery: %w", err)
	}
	return nil
}

func (s *Slot) carried(body []byte) error {
	in := pack.NewCursor(body)
	n := in.Array()
	to, last := in.Uint(), in.Uint()
	if err := checkBody(&in, n, 2); err != nil {
		return err
	}
	if to >= grid.Slots {
		return fault.New(fault.InvalidArgument, "slot %d: there are %d", to, grid.Slots)
	}
	s.outbox.carried(grid.Slot(to), last)
	return nil
}

// tick does some of what is due. While the outbox is full it waits.
func (s *Slot) tick(t *grid.Turn) {
	if s.outbox.full() {
		return
	}
	s.each(func(f timed) {
		if f.Due() <= t.Stamp {
			f.Tick(t)
		}
	})
}
