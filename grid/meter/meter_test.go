package meter_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/meter"
)

// An amount is counted once, in the first bucket whose bound it does not exceed.
func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h meter.Histogram
		amount := rapid.Uint64Range(0, 1<<rapid.IntRange(0, 40).Draw(t, "bits")).Draw(t, "amount")
		n := rapid.Uint64Range(1, 9).Draw(t, "times")
		h.NoteMany(amount, n)
		r := h.Read()
		if r.Sum != n*amount || r.Count() != n {
			t.Fatalf("%d times %d is counted %d times, with the sum %d", n, amount, r.Count(), r.Sum)
		}
		at := 0
		for at < meter.Bounds && meter.Bound(at) < amount {
			at++
		}
		if r.Counts[at] != n {
			t.Fatalf("%d is not in the bucket up to %d", amount, meter.Bound(min(at, meter.Bounds-1)))
		}
	})
}

func TestBounds(t *testing.T) {
	for i := 1; i < meter.Bounds; i++ {
		if a, b := meter.Bound(i-1), meter.Bound(i); b <= a || i > 3 && 2*b > 3*a {
			t.Errorf("bound %d is %d, after %d", i, b, a)
		}
	}
	if got := meter.Bound(meter.Bounds - 1); got != 1<<35 {
		t.Errorf("the last bound is %d", got)
	}
	var h meter.Histogram
	h.Note(math.MaxUint64)
	if r := h.Read(); r.Counts[meter.Bounds] != 1 {
		t.Error("what is larger than all bounds is not in the last bucket")
	}
}

func TestAdd(t *testing.T) {
	var a, b meter.Histogram
	a.Note(3)
	b.NoteMany(3, 2)
	b.Note(100)
	sum, other := a.Read(), b.Read()
	sum.Add(&other)
	if sum.Sum != 109 || sum.Count() != 4 || sum.Counts[2] != 3 {
		t.Errorf("%+v", sum)
	}
}

func BenchmarkNote(b *testing.B) {
	var h meter.Histogram
	for i := range b.N {
		h.Note(uint64(i) & 0xffff)
	}
}
