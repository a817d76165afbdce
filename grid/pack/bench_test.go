package pack_test

import (
	"testing"

	"github.com/thronggrid/throng/grid/pack"
)

// submit appends a message about as long as a board submit.
func submit(b []byte) []byte {
	b = pack.AppendArray(b, 5)
	b = pack.AppendUint(b, 123456)
	b = pack.AppendString(b, "world/2026")
	b = pack.AppendBytes(b, make([]byte, 16))
	b = pack.AppendInt(b, 2847)
	return pack.AppendInt(b, -3)
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 128)
	for b.Loop() {
		buf = submit(buf[:0])
	}
}

func BenchmarkCursor(b *testing.B) {
	b.ReportAllocs()
	msg := submit(nil)
	for b.Loop() {
		c := pack.NewCursor(msg)
		c.Array()
		c.Uint()
		_ = c.String()
		c.Bytes()
		c.Int()
		c.Int()
		if c.Done() != nil {
			b.Fatal(c.Err())
		}
	}
}

func BenchmarkSkip(b *testing.B) {
	b.ReportAllocs()
	msg := submit(nil)
	for b.Loop() {
		c := pack.NewCursor(msg)
		c.Skip()
	}
}
