// Package fault holds the canonical error codes, the names that gRPC gives
// them, and the one error type that reaches a client.
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

// The canonical codes.
const (
	OK                 Code = 0
	Cancelled          Code = 1
	Unknown            Code = 2
	InvalidArgument    Code = 3
	DeadlineExceeded   Code = 4
	NotFound           Code = 5
	AlreadyExists      Code = 6
	PermissionDenied   Code = 7
	ResourceExhausted  Code = 8
	FailedPrecondition Code = 9
	Aborted            Code = 10
	OutOfRange         Code = 11
	Unimplemented      Code = 12
	Internal           Code = 13
	Unavailable        Code = 14
	DataLoss           Code = 15
	Unauthenticated    Code = 16
)

var names = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
	"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
}

func (c Code) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("CODE_%d", uint8(c))
}

// Error is an error that a client may see.
type Error struct {
	Code    Code
	Message string        // a sentence that a game developer can act on
	Retry   time.Duration // ask again after this; 0 means asking again is no use
	Unknown bool          // the outcome is unknown: it may yet have happened
}

// New returns an error with a code and a formatted sentence.
func New(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code.String() + ": " + e.Message }

// Of returns the *Error in err's chain. An undecodable message (*pack.Error) is
// INVALID_ARGUMENT; anything else is INTERNAL.
func Of(err error) *Error {
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
