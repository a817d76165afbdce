// Package fault holds the canonical error codes, the names that gRPC gives
// them, and the one error type that reaches a client. The codes are made from the
// table in tools/errors, like docs/errors.md, which explains each.
//
// An error says one of two things, never blurred: failed (nothing happened), or
// unknown (Error.Unknown: it may yet have happened; asking again with the same
// request id turns it into done or failed).
package fault

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/thronggrid/throng/grid/pack"
)

// Code is a canonical error code; the numbers are gRPC's and go over the wire.
type Code uint8

func (c Code) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("CODE_%d", uint8(c))
}

// HTTP returns the status of an HTTP answer that says so; 500 for a code that a
// later version has.
func (c Code) HTTP() int {
	if int(c) < len(statuses) {
		return statuses[c]
	}
	return statuses[Internal]
}

// Again says whether asking again may help.
type Again uint8

// The ways to ask again.
const (
	Never Again = iota // the same request gets the same answer
	Later              // nothing happened: after Error.Retry; if that is 0, something must change
	Same               // it may have happened: again, a write under the same request id
)

// Again returns how to ask again after an error with this code that says nothing of
// it; Never for a code that a later version has.
func (c Code) Again() Again {
	if int(c) < len(agains) {
		return agains[c]
	}
	return Never
}

// Error is an error that a client may see.
type Error struct {
	Code    Code
	Message string        // a sentence that a game developer can act on
	Retry   time.Duration // ask again after this; 0 means asking again is no use
	Unknown bool          // the outcome is unknown: it may yet have happened

	// Trace names the request that was answered so: what a player reports, and an
	// operator looks for in the log. The client that got the answer knows it; it is
	// not in what the server sends. "": nothing was answered.
	Trace string
}

// New returns an error with a code and a formatted sentence.
func New(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code, the sentence, and the trace if there is one.
func (e *Error) Error() string {
	text := e.Code.String() + ": " + e.Message
	if e.Trace != "" {
		text += " (trace " + e.Trace + ")"
	}
	return text
}

// Of returns the *Error in err's chain. An undecodable message (*pack.Error) is
// INVALID_ARGUMENT; anything else is INTERNAL.
func Of(err error) *Error {
	if e, is := err.(*Error); is { // as most are: a flood of refusals must not cost much
		return e
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var p *pack.Error
	if errors.As(err, &p) {
		return New(InvalidArgument,
			"the message cannot be decoded: %v; see docs/protocol.md for its fields", p)
	}
	return New(Internal, "%v", err)
}

// CodeOf returns the code of err: OK for nil.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	return Of(err).Code
}

// Append appends the error as it goes over the wire:
// [code, message, retry in ms, unknown].
func (e *Error) Append(b []byte) []byte {
	b = pack.AppendArray(b, 4)
	b = pack.AppendUint(b, uint64(e.Code))
	b = pack.AppendString(b, e.Message)
	b = pack.AppendUint(b, uint64(max(0, e.Retry.Milliseconds())))
	return pack.AppendBool(b, e.Unknown)
}

// Decode reads what Append wrote.
func Decode(c *pack.Cursor) (*Error, error) {
	more := c.Fields(4)
	code := c.Uint()
	e := &Error{
		Code:    Code(min(code, math.MaxUint8)),
		Message: string(c.String()),
		Retry:   time.Duration(min(c.Uint(), math.MaxUint32)) * time.Millisecond,
		Unknown: c.Bool(),
	}
	if err := c.End(more); err != nil {
		return nil, fmt.Errorf("decode an error: %w", err)
	}
	return e, nil
}
