package grid

import (
	"bytes"
	"math"
	"testing"
)

func TestStaleRepliesSayTheirAge(t *testing.T) {
	for micros, want := range map[int64]uint32{
		-5: 0, 0: 0, 1: 1, 1000: 1, 1001: 2, 3_600_000_000: 3_600_000, math.MaxInt64 / 2: math.MaxUint32,
	} {
		reply := append(BeginStale([]byte("before"), micros), 0x91, 7)
		age, rest, err := CutStale(reply[len("before"):])
		if err != nil || age != want || !bytes.Equal(rest, []byte{0x91, 7}) {
			t.Errorf("%d µs: %d ms, %x, %v; want %d ms", micros, age, rest, err, want)
		}
	}
	for _, broken := range [][]byte{nil, {0x92}, {0x93, 0, 0x90}, {0x92, 0xcf, 1, 0, 0, 0, 0, 0, 0, 0, 0x90}} {
		if _, _, err := CutStale(broken); err == nil {
			t.Errorf("%x was taken apart", broken)
		}
	}
}
