package pack_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thronggrid/throng/grid/pack"
)

// seeds are one value of every format, and all hostile inputs of a size that is
// worth mutating.
func seeds(add func([]byte)) {
	for _, b := range hostile {
		if len(b) <= 1<<10 {
			add(b)
		}
	}
	for f := range 256 {
		add([]byte{byte(f), 0, 0, 0, 2, 1, 0xa1, 'x', 0xc0, 0x92, 7, 8, 9, 0, 0, 0, 0, 0})
	}
	deep := bytes.Repeat([]byte{0x91}, pack.DepthMax)
	add(append(deep, 0xc0))
	add(append(deep, 0x91, 0xc0))
}

// FuzzSkip: arbitrary bytes never panic; what Skip takes ends where the oracle
// says; and no value is taken whose last byte is missing.
func FuzzSkip(f *testing.F) {
	seeds(func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, b []byte) {
		c := pack.NewCursor(b)
		c.Skip()
		if c.Err() != nil {
			return
		}
		want, err := oracleEnd(b) // the lengths are checked: it is safe to ask
		if err != nil || c.Offset() != want {
			t.Fatalf("% x: taken to %d, the oracle says %d, %v", b, c.Offset(), want, err)
		}
		cut := pack.NewCursor(b[:want-1])
		if cut.Skip(); cut.Err() == nil {
			t.Fatalf("% x: taken without its last byte", b)
		}
	})
}

// FuzzCursor calls the methods that script names over arbitrary bytes. Nothing
// panics; views lie inside the input; counts fit into what remains; after an
// error nothing is returned any more; and what is taken the oracle reads alike.
func FuzzCursor(f *testing.F) {
	op := byte(0)
	seeds(func(b []byte) {
		f.Add([]byte{op, op + 1, op}, b)
		op++
	})
	f.Fuzz(func(t *testing.T, script, b []byte) {
		c := pack.NewCursor(b)
		for _, op := range script {
			before, broken := c.Offset(), c.Err() != nil
			step(t, &c, op, b)
			if c.Offset() < before || c.Offset() > len(b) {
				t.Fatalf("the offset went from %d to %d of %d", before, c.Offset(), len(b))
			}
			if broken && (c.Err() == nil || len(c.Rest()) != 0) {
				t.Fatal("the error did not stick")
			}
		}
	})
}

// step makes one call and checks what it returned.
func step(t *testing.T, c *pack.Cursor, op byte, b []byte) {
	before := c.Offset()
	oracle := func() *msgpack.Decoder { return msgpack.NewDecoder(bytes.NewReader(b[before:])) }
	same := func(equal bool, err error) {
		if c.Err() == nil && (err != nil || !equal) {
			t.Fatalf("call %d at byte %d of % x: the oracle reads something else (%v)", op%10, before, b, err)
		}
	}
	switch op % 10 {
	case 0:
		if got := c.Int(); c.Err() == nil {
			want, err := oracle().DecodeInt64()
			same(got == want, err)
		}
	case 1:
		if got := c.Uint(); c.Err() == nil {
			want, err := oracle().DecodeUint64()
			same(got == want, err)
		}
	case 2:
		if got := c.Bool(); c.Err() == nil {
			want, err := oracle().DecodeBool()
			same(got == want, err)
		}
	case 3:
		if got := c.Nil(); got {
			same(true, oracle().DecodeNil())
		}
	case 4:
		if got := c.String(); c.Err() == nil {
			want, err := oracle().DecodeString()
			same(string(got) == want && cap(got) <= len(b), err)
		}
	case 5:
		if got := c.Bytes(); c.Err() == nil {
			want, err := oracle().DecodeBytes()
			same(bytes.Equal(got, want) && cap(got) <= len(b), err)
		}
	case 6:
		if got := c.Array(); c.Err() == nil {
			want, err := oracle().DecodeArrayLen()
			same(got == want && got <= len(c.Rest()), err)
		}
	case 7:
		if got := c.Map(); c.Err() == nil {
			want, err := oracle().DecodeMapLen()
			same(got == want && 2*got <= len(c.Rest()), err)
		}
	case 8:
		if got := c.Fields(2); c.Err() == nil {
			want, err := oracle().DecodeArrayLen()
			same(got+2 == want && got >= 0, err)
			c.End(got)
		}
	case 9:
		raw := c.Raw()
		if whole := b[before:c.Offset()]; c.Err() == nil && (!bytes.Equal(raw, whole) || cap(raw) != len(raw)) {
			t.Fatalf("the value at byte %d of % x is % x, and came as % x", before, b, whole, raw)
		}
	}
}

// FuzzDecoder: an arbitrary stream never panics, its values are those of its
// chunks one behind the other, and it is done exactly when all its chunks are
// whole and end with a whole value.
func FuzzDecoder(f *testing.F) {
	good := encoded(f, []byte{7}, pack.AppendString(nil, "text"), value(pack.ChunkBytesGood), []byte{0xc0})
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte{0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 0x91, 3})
	f.Add([]byte{0, 0, 0, 2, 1, 0x91, 0, 0, 0, 1, 3})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0x00, 0x10, 0x00, 0x01, 1})
	f.Add([]byte{0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		values, whole := values(b)
		d := pack.NewDecoder(bytes.NewReader(b))
		for i, want := range values {
			if got := d.Next().Raw(); !bytes.Equal(got, want) {
				t.Fatalf("value %d of %d is % x, %v, want % x", i, len(values), got, d.Next().Err(), want)
			}
		}
		if err := d.Done(); (err == nil) != whole {
			t.Fatalf("after %d values: %v", len(values), err)
		}
		if d.Next().Skip(); d.Next().Err() == nil {
			t.Fatalf("more than %d values", len(values))
		}
	})
}

// values returns the values of a stream up to the first thing that is wrong with
// it, and whether there is nothing.
func values(b []byte) (values [][]byte, whole bool) {
	for len(b) > 0 {
		if len(b) < 4 {
			return values, false
		}
		n := uint64(binary.BigEndian.Uint32(b))
		if n == 0 || n > pack.ChunkBytesMax || n > uint64(len(b)-4) {
			return values, false
		}
		in := pack.NewCursor(b[4 : 4+n])
		for rest := in.Rest(); len(rest) > 0; rest = in.Rest() {
			if in.Skip(); in.Err() != nil {
				return values, false
			}
			values = append(values, rest[:len(rest)-len(in.Rest())])
		}
		b = b[4+n:]
	}
	return values, true
}
