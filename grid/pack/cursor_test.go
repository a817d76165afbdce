package pack_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/pack"
)

// hostile are inputs that cost a careless decoder memory, time or its stack.
var hostile = map[string][]byte{
	"array of 4 billion":   {0xdd, 0xff, 0xff, 0xff, 0xff},
	"map of 4 billion":     {0xdf, 0xff, 0xff, 0xff, 0xff},
	"string of 4 GiB":      {0xdb, 0xff, 0xff, 0xff, 0xff, 'x'},
	"bytes of 4 GiB":       {0xc6, 0xff, 0xff, 0xff, 0xff, 'x'},
	"bytes of 2 GiB":       {0xc6, 0x7f, 0xff, 0xff, 0xff, 'x', 'y'},
	"extension of 4 GiB":   {0xc9, 0xff, 0xff, 0xff, 0xff, 1},
	"arrays nested 4 Mi":   bytes.Repeat([]byte{0x91}, 4<<20),
	"maps nested 1 Mi":     bytes.Repeat([]byte{0x81, 0x01}, 1<<20),
	"array16 nested":       bytes.Repeat([]byte{0xdc, 0x00, 0x02}, 1<<10),
	"the byte 0xc1":        {0xc1},
	"string cut short":     {0xa5, 'a', 'b'},
	"length cut short":     {0xda, 0x00},
	"number cut short":     {0xcf, 1, 2, 3},
	"extension cut short":  {0xd8, 1, 2, 3},
	"fixarray of too many": {0x9f, 1, 2},
	"fixmap of too many":   {0x82, 1, 2, 3},
	"nothing":              {},
}

// TestHostileInput: every input is refused with an error that says where and
// what, whatever the decoder asks for, and nothing big is allocated on the way.
func TestHostileInput(t *testing.T) {
	for name, b := range hostile {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c := pack.NewCursor(b)
			c.Skip()
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
				t.Errorf("%d bytes allocated for an input of %d", got, len(b))
			}
			var bad *pack.Error
			if !errors.As(c.Err(), &bad) {
				t.Fatalf("Skip took it: %v", c.Err())
			}
			if bad.At < 0 || bad.At > len(b) || bad.Want == "" || bad.Got == "" {
				t.Errorf("the error does not say where and what: %+v", bad)
			}
		})
	}
}

// TestLengthsAreNotBelieved is invariant I1: each length is compared with the
// bytes that remain, to the byte.
func TestLengthsAreNotBelieved(t *testing.T) {
	for _, tc := range []struct {
		name string
		b    []byte
		read func(*pack.Cursor)
	}{
		{"fixstr", []byte{0xa3, 1, 2, 3}, func(c *pack.Cursor) { _ = c.String() }},
		{"str8", []byte{0xd9, 3, 1, 2, 3}, func(c *pack.Cursor) { _ = c.String() }},
		{"str16", []byte{0xda, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { _ = c.String() }},
		{"str32", []byte{0xdb, 0, 0, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { _ = c.String() }},
		{"bin8", []byte{0xc4, 3, 1, 2, 3}, func(c *pack.Cursor) { c.Bytes() }},
		{"bin16", []byte{0xc5, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { c.Bytes() }},
		{"bin32", []byte{0xc6, 0, 0, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { c.Bytes() }},
		{"fixarray", []byte{0x93, 1, 2, 3}, func(c *pack.Cursor) { c.Array() }},
		{"array16", []byte{0xdc, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { c.Array() }},
		{"array32", []byte{0xdd, 0, 0, 0, 3, 1, 2, 3}, func(c *pack.Cursor) { c.Array() }},
		{"fixmap", []byte{0x81, 1, 2}, func(c *pack.Cursor) { c.Map() }},
		{"map16", []byte{0xde, 0, 1, 1, 2}, func(c *pack.Cursor) { c.Map() }},
		{"map32", []byte{0xdf, 0, 0, 0, 1, 1, 2}, func(c *pack.Cursor) { c.Map() }},
		{"ext8", []byte{0xc7, 2, 1, 2, 3}, (*pack.Cursor).Skip},
		{"ext16", []byte{0xc8, 0, 2, 1, 2, 3}, (*pack.Cursor).Skip},
		{"ext32", []byte{0xc9, 0, 0, 0, 2, 1, 2, 3}, (*pack.Cursor).Skip},
		{"fixext1", []byte{0xd4, 1, 2}, (*pack.Cursor).Skip},
		{"fixext2", []byte{0xd5, 1, 2, 3}, (*pack.Cursor).Skip},
		{"fixext4", append([]byte{0xd6}, make([]byte, 5)...), (*pack.Cursor).Skip},
		{"fixext8", append([]byte{0xd7}, make([]byte, 9)...), (*pack.Cursor).Skip},
		{"fixext16", append([]byte{0xd8}, make([]byte, 17)...), (*pack.Cursor).Skip},
		{"float32", append([]byte{0xca}, make([]byte, 4)...), (*pack.Cursor).Skip},
		{"float64", append([]byte{0xcb}, make([]byte, 8)...), (*pack.Cursor).Skip},
	} {
		t.Run(tc.name, func(t *testing.T) {
			whole := pack.NewCursor(tc.b)
			if tc.read(&whole); whole.Err() != nil {
				t.Errorf("the whole value is refused: %v", whole.Err())
			}
			for n := range tc.b {
				cut := pack.NewCursor(tc.b[:n])
				if tc.read(&cut); cut.Err() == nil {
					t.Errorf("cut to %d of %d bytes, it is taken", n, len(tc.b))
				}
			}
		})
	}
}

// TestDepth is invariant I2.
func TestDepth(t *testing.T) {
	nested := func(depth int, opens ...byte) []byte {
		return append(bytes.Repeat(opens, depth), 0xc0)
	}
	for _, tc := range []struct {
		name  string
		opens []byte
	}{
		{"arrays", []byte{0x91}},
		{"maps", []byte{0x81, 0xc0}},
		{"array16s", []byte{0xdc, 0, 1}},
	} {
		deepest := nested(pack.DepthMax, tc.opens...)
		c := pack.NewCursor(deepest)
		if c.Skip(); c.Done() != nil {
			t.Errorf("%s, %d deep: %v", tc.name, pack.DepthMax, c.Err())
		}
		c = pack.NewCursor(nested(pack.DepthMax+1, tc.opens...))
		if c.Skip(); c.Err() == nil || !strings.Contains(c.Err().Error(), "levels of nesting") {
			t.Errorf("%s, %d deep: %v", tc.name, pack.DepthMax+1, c.Err())
		}
	}
}

// TestSkipEndsWithItsValue: what follows a skipped value is still there.
func TestSkipEndsWithItsValue(t *testing.T) {
	value := pack.AppendArray(nil, 3)
	value = pack.AppendMap(value, 1)
	value = pack.AppendString(value, "k")
	value = pack.AppendArray(value, 0)
	value = pack.AppendBytes(value, []byte("bytes"))
	value = pack.AppendInt(value, -1000)

	c := pack.NewCursor(pack.AppendUint(value, 42))
	c.Skip()
	if c.Offset() != len(value) {
		t.Errorf("Skip ended at %d, want %d", c.Offset(), len(value))
	}
	if got := c.Uint(); got != 42 || c.Done() != nil {
		t.Errorf("then %d, %v; want 42", got, c.Err())
	}
}

// TestFirstErrorSticks is invariant I3: after an error every call returns a
// zero value and the error stays the first one.
func TestFirstErrorSticks(t *testing.T) {
	b := pack.AppendString(nil, "no number")
	b = pack.AppendUint(b, 7)
	c := pack.NewCursor(b)
	c.Int()
	first := c.Err()
	if first == nil {
		t.Fatal("a string was read as a number")
	}
	if c.Int() != 0 || c.Uint() != 0 || c.Bool() || c.Nil() || c.String() != nil ||
		c.Bytes() != nil || c.Array() != 0 || c.Map() != 0 || len(c.Rest()) != 0 {
		t.Error("a call after the error returned something")
	}
	c.Skip()
	if c.Err() != first || c.Done() != first {
		t.Errorf("the error became %v, was %v", c.Err(), first)
	}
}

// TestMismatchNamesBoth: the error says what was asked for, what was there, and
// at which byte.
func TestMismatchNamesBoth(t *testing.T) {
	for _, tc := range []struct {
		b    []byte
		read func(*pack.Cursor)
		want string
	}{
		{[]byte{0x01, 0xa1, 'x'}, func(c *pack.Cursor) { c.Int(); c.Int() },
			"byte 1: want a whole number, got a string"},
		{[]byte{0xff}, func(c *pack.Cursor) { c.Uint() },
			"byte 0: want a number that is not negative, got a negative one"},
		{[]byte{0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0}, func(c *pack.Cursor) { c.Int() },
			"byte 0: want a number of at most 63 bits, got a larger one"},
		{[]byte{0xcb, 0, 0, 0, 0, 0, 0, 0, 0}, func(c *pack.Cursor) { c.Int() },
			"byte 0: want a whole number, got a fraction"},
		{[]byte{0xc4, 0}, func(c *pack.Cursor) { _ = c.String() },
			"byte 0: want a string, got bytes"},
		{[]byte{0xa0}, func(c *pack.Cursor) { c.Bytes() }, "byte 0: want bytes, got a string"},
		{[]byte{0x80}, func(c *pack.Cursor) { c.Array() }, "byte 0: want an array, got a map"},
		{[]byte{0x90}, func(c *pack.Cursor) { c.Map() }, "byte 0: want a map, got an array"},
		{[]byte{0xc0}, func(c *pack.Cursor) { c.Bool() }, "byte 0: want true or false, got nil"},
		{[]byte{0xc3}, func(c *pack.Cursor) { c.Int() }, "byte 0: want a whole number, got a boolean"},
		{[]byte{0xd4}, func(c *pack.Cursor) { c.Int() }, "byte 0: want a whole number, got an extension"},
		{[]byte{}, func(c *pack.Cursor) { c.Int() }, "byte 0: want a whole number, got the end"},
		{[]byte{0x00, 0xc4, 5, 1}, func(c *pack.Cursor) { c.Int(); c.Bytes() },
			"byte 1: want bytes, got a length of 5 with 1 bytes left"},
		{[]byte{0x00, 0xcd, 5}, func(c *pack.Cursor) { c.Int(); c.Int() },
			"byte 1: want a whole number, got 1 of 2 bytes"},
		{[]byte{0x93, 1}, func(c *pack.Cursor) { c.Array() },
			"byte 0: want an array, got one of 3 elements with 1 bytes left"},
		{[]byte{0xc1}, (*pack.Cursor).Skip,
			"byte 0: want a value, got the byte 0xc1, which msgpack never uses"},
		{[]byte{1, 2, 3}, func(c *pack.Cursor) { c.Int(); _ = c.Done() },
			"byte 1: want the end, got 2 more bytes"},
	} {
		c := pack.NewCursor(tc.b)
		tc.read(&c)
		if c.Err() == nil || c.Err().Error() != tc.want {
			t.Errorf("% x: %v\nwant %s", tc.b, c.Err(), tc.want)
		}
	}
}

// TestViewsAreCapped: an append to a view cannot write into the input.
func TestViewsAreCapped(t *testing.T) {
	b := pack.AppendUint(pack.AppendString(nil, "abc"), 7)
	c := pack.NewCursor(b)
	_ = append(c.String(), 0xff)
	if got := c.Uint(); got != 7 {
		t.Errorf("the value behind the view became %d", got)
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	b := pack.AppendArray(nil, 4)
	b = pack.AppendString(b, "board")
	b = pack.AppendInt(b, -1234567)
	b = pack.AppendBytes(b, []byte("metadata"))
	b = pack.AppendBool(b, true)
	if n := testing.AllocsPerRun(100, func() {
		c := pack.NewCursor(b)
		c.Array()
		_ = c.String()
		c.Int()
		c.Bytes()
		c.Bool()
		if c.Done() != nil {
			panic(io.ErrUnexpectedEOF)
		}
	}); n != 0 {
		t.Errorf("%v allocations for one message", n)
	}
}

// TestFields: an array may have more elements than are asked for, and not fewer.
func TestFields(t *testing.T) {
	c := pack.NewCursor([]byte{0x94, 1, 2, 0x92, 3, 4, 0xa1, 'x', 5})
	more := c.Fields(2)
	if a, b := c.Int(), c.Int(); more != 2 || a != 1 || b != 2 {
		t.Errorf("%d and %d, and %d more", a, b, more)
	}
	if err := c.End(more); err != nil || c.Int() != 5 {
		t.Errorf("behind the array: %v", c.Err())
	}
	c = pack.NewCursor([]byte{7, 0x92, 1, 2})
	c.Int()
	if more := c.Fields(3); more != 0 || c.Int() != 0 {
		t.Errorf("%d more than 3 of 2", more)
	}
	const want = "byte 1: want an array of at least 3 elements, got one of 2"
	if err := c.End(1); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
