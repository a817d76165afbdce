package pack_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thronggrid/throng/grid/pack"
)

// oracle encodes with the reference library, in its shortest forms.
func oracle(t testing.TB, encode func(*msgpack.Encoder) error) []byte {
	t.Helper()
	var out bytes.Buffer
	e := msgpack.NewEncoder(&out)
	e.UseCompactInts(true)
	if err := encode(e); err != nil {
		t.Fatalf("the oracle cannot encode: %v", err)
	}
	return out.Bytes()
}

func wantBytes(t *testing.T, what any, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%v: %x, want %x", what, head(got), head(want))
	}
}

// head shortens what an error prints.
func head(b []byte) []byte { return b[:min(len(b), 16)] }

// TestIntWidths crosses every border between two widths of a number.
func TestIntWidths(t *testing.T) {
	for _, v := range []int64{
		0, 1, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64,
		-1, -32, -33, -128, -129, -32768, -32769, math.MinInt32, math.MinInt32 - 1, math.MinInt64,
	} {
		got := pack.AppendInt(nil, v)
		wantBytes(t, v, got, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeInt(v) }))
		c := pack.NewCursor(got)
		if back := c.Int(); back != v || c.Done() != nil {
			t.Errorf("%d came back as %d, %v", v, back, c.Err())
		}
	}
}

func TestUintWidths(t *testing.T) {
	for _, v := range []uint64{
		0, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1,
		math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64,
	} {
		got := pack.AppendUint(nil, v)
		wantBytes(t, v, got, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeUint(v) }))
		c := pack.NewCursor(got)
		if back := c.Uint(); back != v || c.Done() != nil {
			t.Errorf("%d came back as %d, %v", v, back, c.Err())
		}
	}
}

// TestLengthWidths crosses the borders of strings, byte fields, arrays and maps.
func TestLengthWidths(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		text := bytes.Repeat([]byte{'x'}, n)
		str := pack.AppendString(nil, text)
		wantBytes(t, n, str, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeString(string(text)) }))
		bin := pack.AppendBytes(nil, text)
		wantBytes(t, n, bin, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeBytes(text) }))
		arr := pack.AppendArray(nil, n)
		wantBytes(t, n, arr, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeArrayLen(n) }))
		m := pack.AppendMap(nil, n)
		wantBytes(t, n, m, oracle(t, func(e *msgpack.Encoder) error { return e.EncodeMapLen(n) }))

		c := pack.NewCursor(str)
		if got := c.String(); !bytes.Equal(got, text) || c.Done() != nil {
			t.Errorf("a string of %d came back with %d bytes, %v", n, len(got), c.Err())
		}
		c = pack.NewCursor(bin)
		if got := c.Bytes(); !bytes.Equal(got, text) || c.Done() != nil {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), c.Err())
		}
		c = pack.NewCursor(append(arr, bytes.Repeat([]byte{0xc0}, n)...))
		if got := c.Array(); got != n || c.Err() != nil {
			t.Errorf("an array of %d came back with %d, %v", n, got, c.Err())
		}
		c = pack.NewCursor(append(m, bytes.Repeat([]byte{0xc0}, 2*n)...))
		if got := c.Map(); got != n || c.Err() != nil {
			t.Errorf("a map of %d came back with %d, %v", n, got, c.Err())
		}
	}
}

func TestNilAndBool(t *testing.T) {
	b := pack.AppendNil(nil)
	b = pack.AppendBool(b, true)
	b = pack.AppendBool(b, false)
	wantBytes(t, "nil, true, false", b, []byte{0xc0, 0xc3, 0xc2})

	c := pack.NewCursor(b)
	if !c.Nil() || c.Nil() || !c.Bool() || c.Bool() || c.Nil() {
		t.Error("nil, true, false came back as something else")
	}
	if err := c.Done(); err != nil {
		t.Error(err)
	}
}

// TestCursorTakesEveryWidth reads numbers that another encoder did not shorten.
func TestCursorTakesEveryWidth(t *testing.T) {
	for _, b := range [][]byte{
		{7},
		{0xcc, 7}, {0xcd, 0, 7}, {0xce, 0, 0, 0, 7}, {0xcf, 0, 0, 0, 0, 0, 0, 0, 7},
		{0xd0, 7}, {0xd1, 0, 7}, {0xd2, 0, 0, 0, 7}, {0xd3, 0, 0, 0, 0, 0, 0, 0, 7},
	} {
		c := pack.NewCursor(b)
		if v := c.Int(); v != 7 || c.Done() != nil {
			t.Errorf("% x read as Int: %d, %v", b, v, c.Err())
		}
		c = pack.NewCursor(b)
		if v := c.Uint(); v != 7 || c.Done() != nil {
			t.Errorf("% x read as Uint: %d, %v", b, v, c.Err())
		}
	}
}
