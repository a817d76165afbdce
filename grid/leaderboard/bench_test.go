package leaderboard

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

const benchRecords = 1_000_000

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
	before := gridtest.Heap()
	x := newBench(b)
	b.Run("memory", func(b *testing.B) {
		b.ReportMetric((gridtest.Heap()-before)/benchRecords, "B/record")
	})
	b.Run("submit", func(b *testing.B) { gridtest.Measure(b, x.update) })
	owner := [1]grid.ID{}
	owners := OwnersRequest{Board: "season-7", Owners: owner[:]}
	b.Run("rank-of-owner", func(b *testing.B) {
		gridtest.Measure(b, func() {
			owner[0] = x.who()
			x.query(KindOwners, &owners)
		})
	})
	near := AroundRequest{Board: "season-7", Limit: 10}
	b.Run("around-10", func(b *testing.B) {
		gridtest.Measure(b, func() {
			near.Owner = x.who()
			x.query(KindAround, &near)
		})
	})
	for _, limit := range []int{10, 1000} {
		page := PageRequest{Board: "season-7", Rank: 1, Limit: limit}
		b.Run(fmt.Sprintf("top-%d", limit), func(b *testing.B) {
			gridtest.Measure(b, func() { x.query(KindPage, &page) })
		})
		b.Run(fmt.Sprintf("page-of-%d", limit), func(b *testing.B) {
			gridtest.Measure(b, func() {
				page.Rank = 1 + x.chance.IntN(benchRecords)
				x.query(KindPage, &page)
			})
		})
	}
	b.Run("memory-updated", func(b *testing.B) {
		b.ReportMetric((gridtest.Heap()-before)/benchRecords, "B/record")
	})
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}

// BenchmarkSnapshot measures clones, what they make the next commands cost, and
// encoding and decoding a million records.
func BenchmarkSnapshot(b *testing.B) {
	x := newBench(b)
	b.Run("clone", func(b *testing.B) { gridtest.Measure(b, func() { x.boards.Clone() }) })
	b.Run("clone+1-submit", func(b *testing.B) {
		gridtest.Measure(b, func() {
			x.boards.Clone()
			x.update()
		})
	})
	b.Run("clone+20000-submits", func(b *testing.B) {
		gridtest.Measure(b, func() {
			x.boards.Clone()
			for range 20_000 {
				x.update()
			}
		})
	})
	gridtest.MeasureSnapshot(b, Decode, x.boards)
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}
