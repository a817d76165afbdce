package fault_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

func draw(t *rapid.T) *fault.Error {
	return &fault.Error{
		Code:    fault.Code(rapid.Uint8().Draw(t, "code")),
		Message: rapid.String().Draw(t, "message"),
		Retry:   time.Duration(rapid.Uint32().Draw(t, "retry")) * time.Millisecond,
		Unknown: rapid.Bool().Draw(t, "unknown"),
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := draw(t)
		c := pack.NewCursor(want.Append(nil))
		got, err := fault.Decode(&c)
		if err != nil || c.Done() != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}

// TestLaterFieldsAreSkipped: a later version may append fields.
func TestLaterFieldsAreSkipped(t *testing.T) {
	want := fault.New(fault.NotFound, "no such board")
	b := want.Append(nil)
	b[0] = 0x96 // an array of 6 instead of 4
	b = pack.AppendArray(b, 1)
	b = pack.AppendString(b, "what a later version knows")
	b = pack.AppendUint(b, 7)
	c := pack.NewCursor(b)
	got, err := fault.Decode(&c)
	if err != nil || c.Done() != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("came back as %+v, %v", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := fault.New(fault.Aborted, "again").Append(nil)
	for n := range whole {
		c := pack.NewCursor(whole[:n])
		if got, err := fault.Decode(&c); err == nil || got != nil {
			t.Errorf("cut to %d of %d bytes: %+v, %v", n, len(whole), got, err)
		}
	}
	c := pack.NewCursor([]byte{0x93, 1, 0xa0, 0})
	if _, err := fault.Decode(&c); err == nil || !strings.Contains(err.Error(), "at least 4") {
		t.Errorf("an error of 3 fields: %v", err)
	}
}

// TestRetryIsBounded: neither a negative wait nor one beyond every calendar
// comes out of a message.
func TestRetryIsBounded(t *testing.T) {
	e := &fault.Error{Code: fault.Unavailable, Retry: -time.Second}
	c := pack.NewCursor(e.Append(nil))
	if got, err := fault.Decode(&c); err != nil || got.Retry != 0 {
		t.Errorf("a negative retry came back as %+v, %v", got, err)
	}
	b := pack.AppendArray(nil, 4)
	b = pack.AppendUint(b, math.MaxUint64)
	b = pack.AppendString(b, "")
	b = pack.AppendUint(b, math.MaxUint64)
	b = pack.AppendBool(b, false)
	c = pack.NewCursor(b)
	got, err := fault.Decode(&c)
	if err != nil || got.Retry != math.MaxUint32*time.Millisecond || got.Code.String() != "CODE_255" {
		t.Errorf("the largest numbers came back as %+v, %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(fault.New(fault.Internal, "the first").Append(nil))
	f.Add([]byte{0x95, 1, 0xa1, 'x', 0xcd, 1, 0, 0xc3, 0xc0})
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := pack.NewCursor(b)
		e, err := fault.Decode(&c)
		if err != nil {
			return
		}
		again := pack.NewCursor(e.Append(nil))
		if back, err := fault.Decode(&again); err != nil || !reflect.DeepEqual(back, e) {
			t.Fatalf("%+v came back as %+v, %v", e, back, err)
		}
	})
}

func TestOf(t *testing.T) {
	lost := fault.New(fault.Unavailable, "the leader moved")
	c := pack.NewCursor([]byte{0xa0})
	c.Int()
	for _, tc := range []struct {
		err  error
		code fault.Code
	}{
		{nil, fault.OK},
		{lost, fault.Unavailable},
		{fmt.Errorf("submit: %w", lost), fault.Unavailable},
		{c.Err(), fault.InvalidArgument},
		{fmt.Errorf("board.submit: %w", c.Err()), fault.InvalidArgument},
		{io.ErrUnexpectedEOF, fault.Internal},
	} {
		if got := fault.CodeOf(tc.err); got != tc.code {
			t.Errorf("%v is %v, want %v", tc.err, got, tc.code)
		}
	}
	if got := fault.Of(fmt.Errorf("submit: %w", lost)); got != lost {
		t.Errorf("the wrapped error became %v", got)
	}
	if !errors.Is(fmt.Errorf("submit: %w", lost), lost) {
		t.Error("a wrapped error is not found")
	}
}

// TestNames: the numbers and names are gRPC's.
func TestNames(t *testing.T) {
	for code, want := range map[fault.Code]string{
		fault.OK:                 "OK",
		fault.Cancelled:          "CANCELLED",
		fault.Unknown:            "UNKNOWN",
		fault.InvalidArgument:    "INVALID_ARGUMENT",
		fault.DeadlineExceeded:   "DEADLINE_EXCEEDED",
		fault.NotFound:           "NOT_FOUND",
		fault.AlreadyExists:      "ALREADY_EXISTS",
		fault.PermissionDenied:   "PERMISSION_DENIED",
		fault.ResourceExhausted:  "RESOURCE_EXHAUSTED",
		fault.FailedPrecondition: "FAILED_PRECONDITION",
		fault.Aborted:            "ABORTED",
		fault.OutOfRange:         "OUT_OF_RANGE",
		fault.Unimplemented:      "UNIMPLEMENTED",
		fault.Internal:           "INTERNAL",
		fault.Unavailable:        "UNAVAILABLE",
		fault.DataLoss:           "DATA_LOSS",
		fault.Unauthenticated:    "UNAUTHENTICATED",
		17:                       "CODE_17",
	} {
		if got := code.String(); got != want {
			t.Errorf("code %d is %s, want %s", uint8(code), got, want)
		}
	}
	if fault.Unauthenticated != 16 || fault.DataLoss != 15 {
		t.Error("the numbers moved: they go over the wire")
	}
}

// TestTables: what is made from the table has a line for each code, and numbers of
// later versions do no harm.
func TestTables(t *testing.T) {
	for code, want := range map[fault.Code]struct {
		http  int
		again fault.Again
	}{
		fault.OK:                {200, fault.Never},
		fault.InvalidArgument:   {400, fault.Never},
		fault.ResourceExhausted: {429, fault.Later},
		fault.Unavailable:       {503, fault.Same},
		fault.Unauthenticated:   {401, fault.Never},
		17:                      {500, fault.Never},
	} {
		if code.HTTP() != want.http || code.Again() != want.again {
			t.Errorf("%v: %d, %d", code, code.HTTP(), code.Again())
		}
	}
}
