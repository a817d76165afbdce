package ranking

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

const benchRecords = 1_000_000

// cpu returns the CPU time of this thread in ns: what a busy machine does
// besides does not count.
func cpu() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return ts.Nano()
}

// measure runs f b.N times, and reports the thread's CPU time for each.
func measure(b *testing.B, f func(i int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	from := cpu()
	for i := range b.N {
		f(i)
	}
	b.ReportMetric(float64(cpu()-from)/float64(b.N), "cpu-ns/op")
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// filled returns a set of a million records, whose scores are below a number.
func filled(scores int64) (*Set, *rand.Rand) {
	s, chance := New(1), rand.New(rand.NewPCG(1, 2))
	for i := range benchRecords {
		s.Insert(&Record{Owner: owner(i), Score: chance.Int64N(scores), Stamp: int64(i)})
	}
	return s, chance
}

// BenchmarkSet measures a million records, with scores that hardly tie, and
// with some 350 records to a score as ratings have.
func BenchmarkSet(b *testing.B) {
	for _, scores := range []int64{1 << 40, 2850} {
		b.Run(fmt.Sprintf("scores=%d", scores), func(b *testing.B) {
			b.Run("insert", func(b *testing.B) { benchInsert(b, scores) })
			s, chance := filled(scores)
			stamp := int64(benchRecords)
			update := func(int) {
				id := owner(chance.IntN(benchRecords))
				o, _ := s.Find(&id)
				stamp++
				s.Move(o, chance.Int64N(scores), 0, stamp)
			}
			b.Run("update", func(b *testing.B) { measure(b, update) })
			b.Run("find", func(b *testing.B) {
				measure(b, func(int) {
					id := owner(chance.IntN(benchRecords))
					s.Find(&id)
				})
			})
			b.Run("rank", func(b *testing.B) {
				measure(b, func(int) {
					id := owner(chance.IntN(benchRecords))
					o, _ := s.Find(&id)
					s.Rank(o)
				})
			})
			b.Run("around10", func(b *testing.B) {
				var ten [10]Record
				measure(b, func(int) {
					id := owner(chance.IntN(benchRecords))
					o, _ := s.Find(&id)
					s.Read(max(0, s.Rank(o)-5), ten[:])
				})
			})
		})
	}
}

func benchInsert(b *testing.B, scores int64) {
	s, chance := New(1), rand.New(rand.NewPCG(1, 2))
	measure(b, func(i int) {
		s.Insert(&Record{Owner: owner(i), Score: chance.Int64N(scores), Stamp: int64(i)})
	})
}

// BenchmarkMemory reports the live heap per record when all are inserted, and
// after three times as many random updates.
func BenchmarkMemory(b *testing.B) {
	for range b.N {
		before := heap()
		s, chance := filled(1 << 40)
		b.ReportMetric((heap()-before)/benchRecords, "B/record")
		for i := range 3 * benchRecords {
			id := owner(chance.IntN(benchRecords))
			o, _ := s.Find(&id)
			s.Move(o, chance.Int64N(1<<40), 0, int64(benchRecords+i))
		}
		b.ReportMetric((heap()-before)/benchRecords, "B/record-updated")
		runtime.KeepAlive(s)
	}
}

// BenchmarkFork measures a fork, and updates that each meet nodes and pages of
// a predecessor, and the memory that both hold together.
func BenchmarkFork(b *testing.B) {
	s, chance := filled(1 << 40)
	gen, stamp := uint64(1), int64(benchRecords)
	b.Run("fork", func(b *testing.B) {
		measure(b, func(int) {
			gen++
			s = s.Fork(gen)
		})
	})
	b.Run("20000-updates-after", func(b *testing.B) {
		before := heap()
		var old *Set
		measure(b, func(int) {
			gen++
			old, s = s, s.Fork(gen)
			for range 20_000 {
				id := owner(chance.IntN(benchRecords))
				o, _ := s.Find(&id)
				stamp++
				s.Move(o, chance.Int64N(1<<40), 0, stamp)
			}
		})
		b.ReportMetric((heap()-before)/1e6, "MB-more")
		runtime.KeepAlive(old)
	})
}
