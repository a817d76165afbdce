// Package meter counts and times what happens on hot paths, for those who look at a
// node from outside. Nothing decides by it.
//
// Invariants:
//
//	I1. To note something in a Histogram takes a few atomic additions: no lock, no allocation, no
//	    clock. Who times something reads the clock, once per batch where that will do.
//	I2. Reading disturbs no writing. It may miss what is noted meanwhile, but what it
//	    shows never shrinks.
//
// Any goroutine may call everything here, but for a Sketch, which is for those who look
// closely for a while, and belongs to one goroutine at a time.
package meter

import (
	"math/bits"
	"sync/atomic"
)

// Bounds is how many bounded buckets a Histogram has. The largest bound is 2^35:
// 9 hours in microseconds, 32 GiB in bytes.
const Bounds = 70

// Histogram counts amounts by their size: times in microseconds, bytes, or numbers of
// things. A bucket's bound is at most half as much again as the amounts in it. The zero
// value is empty.
type Histogram struct {
	counts [Bounds + 1]atomic.Uint64 // the last one is for what is larger than all bounds
	sum    atomic.Uint64
}

// Note adds one amount.
func (h *Histogram) Note(amount uint64) { h.NoteMany(amount, 1) }

// NoteMany adds the same amount n times, as for all commands of a batch.
func (h *Histogram) NoteMany(amount, n uint64) {
	h.counts[bucketOf(amount)].Add(n)
	h.sum.Add(amount * n)
}

// bucketOf returns the first bucket whose bound is not below the amount: there are two
// to each power of two.
func bucketOf(amount uint64) int {
	if amount <= 2 {
		return int(max(amount, 1)) - 1
	}
	log := bits.Len64(amount - 1) // 2^(log-1) < amount ≤ 2^log
	at := 2*log - 2
	if amount > 3<<(log-2) {
		at++
	}
	return min(at, Bounds)
}

// Bound returns the largest amount that bucket i counts, of 0 to Bounds-1: 1, 2, 3, 4,
// 6, 8, 12, 16, 24 and so on.
func Bound(i int) uint64 {
	switch {
	case i < 2:
		return uint64(i + 1)
	case i%2 == 1:
		return 2 << (i / 2)
	}
	return 3 << (i/2 - 1)
}

// Reading is what a Histogram had counted at about one moment.
type Reading struct {
	Counts [Bounds + 1]uint64 // amounts of each bucket, not of those below it
	Sum    uint64             // of all amounts
}

// Read returns what was counted so far.
func (h *Histogram) Read() (r Reading) {
	r.Sum = h.sum.Load()
	for i := range h.counts {
		r.Counts[i] = h.counts[i].Load()
	}
	return r
}

// Add adds what another histogram has counted, of another loop say.
func (r *Reading) Add(other *Reading) {
	r.Sum += other.Sum
	for i, n := range other.Counts {
		r.Counts[i] += n
	}
}

// Count returns how many amounts were counted.
func (r *Reading) Count() (n uint64) {
	for _, c := range r.Counts {
		n += c
	}
	return n
}
