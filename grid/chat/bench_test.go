package chat

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

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

// bench is channels, and a command that sends to each of them in turn.
type bench struct {
	channels *Channels
	bodies   [][]byte
	turn     grid.Turn
	effects  grid.Effects
	out      []byte
	failed   error
	sent     int
}

func newBench(b *testing.B, rooms int, archive Archive) *bench {
	x := &bench{channels: New(), turn: grid.Turn{Stamp: 1_700_000_000_000_000, Members: everyone{}}}
	x.turn.Effects = &x.effects
	for i := range rooms {
		r := SendRequest{roomKey(fmt.Sprintf("guild/%05d", i)), strings.Repeat("hello, ", 14)}
		_, body, err := prepare(archive, &player, KindSend, &r)
		if err != nil {
			b.Fatal(err)
		}
		x.bodies = append(x.bodies, body)
	}
	for range rooms * TailMessages {
		x.send()
	}
	return x
}

func (x *bench) send() {
	if x.sent%64 == 0 {
		x.effects.Reset()
	}
	x.turn.Stamp++
	x.out, x.failed = x.channels.Apply(&x.turn, KindSend, x.bodies[x.sent%len(x.bodies)], x.out[:0])
	x.sent++
}

// BenchmarkSend measures sends of 98 bytes from body to reply and push, to full
// tails. With an archive, 64 messages at a time are acknowledged.
func BenchmarkSend(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			x := newBench(b, rooms, nil)
			measure(b, x.send)
			if x.failed != nil {
				b.Fatal(x.failed)
			}
		})
	}
	b.Run("archived", func(b *testing.B) {
		x := newBench(b, 10, newShelf())
		measure(b, func() {
			x.send()
			if x.sent%64 == 0 {
				_, done := x.channels.Backlog(1 << 20)
				x.failed = acknowledge(x.channels, done)
			}
		})
		if x.failed != nil {
			b.Fatal(x.failed)
		}
	})
	b.Run("cloned", func(b *testing.B) {
		x := newBench(b, 1000, nil)
		measure(b, func() {
			if x.sent%1000 == 0 {
				x.channels.Clone()
			}
			x.send()
		})
	})
}

// BenchmarkPrepare measures what an event loop does for a send.
func BenchmarkPrepare(b *testing.B) {
	c := caller(1)
	r := SendRequest{roomKey("guild/00001"), strings.Repeat("hello, ", 14)}
	data := r.Append(nil)
	for _, kind := range []grid.Kind{KindSend, KindSignal} {
		op := ops(nil)[kind]
		var in pack.Cursor
		var out []byte
		b.Run(op.Name, func(b *testing.B) {
			measure(b, func() {
				in = pack.NewCursor(data)
				_, body, err := op.Prepare(&c, &in, r.Fields(), out[:0])
				if err != nil {
					b.Fatal(err)
				}
				out = body
			})
		})
	}
}

// BenchmarkHistory measures a page of the tail's newest messages.
func BenchmarkHistory(b *testing.B) {
	x := newBench(b, 1, nil)
	for _, limit := range []int{1, HistoryMessagesMax} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			r := HistoryRequest{Key: roomKey("guild/00000"), Limit: limit, Backward: true}
			_, body, err := prepare(nil, &player, KindHistory, &r)
			if err != nil {
				b.Fatal(err)
			}
			measure(b, func() {
				x.out, x.failed = x.channels.Query(KindHistory, body, x.out[:0])
			})
		})
	}
}

// BenchmarkReader measures a push from there to its delivery.
func BenchmarkReader(b *testing.B) {
	r, m := NewReader(0), Message{Time: 1, Content: "hello"}
	measure(b, func() {
		m.Seq++
		r.Push(m)
		if _, _, ok := r.Next(); !ok {
			b.Fatal("not delivered")
		}
	})
}
