package ranking

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/thronggrid/throng/grid/gridtest"
)

const benchRecords = 1_000_000

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
			update := func() {
				id := owner(chance.IntN(benchRecords))
				o, _ := s.Find(&id)
				stamp++
				s.Move(o, chance.Int64N(scores), 0, stamp)
			}
			b.Run("update", func(b *testing.B) { gridtest.Measure(b, update) })
			b.Run("find", func(b *testing.B) {
				gridtest.Measure(b, func() {
					id := owner(chance.IntN(benchRecords))
					s.Find(&id)
				})
			})
			b.Run("rank", func(b *testing.B) {
				gridtest.Measure(b, func() {
					id := owner(chance.IntN(benchRecords))
					o, _ := s.Find(&id)
					s.Rank(o)
				})
			})
			b.Run("around10", func(b *testing.B) {
				var ten [10]Record
				gridtest.Measure(b, func() {
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
	i := 0
	gridtest.Measure(b, func() {
		s.Insert(&Record{Owner: owner(i), Score: chance.Int64N(scores), Stamp: int64(i)})
		i++
	})
}

// BenchmarkMemory reports the live heap per record when all are inserted, and
// after three times as many random updates.
func BenchmarkMemory(b *testing.B) {
	for range b.N {
		before := gridtest.Heap()
		s, chance := filled(1 << 40)
		b.ReportMetric((gridtest.Heap()-before)/benchRecords, "B/record")
		for i := range 3 * benchRecords {
			id := owner(chance.IntN(benchRecords))
			o, _ := s.Find(&id)
			s.Move(o, chance.Int64N(1<<40), 0, int64(benchRecords+i))
		}
		b.ReportMetric((gridtest.Heap()-before)/benchRecords, "B/record-updated")
		runtime.KeepAlive(s)
	}
}

// BenchmarkFork measures a fork, and updates that each meet nodes and pages of
// a predecessor, and the memory that both hold together.
func BenchmarkFork(b *testing.B) {
	s, chance := filled(1 << 40)
	gen, stamp := uint64(1), int64(benchRecords)
	b.Run("fork", func(b *testing.B) {
		gridtest.Measure(b, func() {
			gen++
			s = s.Fork(gen)
		})
	})
	b.Run("20000-updates-after", func(b *testing.B) {
		before := gridtest.Heap()
		var old *Set
		gridtest.Measure(b, func() {
			gen++
			old, s = s, s.Fork(gen)
			for range 20_000 {
				id := owner(chance.IntN(benchRecords))
				o, _ := s.Find(&id)
				stamp++
				s.Move(o, chance.Int64N(1<<40), 0, stamp)
			}
		})
		b.ReportMetric((gridtest.Heap()-before)/1e6, "MB-more")
		runtime.KeepAlive(old)
	})
}
