package client

import (
	"fmt"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

func TestRetryable(t *testing.T) {
	later := fault.New(fault.ResourceExhausted, "wait")
	later.Retry = time.Second
	for _, tc := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{fault.New(fault.Unavailable, "no leader"), true},
		{fmt.Errorf("submit: %w", fault.New(fault.DeadlineExceeded, "no answer")), true},
		{fault.New(fault.ResourceExhausted, "128 streams"), false},
		{later, true},
		{fault.New(fault.InvalidArgument, "no name"), false},
		{fault.New(fault.Code(99), "of a later version"), false},
	} {
		if got := Retryable(tc.err); got != tc.want {
			t.Errorf("%v: %v", tc.err, got)
		}
	}
}

// A goodbye in place of a welcome is an error by the table; numbers that it does not
// have keep to their range.
func TestGoodbyeError(t *testing.T) {
	for reason, want := range map[wire.Reason]fault.Code{
		wire.Shutdown:        fault.Unavailable,
		wire.Unauthenticated: fault.Unauthenticated,
		wire.BadHello:        fault.InvalidArgument,
		wire.SessionReplaced: fault.FailedPrecondition,
		1999:                 fault.Unavailable,
		2999:                 fault.FailedPrecondition,
	} {
		err := goodbyeError(&wire.Goodbye{Reason: reason, Text: "a sentence"})
		_, final := err.(refusal)
		if fault.CodeOf(err) != want || final == reason.Reconnect() {
			t.Errorf("%d is %v, final %v", reason, err, final)
		}
	}
}
