package wire

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/thronggrid/throng/grid"
)

func TestFrameRoundTrip(t *testing.T) {
	b := []byte("before")
	start := len(b)
	b = Begin(b, 0x0103, Reply|Error, 77)
	b = append(b, 0x92, 1, 2)
	b = End(b, start)
	b = append(b, "after"...)

	f, n, err := Next(b[start:], FrameBytesMax)
	if err != nil || n != HeadBytes+3 {
		t.Fatalf("got size %d, error %v", n, err)
	}
	if f.Kind != 0x0103 || f.Flags != Reply|Error || f.ID != 77 || !bytes.Equal(f.Body, []byte{0x92, 1, 2}) {
		t.Fatalf("got %+v", f)
	}
}

func TestLevelsTravelInFlags(t *testing.T) {
	for _, l := range []grid.Level{grid.Leader, grid.Linearizable, grid.Stale, 3} {
		if got := LevelFlags(l).Level(); got != l {
			t.Errorf("level %d came back as %d", l, got)
		}
	}
}

// A frame that arrives byte by byte is asked for until it is whole, never less
// than what is there already.
func TestNextAsksForTheRest(t *testing.T) {
	whole := End(append(Begin(nil, KindPing, 0, 1), 0x90), 0)
	for n := range whole {
		f, size, err := Next(whole[:n], FrameBytesMax)
		if err != nil || size <= n || f.Body != nil {
			t.Fatalf("of %d bytes: frame %+v, size %d, error %v", n, f, size, err)
		}
	}
}

func TestNextRefusesLengths(t *testing.T) {
	for _, length := range []uint32{0, 8, 101 - lengthBytes, math.MaxUint32} {
		for have := lengthBytes; have <= 20; have++ {
			b := make([]byte, have)
			b[0], b[1], b[2], b[3] = byte(length>>24), byte(length>>16), byte(length>>8), byte(length)
			_, _, err := Next(b, 100)
			var le *LengthError
			if !errors.As(err, &le) || le.Bytes != uint64(length)+lengthBytes || le.Max != 100 {
				t.Fatalf("length %d with %d bytes there: error %v", length, have, err)
			}
		}
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(End(append(Begin(nil, KindPing, 0, 1), 0x90), 0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		const bytesMax = 4096
		fr, n, err := Next(b, bytesMax)
		switch {
		case err != nil:
			return
		case n < HeadBytes || n > bytesMax:
			t.Fatalf("size %d", n)
		case n > len(b):
			if fr.Body != nil {
				t.Fatal("a frame that is not whole has a body")
			}
			return
		}
		again := End(append(Begin(nil, fr.Kind, fr.Flags, fr.ID), fr.Body...), 0)
		if !bytes.Equal(again, b[:n]) {
			t.Fatalf("%x was read, %x written", b[:n], again)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	whole := End(append(Begin(nil, KindPing, 0, 1), 0x90), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Next(whole, FrameBytesMax); err != nil {
			b.Fatal(err)
		}
	}
}
