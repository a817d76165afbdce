package client

import (
	"context"
	"net"
	"syscall"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

// startEcho answers every frame at once with the reply to a submit, as cheaply
// as a server can: one write per read.
func startEcho(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go echo(c)
		}
	}()
	return ln.Addr().String()
}

func echo(c net.Conn) {
	defer c.Close()
	w := wire.Welcome{Version: 1, RequestsMax: grid.RequestsMax, FrameBytesMax: wire.FrameBytesMax}
	l := &link{conn: c}
	var out []byte
	for l.fill() == nil {
		out = out[:0]
		l.frames(func(f wire.Frame) {
			start := len(out)
			out = wire.Begin(out, f.Kind, wire.Reply, f.ID)
			if f.Kind == wire.KindHello {
				out = w.Append(out)
			} else {
				out = append(out, 0x93, 1, 0, 0xc3)
			}
			out = wire.End(out, start)
		})
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func benchClient(b *testing.B) *Client {
	c, err := Dial(context.Background(), startEcho(b), Options{Credential: Custom("player-0001")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// cpu returns the process's CPU time in ns.
func cpu() int64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

// BenchmarkBatch is the cost of a call in a batch, the echo server's included.
func BenchmarkBatch(b *testing.B) {
	c := benchClient(b)
	ctx := context.Background()
	batch := c.Batch()
	b.ReportAllocs()
	b.ResetTimer()
	start := cpu()
	for done := 0; done < b.N; {
		n := min(4096, b.N-done)
		for i := range n {
			batch.Submit(leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{1, byte(i)}, Score: int64(i)})
		}
		if err := batch.Do(ctx); err != nil {
			b.Fatal(err)
		}
		batch.Reset()
		done += n
	}
	b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op")
}

// BenchmarkParallel is the cost of calls from many goroutines, which share
// packets.
func BenchmarkParallel(b *testing.B) {
	c := benchClient(b)
	ctx := context.Background()
	b.ReportAllocs()
	b.SetParallelism(32)
	b.ResetTimer()
	start := cpu()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Score: 1}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op")
}
