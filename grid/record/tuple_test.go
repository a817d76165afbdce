package record_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/record"
)

var allTypes = []record.Column{
	{Name: "bytes", Type: record.TypeBytes}, {Name: "text", Type: record.TypeString},
	{Name: "uint", Type: record.TypeUint}, {Name: "int", Type: record.TypeInt},
	{Name: "id", Type: record.TypeUUID},
}

// What is stored keeps its bytes.
func TestTupleBytes(t *testing.T) {
	values := []record.Value{
		record.Bytes([]byte{0, 1, 0, 0xff}), record.String("é"), record.Uint(258), record.Int(-2),
		record.Int(3), record.UUID(grid.ID{0: 0xab, 15: 1}), record.Bytes(nil),
	}
	const want = "00ff0100ffff0000" + "c3a90000" + "0000000000000102" + "7ffffffffffffffe" +
		"8000000000000003" + "ab000000000000000000000000000001" + "0000"
	b := record.AppendTuple(nil, values...)
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := record.TupleBytes(values); n != len(b) {
		t.Errorf("TupleBytes says %d, %d were appended", n, len(b))
	}
}

func drawTuple(t *rapid.T, name string) []record.Value {
	data := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 1, 'a', 0xfe, 0xff}), 0, 5)
	runes := rapid.SampledFrom([]rune{1, 'a', 'é', 0x10ffff})
	var id grid.ID
	copy(id[:], data.Draw(t, name+" id"))
	return []record.Value{
		record.Bytes(data.Draw(t, name+" bytes")),
		record.String(rapid.StringOfN(runes, 0, 4, -1).Draw(t, name+" text")),
		record.Uint(rapid.Uint64Max(record.UintMax).Draw(t, name+" uint")),
		record.Int(rapid.Int64().Draw(t, name+" int")),
		record.UUID(id),
	}
}

func compare(a, b []record.Value) int {
	return slices.CompareFunc(a, b, record.Value.Compare)
}

// The order of encodings is that of the tuples, also of tuples of which one has
// fewer columns; and what was encoded comes back.
func TestTupleOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTuple(t, "a"), drawTuple(t, "b")
		for i := range a { // tuples that begin alike are where order is hard
			if rapid.Bool().Draw(t, "alike") {
				b[i] = a[i]
			}
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "columns")]
		x, y := record.AppendTuple(nil, a...), record.AppendTuple(nil, b...)
		if got, want := bytes.Compare(x, y), compare(a, b); got != want {
			t.Fatalf("%v and %v compare as %d, their encodings as %d", a, b, want, got)
		}
		back, rest, err := record.DecodeTuple(append(x, 7, 8), allTypes, nil)
		if err != nil || len(rest) != 2 || compare(back, a) != 0 {
			t.Fatalf("%v comes back as %v, %d bytes left, %v", a, back, len(rest), err)
		}
		if n := record.TupleBytes(a); n != len(x) {
			t.Fatalf("TupleBytes says %d, %d were appended", n, len(x))
		}
	})
}

// FuzzTupleOrder: the order of two encodings is that of what they hold.
func FuzzTupleOrder(f *testing.F) {
	f.Add([]byte{}, []byte{0}, uint64(1), uint64(2))
	f.Add([]byte{0, 0xff}, []byte{0, 0, 0}, uint64(math.MaxUint64), uint64(1))
	f.Add([]byte{0xff}, []byte{0xff, 0}, uint64(0), uint64(1<<63))
	f.Fuzz(func(t *testing.T, a, b []byte, n, m uint64) {
		one := []record.Value{record.Bytes(a), record.Int(int64(n)), record.Uint(m)}
		two := []record.Value{record.Bytes(b), record.Int(int64(m)), record.Uint(n)}
		x, y := record.AppendTuple(nil, one...), record.AppendTuple(nil, two...)
		if got, want := bytes.Compare(x, y), compare(one, two); got != want {
			t.Fatalf("%v and %v compare as %d, their encodings as %d", one, two, want, got)
		}
	})
}

// FuzzDecodeTuple: arbitrary bytes never panic, and only what AppendTuple writes
// is read.
func FuzzDecodeTuple(f *testing.F) {
	f.Add(record.AppendTuple(nil, record.Bytes([]byte{1, 0, 0xff}), record.String("é"), record.Uint(7),
		record.Int(-7), record.UUID(grid.UserID("custom", "x"))))
	f.Add([]byte{0, 0, 0xff, 0, 0})
	f.Add([]byte{0, 0xff, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		values, rest, err := record.DecodeTuple(b, allTypes, nil)
		if !bytes.Equal(kept, b) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		if again := append(record.AppendTuple(nil, values...), rest...); !bytes.Equal(again, b) {
			t.Fatalf("%x is read as %v, which is written as %x", b, values, again)
		}
	})
}

func TestDecodeTupleRefuses(t *testing.T) {
	good := record.AppendTuple(nil, record.Bytes([]byte("a")), record.String("b"), record.Uint(1),
		record.Int(1), record.UUID(grid.ID{}))
	for n := range len(good) {
		if _, _, err := record.DecodeTuple(good[:n], allTypes, nil); err == nil {
			t.Errorf("the first %d of %d bytes are read", n, len(good))
		}
	}
}

func TestSuccessor(t *testing.T) {
	for _, tc := range []struct{ prefix, want []byte }{
		{nil, nil}, {[]byte{0xff, 0xff}, nil}, {[]byte{1}, []byte{2}},
		{[]byte{1, 0xff}, []byte{2}}, {[]byte{1, 2, 0xff, 0xff}, []byte{1, 3}},
	} {
		if got := record.Successor(bytes.Clone(tc.prefix)); !bytes.Equal(got, tc.want) {
			t.Errorf("%x is followed by %x, want %x", tc.prefix, got, tc.want)
		}
	}
}
