package grid

import (
	"fmt"

	"github.com/thronggrid/throng/grid/pack"
)

// Scatter is how requests are served whose state lies at several slots. Prepare
// knows but the name of a thing, and asks its slot; that slot knows where the rest
// is. Its answer to a read is then a part and ErrPartial, which Gather completes,
// and its answer to a write that belongs elsewhere is Elsewhere, from which Learn
// learns. So what lies at one slot pays nothing for that other things do not.
type Scatter interface {
	// Gather finishes a read: body is the query, part what its slot returned, and
	// read asks other slots as of now. It appends the whole reply to out; on an error
	// it returns out as it was. It is called where Lane.Read is: on an event loop.
	Gather(body, part []byte, read Read, out []byte) ([]byte, error)
	// Learn notes the command that an edge was told to write elsewhere, so that
	// Prepare names that slot by itself. It may be called from any goroutine.
	Learn(body []byte)
}

// Read answers a query of one slot from memory, as Lane.Read does.
type Read func(slot Slot, kind Kind, body, out []byte) ([]byte, error)

// Elsewhere is the error with which Apply refuses a command that belongs to
// another slot: nothing was changed. The edge writes the command there that it
// names instead, of the same kind and under the same request id, and the client
// notices nothing. It is not the outcome of the request, so it is not kept as one.
// A feature sees to it that no command is sent on more than twice.
type Elsewhere struct {
	Slot Slot
	Body []byte
}

// StatusElsewhere is the status byte of an outcome that is no fault.Code but says
// that the command belongs elsewhere: what Elsewhere.Append appends follows.
const StatusElsewhere = 0xff

// Error is for those who do not know what to do with it.
func (e *Elsewhere) Error() string { return fmt.Sprintf("the command belongs to slot %d", e.Slot) }

// elsewhereFields is the length of the array that Append appends.
const elsewhereFields = 5

// Append appends the body of the outcome of a command with a request id:
// [slot, seq, low, mark, body].
func (e *Elsewhere) Append(b []byte, id *RequestID) []byte {
	b = pack.AppendUint(pack.AppendArray(b, elsewhereFields), uint64(e.Slot))
	b = pack.AppendUint(b, id.Seq)
	b = pack.AppendUint(b, id.Low)
	b = pack.AppendUint(b, uint64(id.Mark))
	return pack.AppendBytes(b, e.Body)
}

// ReadElsewhere reads what Append appended: Body is a view, and the request id is
// without the client's, which the edge knows.
func ReadElsewhere(outcome []byte) (e Elsewhere, id RequestID, err error) {
	in := pack.NewCursor(outcome)
	n := in.Array()
	slot := in.Uint()
	id.Seq, id.Low = in.Uint(), in.Uint()
	mark := in.Uint()
	e.Body = in.Bytes()
	switch err := in.Done(); {
	case err != nil:
		return e, id, fmt.Errorf("decode where a command belongs: %w", err)
	case n != elsewhereFields || slot >= Slots || mark > 1<<32-1:
		return e, id, fmt.Errorf("decode where a command belongs: %d fields, slot %d, mark %d",
			n, slot, mark)
	}
	e.Slot, id.Mark = Slot(slot), uint32(mark)
	return e, id, nil
}
