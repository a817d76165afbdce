package presence

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// bench enters sessions without allocating anything itself.
type bench struct {
	streams   *Streams
	turn      grid.Turn
	enter     EnterRequest
	leave     LeaveRequest
	key       []byte
	body, out []byte
	failed    error
}

func newBench() *bench {
	x := &bench{streams: New(), turn: grid.Turn{Effects: new(grid.Effects)}}
	x.enter = EnterRequest{Origin: grid.OriginOf(1, 1), HasStatus: true}
	return x
}

// on names a stream: of user i, or a room.
func (x *bench) on(kind grid.StreamKind, i int) {
	var name [16]byte
	if kind == grid.StreamStatus {
		name = person(i)
	} else {
		binary.BigEndian.PutUint64(name[:], 0x2d2d2d2d2d2d2d2d)
		for at := 15; at >= 8; at-- {
			name[at] = "0123456789abcdef"[i&15]
			i >>= 4
		}
	}
	x.key = grid.AppendKey(x.key[:0], kind, name[:])
}

func (x *bench) apply(kind grid.Kind, r request) {
	x.turn.Effects.Reset()
	x.body = r.Append(pack.AppendArray(x.body[:0], r.Fields()))
	if x.out, x.failed = x.streams.Apply(&x.turn, kind, x.body, x.out[:0]); x.failed != nil {
		panic(x.failed)
	}
}

// come makes person i present on the stream that was named.
func (x *bench) come(i int) {
	x.enter.Key, x.enter.Session, x.enter.User = x.key, session(i), person(i)
	x.apply(KindEnter, &x.enter)
}

func (x *bench) part(i int) {
	x.leave = LeaveRequest{x.key, session(i)}
	x.apply(KindLeave, &x.leave)
}

// BenchmarkMemory fills streams of one size, and reports what one presence takes:
// grown in order of sessions, in any order, and restored.
func BenchmarkMemory(b *testing.B) {
	for _, c := range []struct {
		streams, members int
	}{{200_000, 1}, {20_000, 5}, {5_000, 30}, {200, 1000}, {2, 100_000}} {
		for _, order := range []string{"rising", "random", "restored"} {
			b.Run(fmt.Sprintf("%d/%s", c.members, order), func(b *testing.B) {
				for range b.N {
					bytes := fillAndWeigh(c.streams, c.members, order)
					b.ReportMetric(bytes/float64(c.streams*c.members), "B/presence")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func fillAndWeigh(streams, members int, order string) float64 {
	before := gridtest.Heap()
	kind := grid.StreamRoom
	if members == 1 {
		kind = grid.StreamStatus
	}
	x := newBench()
	chance := rand.New(rand.NewPCG(1, 2))
	for s := range streams {
		x.on(kind, s)
		who := func(i int) int { return i }
		if order == "random" {
			at := chance.Perm(members)
			who = func(i int) int { return at[i] }
		}
		for i := range members {
			x.come(s*members + who(i))
		}
	}
	if order == "restored" {
		restored, err := gridtest.Restore(Decode, gridtest.Encode(x.streams))
		if err != nil {
			panic(err)
		}
		x.streams = restored
	}
	x.turn.Effects = nil
	after := gridtest.Heap()
	runtime.KeepAlive(x)
	return after - before
}

// BenchmarkDuties measures duties from body to hints, on streams of several sizes.
func BenchmarkDuties(b *testing.B) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 4, 31, 1000, 100_000} {
		x := newBench()
		for i := range 10_000 {
			x.on(grid.StreamStatus, i)
			x.come(i)
		}
		x.on(grid.StreamRoom, 1)
		for i := range size {
			x.come(2 * i)
		}
		name := func(what string) string { return fmt.Sprintf("%s/%d", what, size) }
		b.Run(name("enter+leave"), func(b *testing.B) {
			gridtest.Measure(b, func() {
				who := 1 + 2*chance.IntN(size+1)
				x.come(who)
				x.part(who)
			})
		})
		if size == 0 {
			continue
		}
		texts := [][]byte{[]byte("away"), []byte("here")}
		i := 0
		b.Run(name("status"), func(b *testing.B) {
			gridtest.Measure(b, func() {
				i++
				x.enter.Status = texts[i&1]
				x.come(2 * (i / 2 % size))
			})
		})
		b.Run(name("again"), func(b *testing.B) {
			x.enter.Status = texts[0]
			x.come(0)
			gridtest.Measure(b, func() { x.come(0) })
		})
		b.Run(name("present"), func(b *testing.B) {
			gridtest.Measure(b, func() { x.streams.Present(x.key, session(2*chance.IntN(size))) })
		})
		for _, limit := range []int{10, 100} {
			b.Run(fmt.Sprintf("list-%d/%d", limit, size), func(b *testing.B) {
				r := ListRequest{Key: x.key, Limit: limit}
				var fields []byte
				gridtest.Measure(b, func() {
					r.After = session(2 * chance.IntN(size))
					fields = r.Append(fields[:0])
					in := pack.NewCursor(fields)
					_, x.body, x.failed = prepareList(nil, &in, r.Fields(), x.body[:0])
					x.out, x.failed = x.streams.Query(KindList, x.body, x.out[:0])
				})
			})
		}
	}
}

// BenchmarkFill measures one session entering while a room is filled, and all of
// its hints being gathered, as on one gateway that pushes every thousand.
func BenchmarkFill(b *testing.B) {
	x := newBench()
	var e Events
	x.on(grid.StreamRoom, 1)
	var push []byte
	i := 0
	gridtest.Measure(b, func() {
		if i%100_000 == 0 {
			x.streams = New()
		}
		x.come(i % 100_000)
		i++
		for _, h := range x.turn.Effects.Hints {
			if h.Kind == KindChange && e.Add(x.turn.Effects.Of(h.Body)) != nil {
				b.Fatal("refused")
			}
		}
		if i%1000 == 0 {
			push = e.Append(push[:0], x.key)
			e.Reset()
		}
	})
}

// BenchmarkSnapshot measures clones, what they make the next duties cost, and
// encoding and decoding 100,000 streams of one and a stream of 100,000.
func BenchmarkSnapshot(b *testing.B) {
	const size = 100_000
	x := newBench()
	for i := range size {
		x.on(grid.StreamStatus, i)
		x.come(i)
	}
	x.on(grid.StreamRoom, 1)
	for i := range size {
		x.come(i)
	}
	b.Run("clone", func(b *testing.B) { gridtest.Measure(b, func() { x.streams.Clone() }) })
	i := 0
	b.Run("clone+1-status", func(b *testing.B) {
		gridtest.Measure(b, func() {
			x.streams.Clone()
			i++
			x.enter.Status = []byte("away")[:1+i/size%4]
			x.come(i % size)
		})
	})
	gridtest.MeasureSnapshot(b, Decode, x.streams)
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}
