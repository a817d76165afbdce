package netio

import (
	"fmt"
	"io"
	"sync"
	"syscall"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// echoShards answers at once, from the loop's own goroutine or, for writes, by
// one delivery per flush: what is left is the cost of the edge.
type echoShards struct{ queue chan func() }

func (s *echoShards) Open(deliver grid.Deliver) grid.Lane {
	l := &echoLane{shards: s, deliver: deliver}
	l.pool.New = func() any {
		return &grid.Outcomes{Recycle: func(o *grid.Outcomes) { l.pool.Put(o) }}
	}
	return l
}

func (*echoShards) Listen(func(*grid.Effects)) {}

func (*echoShards) Origin() grid.Origin { return grid.OriginOf(1, 7) }

type echoLane struct {
	shards  *echoShards
	deliver grid.Deliver
	pool    sync.Pool
	next    *grid.Outcomes
}

func (l *echoLane) Write(_ grid.Slot, kind grid.Kind, _ grid.RequestID, _ []byte, ref grid.Ref) error {
	if l.next == nil {
		l.next = l.pool.Get().(*grid.Outcomes)
		l.next.Refs, l.next.Ends, l.next.Bytes = l.next.Refs[:0], l.next.Ends[:0], l.next.Bytes[:0]
	}
	l.next.Refs = append(l.next.Refs, ref)
	l.next.Bytes = append(l.next.Bytes, 0, 0x91)
	if kind == session.KindOpen {
		l.next.Bytes = grid.AppendSession(l.next.Bytes, 1)
	} else {
		l.next.Bytes = append(l.next.Bytes, 1)
	}
	l.next.Ends = append(l.next.Ends, uint32(len(l.next.Bytes)))
	return nil
}

func (l *echoLane) Flush() {
	o := l.next
	l.next = nil
	l.shards.queue <- func() { l.deliver(o) }
}

func (l *echoLane) Ask(grid.Slot, grid.Level, grid.Kind, []byte, grid.Ref) error {
	return fault.New(fault.Unimplemented, "no")
}

func (l *echoLane) Confirm(grid.Slot, grid.Ref) error { return fault.New(fault.Unimplemented, "no") }

func (l *echoLane) Read(_ grid.Slot, _ grid.Level, _ grid.Kind, _, out []byte) ([]byte, error) {
	return pack.AppendInt(pack.AppendArray(out, 1), 7), nil
}

// benchmark sends rounds of 64 requests on 50 connections of as many users, without rates
// that bound them and with some that none of them reaches. Client and server share the
// cores; the client sends prepared bytes and only counts replies.
func benchmark(b *testing.B, kind grid.Kind, body []byte) {
	most := Rate{PerSecondMax, BurstMax}
	b.Run("rates=off", func(b *testing.B) { exchange(b, kind, body, &Limits{}) })
	b.Run("rates=on", func(b *testing.B) { exchange(b, kind, body, &Limits{Session: most, User: most}) })
}

func exchange(b *testing.B, kind grid.Kind, body []byte, limits *Limits) {
	const conns, depth = 50, 64
	shards := &echoShards{queue: make(chan func(), 1024)}
	go func() {
		for f := range shards.queue {
			f()
		}
	}()
	defer close(shards.queue)
	s, err := Start(Options{Addr: "127.0.0.1:0", Shards: shards, Ops: fakeOps(nil), ConnectionsMax: 1000,
		Limits: limits})
	if err != nil {
		b.Fatal(err)
	}
	defer s.stop()
	v := &serving{Server: s, t: b}
	one := request(kind, 0, 1, body)
	var round []byte
	for range depth {
		round = append(round, one...)
	}
	peers := make([]*peer, conns)
	for i := range peers {
		h := aHello()
		h.Credential = fmt.Sprintf("player-%04d", i)
		peers[i] = v.loginAs(&h)
	}
	answer := len(request(kind, wire.Reply, 1, []byte{0x91, 1})) * depth
	b.ReportAllocs()
	var before, after syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range peers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			buf := make([]byte, answer)
			for range max(1, b.N/conns/depth) {
				peers[i].Write(round)
				if _, err := io.ReadFull(peers[i], buf); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op") // client included
	b.ReportMetric(float64(s.Stats().Flushes)/float64(b.N), "writes/op")
	for _, p := range peers {
		p.Close()
	}
}

func BenchmarkReads(b *testing.B)  { benchmark(b, kindGet, get("0123456789abcdef")) }
func BenchmarkWrites(b *testing.B) { benchmark(b, kindPut, put(1, 1, "0123456789abcdef", 7)) }
