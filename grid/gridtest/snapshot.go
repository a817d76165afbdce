package gridtest

import (
	"bytes"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// State is the state of a feature, or of a slot.
type State interface {
	Encode(e *pack.Encoder)
}

// Encode returns the bytes of a state.
func Encode(s State) []byte { return stream(s.Encode) }

// Stream returns the bytes of a state that is written as these values.
func Stream(values ...[]byte) []byte {
	return stream(func(e *pack.Encoder) {
		for _, v := range values {
			e.End(append(e.Begin(), v...))
		}
	})
}

func stream(encode func(*pack.Encoder)) []byte {
	var out bytes.Buffer
	e := pack.NewEncoder(&out)
	encode(e)
	if err := e.Flush(); err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

// Restore decodes a state from its bytes, and nothing may be behind it.
func Restore[S State](decode func(*pack.Decoder) (S, error), data []byte) (S, error) {
	d := pack.NewDecoder(bytes.NewReader(data))
	s, err := decode(d)
	if err == nil {
		err = d.Done()
	}
	return s, err
}

// Recode returns the state that the bytes of a state decode to. If the state can tell how
// much it holds, it must tell the same afterwards, when all of it was counted anew.
func Recode[S State](t TB, decode func(*pack.Decoder) (S, error), s S) S {
	t.Helper()
	got, err := Restore(decode, Encode(s))
	if err != nil {
		t.Fatal(err)
	}
	checkSizes(t, s, got)
	return got
}

func checkSizes(t TB, live, restored any) {
	t.Helper()
	type sized interface{ Sizes() (a, b grid.Size) }
	of, ok := live.(sized)
	if !ok {
		return
	}
	a, b := of.Sizes()
	if x, y := restored.(sized).Sizes(); a != x || b != y {
		t.Fatal("the state counts", a, b, "and what was restored", x, y)
	}
}

// TB is a test, plain or of package rapid.
type TB interface {
	Helper()
	Fatal(args ...any)
}
