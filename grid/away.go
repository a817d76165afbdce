package grid

import (
	"errors"
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid/pack"
)

// ErrAway says that what was to be read is not served here at the moment, and that
// Lane.Ask finds out who does.
var ErrAway = errors.New("the slot is served by another node: it is asked")

// StatusPartial is the status byte of the outcome of Lane.Ask that comes with a part
// of the reply, where Lane.Read returns ErrPartial. It is no fault.Code.
const StatusPartial = 0xfe

// staleFields is the length of the array that BeginStale begins.
const staleFields = 2

// BeginStale appends the beginning of a reply at level Stale, [age, reply]: the reply,
// or the part of it, follows. Age is in µs and goes over the wire in ms, rounded up: so
// long ago the state that was read held all that was acknowledged by then.
func BeginStale(b []byte, age int64) []byte {
	ms := (max(age, 0) + 999) / 1000
	return pack.AppendUint(pack.AppendArray(b, staleFields), uint64(min(ms, math.MaxUint32)))
}

// CutStale takes a reply at level Stale apart: its age in ms, and the reply itself, or
// the part of it, a view.
func CutStale(reply []byte) (age uint32, rest []byte, err error) {
	in := pack.NewCursor(reply)
	n, ms := in.Array(), in.Uint()
	switch err := in.Err(); {
	case err != nil:
		return 0, nil, fmt.Errorf("decode the age of a reply: %w", err)
	case n != staleFields || ms > math.MaxUint32:
		return 0, nil, fmt.Errorf("decode the age of a reply: %d fields, %d ms", n, ms)
	}
	return uint32(ms), in.Rest(), nil
}
