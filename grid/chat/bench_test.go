package chat

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

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
			gridtest.Measure(b, x.send)
			if x.failed != nil {
				b.Fatal(x.failed)
			}
		})
	}
	b.Run("archived", func(b *testing.B) {
		x := newBench(b, 10, newShelf())
		gridtest.Measure(b, func() {
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
		gridtest.Measure(b, func() {
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
			gridtest.Measure(b, func() {
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
			gridtest.Measure(b, func() {
				x.out, x.failed = x.channels.Query(KindHistory, body, x.out[:0])
			})
		})
	}
}

// BenchmarkSnapshot measures encoding and decoding a thousand full tails.
func BenchmarkSnapshot(b *testing.B) {
	gridtest.MeasureSnapshot(b, Decode, newBench(b, 1000, nil).channels)
}

// BenchmarkReader measures a push from there to its delivery.
func BenchmarkReader(b *testing.B) {
	r, m := NewReader(0), Message{Time: 1, Content: "hello"}
	gridtest.Measure(b, func() {
		m.Seq++
		r.Push(m)
		if _, _, ok := r.Next(); !ok {
			b.Fatal("not delivered")
		}
	})
}
