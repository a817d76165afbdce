package netio

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/netio/wire"
)

// benchmarkRoom passes messages of 128 bytes on to a room. Publishers keep so many
// in flight, together. Client and server share the cores.
func benchmarkRoom(b *testing.B, members, publishers, depth int) {
	s := serve(b, func(o *Options) { o.ConnectionsMax = 3000 })
	key, text := roomKey("room"), string(make([]byte, 100))
	var wg sync.WaitGroup
	for i := range members {
		p := s.loginAs(playerHello(i))
		p.track(key)
		p.SetDeadline(time.Time{})
		wg.Go(func() { p.hearAll(int64(b.N)) })
	}
	server := make([]*peer, publishers)
	for i := range server {
		server[i] = s.loginServer()
		server[i].SetDeadline(time.Time{})
	}
	before := s.Stats()
	b.ReportAllocs()
	b.ResetTimer()
	begin := time.Now()
	for i, p := range server {
		wg.Go(func() {
			n := b.N / publishers
			if i < b.N%publishers {
				n++
			}
			one := request(kindSay, 0, 1, said(key, text))
			answer := make([]byte, len(request(kindSay, wire.Reply, 1, emptyReply[:])))
			for sent, done := 0, 0; done < n; done++ {
				for ; sent < n && sent-done < depth; sent++ {
					p.Write(one)
				}
				io.ReadFull(p, answer)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	v := s.Stats()
	delivered := float64(b.N) * float64(members)
	b.ReportMetric(delivered/time.Since(begin).Seconds(), "deliveries/s")
	b.ReportMetric(float64(v.Flushes-before.Flushes)/delivered, "writes/delivery")
	if v.PushesLost != 0 {
		b.Errorf("%d pushes were lost", v.PushesLost)
	}
}

// hearAll reads so many messages, and whatever events of presences come.
func (p *peer) hearAll(n int64) {
	buf := make([]byte, 64<<10)
	in := p.in
	for heard := int64(0); heard < n; {
		f, used, err := wire.Next(in, wire.ReplyBytesMax)
		if err != nil {
			p.t.Error(err)
			return
		}
		if used <= len(in) {
			if in = in[used:]; f.Kind == kindSaid {
				heard++
			}
			continue
		}
		k := copy(buf, in)
		m, err := p.Read(buf[k:])
		if err != nil {
			p.t.Error(err)
			return
		}
		in = buf[:k+m]
	}
}

func BenchmarkRoom4(b *testing.B)  { benchmarkRoom(b, 1000, 4, 1) }
func BenchmarkRoom64(b *testing.B) { benchmarkRoom(b, 1000, 8, 8) }
