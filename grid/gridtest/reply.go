package gridtest

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Whole decodes all of a reply or push.
func Whole[R any](b []byte, decode func(*pack.Cursor) (R, error)) R {
	in := pack.NewCursor(b)
	reply, err := decode(&in)
	if err == nil {
		err = in.Done()
	}
	if err != nil {
		panic(err)
	}
	return reply
}

// Before is what output must be appended to, for CheckReply.
const Before = "before"

// CheckReply fails if a reply behind Before cannot be decoded, or an error is not
// a client's, or comes with output.
func CheckReply(t *testing.T, out []byte, err error, decode func(*pack.Cursor) error) {
	t.Helper()
	if err != nil {
		_, ok := err.(*fault.Error)
		if !ok || fault.CodeOf(err) == fault.Internal || string(out) != Before {
			t.Fatalf("%T %v, and output %q", err, err, out)
		}
		return
	}
	in := pack.NewCursor(bytes.TrimPrefix(out, []byte(Before)))
	if err = decode(&in); err == nil {
		err = in.Done()
	}
	if err != nil {
		t.Fatalf("%x: %v", out, err)
	}
}
