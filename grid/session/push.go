package session

import (
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

const (
	// KindRefused is pushed to a session: a Refused.
	KindRefused grid.Kind = 0x02E2
	// KindEnded goes to the gateway that a session is, or was last, bound to:
	// [reason]. It closes that session's connection, if it has it still.
	KindEnded grid.Kind = 0x02F1
)

// Refused tells a session that a stream which it tracked has not taken it:
// [stream, code, message]. It is on that stream no longer.
type Refused struct {
	Key     string // of the stream
	Code    fault.Code
	Message string // a sentence for the game's developer
}

// DecodeRefused reads a Refused.
func DecodeRefused(in *pack.Cursor) (r Refused, err error) {
	more := in.Fields(3)
	if r.Key, err = decodeStream(in); err != nil {
		return r, err
	}
	r.Code = fault.Code(min(in.Uint(), math.MaxUint8))
	r.Message = string(in.String())
	return r, in.End(more)
}

// Reason says why a connection shall be closed.
type Reason uint8

// The reasons, in the numbers of KindEnded.
const (
	Bound    Reason = 0 // it shall not be closed
	Replaced Reason = 1 // the session was resumed from another connection
	Ended    Reason = 2 // the session was ended, or its grace is over
	MadeRoom Reason = 3 // the session was ended because its user opened too many
	Detached Reason = 4 // the session waits to be resumed from another connection
)

// DecodeEnded reads the hint KindEnded. Reasons that this version has no name for
// are kept.
func DecodeEnded(in *pack.Cursor) (Reason, error) {
	more := in.Fields(1)
	r := Reason(min(in.Uint(), math.MaxUint8))
	return r, in.End(more)
}
