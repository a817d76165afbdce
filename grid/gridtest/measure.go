package gridtest

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/grid/pack"
)

// Measure runs f b.N times, and reports this thread's CPU time for each: what the
// machine does besides does not count.
func Measure(b *testing.B, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	from := cpu()
	for range b.N {
		f()
	}
	b.ReportMetric(float64(cpu()-from)/float64(b.N), "cpu-ns/op")
}

func cpu() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return ts.Nano()
}

// Heap returns the bytes that are in use.
func Heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// MeasureSnapshot measures encoding a state, and decoding it.
func MeasureSnapshot[S State](b *testing.B, decode func(*pack.Decoder) (S, error), s S) {
	b.Run("encode", func(b *testing.B) {
		Measure(b, func() {
			e := pack.NewEncoder(io.Discard)
			s.Encode(e)
			if err := e.Flush(); err != nil {
				b.Fatal(err)
			}
		})
	})
	data := Encode(s)
	b.Run("decode", func(b *testing.B) {
		Measure(b, func() {
			if _, err := decode(pack.NewDecoder(bytes.NewReader(data))); err != nil {
				b.Fatal(err)
			}
		})
	})
}
