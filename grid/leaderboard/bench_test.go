package leaderboard

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

const benchRecords = 1_000_000

// measure runs f b.N times, and reports this thread's CPU time for each: what
// the machine does besides does not count.
func measure(b *testing.B, f func()) {
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

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// bench is boards with a million records on one of them, and random requests.
type bench struct {
	boards    *Boards
	chance    *rand.Rand
	stamp     int64
	body, out []byte
	failed    error
}

func newBench(b *testing.B) *bench {
	x := &bench{boards: New(), chance: rand.New(rand.NewPCG(1, 2)), stamp: 1_700_000_000_000_000}
	for i := range 10 {
		create(b, x.boards, fmt.Sprintf("season-%d", i), Descending, Set)
	}
	for i := range benchRecords {
		x.submit(i)
	}
	return x
}

func (x *bench) submit(who int) {
	r := SubmitRequest{Board: "season-7", Owner: person(who), Score: x.chance.Int64N(1 << 40)}
	x.stamp++
	x.body = r.Append(pack.AppendArray(x.body[:0], r.Fields()))
	x.out, x.failed = x.boards.Apply(&grid.Turn{Stamp: x.stamp}, KindSubmit, x.body, x.out[:0])
}

func (x *bench) update() { x.submit(x.chance.IntN(benchRecords)) }

func (x *bench) query(kind grid.Kind, r request) {
	x.body = r.Append(pack.AppendArray(x.body[:0], r.Fields()))
	x.out, x.failed = x.boards.Query(kind, x.body, x.out[:0])
}

func (x *bench) who() grid.ID { return person(x.chance.IntN(benchRecords)) }

// BenchmarkBoards measures requests from body to reply on a board of a million.
func BenchmarkBoards(b *testing.B) {
	before := heap()
	x := newBench(b)
	b.Run("memory", func(b *testing.B) {
		b.ReportMetric((heap()-before)/benchRecords, "B/record")
	})
	b.Run("submit", func(b *testing.B) { measure(b, x.update) })
	owner := [1]grid.ID{}
	owners := OwnersRequest{Board: "season-7", Owners: owner[:]}
	b.Run("rank-of-owner", func(b *testing.B) {
		measure(b, func() {
			owner[0] = x.who()
			x.query(KindOwners, &owners)
		})
	})
	near := AroundRequest{Board: "season-7", Limit: 10}
	b.Run("around-10", func(b *testing.B) {
		measure(b, func() {
			near.Owner = x.who()
			x.query(KindAround, &near)
		})
	})
	for _, limit := range []int{10, 1000} {
		page := PageRequest{Board: "season-7", Rank: 1, Limit: limit}
		b.Run(fmt.Sprintf("top-%d", limit), func(b *testing.B) {
			measure(b, func() { x.query(KindPage, &page) })
		})
		b.Run(fmt.Sprintf("page-of-%d", limit), func(b *testing.B) {
			measure(b, func() {
				page.Rank = 1 + x.chance.IntN(benchRecords)
				x.query(KindPage, &page)
			})
		})
	}
	b.Run("memory-updated", func(b *testing.B) {
		b.ReportMetric((heap()-before)/benchRecords, "B/record")
	})
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}

// BenchmarkSnapshot measures clones, what they make the next commands cost, and
// encoding and decoding a million records.
func BenchmarkSnapshot(b *testing.B) {
	x := newBench(b)
	b.Run("clone", func(b *testing.B) { measure(b, func() { x.boards.Clone() }) })
	b.Run("clone+1-submit", func(b *testing.B) {
		measure(b, func() {
			x.boards.Clone()
			x.update()
		})
	})
	b.Run("clone+20000-submits", func(b *testing.B) {
		measure(b, func() {
			x.boards.Clone()
			for range 20_000 {
				x.update()
			}
		})
	})
	b.Run("encode", func(b *testing.B) {
		measure(b, func() { x.failed = x.boards.Encode(pack.NewChunkWriter(io.Discard)) })
	})
	data := encode(x.boards)
	b.Run("decode", func(b *testing.B) {
		measure(b, func() { _, x.failed = Decode(pack.NewChunkReader(bytes.NewReader(data))) })
	})
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}
