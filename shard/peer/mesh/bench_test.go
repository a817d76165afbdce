package mesh

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// BenchmarkCall is one call and its answer of 100 bytes each on the loopback, one after the
// other.
func BenchmarkCall(b *testing.B) {
	m := benchPair(b, func(_ grid.Origin, _ []byte, answer func([]byte)) { answer(make([]byte, 100)) })
	body := make([]byte, 100)
	got := make(chan struct{})
	done := func([]byte, error) { got <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		m[0].Call(2, peer.Raft, body, done)
		<-got
	}
}

// BenchmarkTell is one message of 100 bytes of a stream on the loopback.
func BenchmarkTell(b *testing.B) {
	all := make(chan struct{}, 1)
	arrived := 0
	m := benchPair(b, func(_ grid.Origin, _ []byte, answer func([]byte)) {
		if arrived++; answer != nil {
			answer(nil)
			all <- struct{}{}
		}
	})
	body := make([]byte, 100)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	sent := 0
	for b.Loop() {
		for m[0].Tell(2, peer.Raft, body) != nil { // the queue is full
		}
		sent++
	}
	for call(m[0], 2, peer.Raft, "").err != nil {
	}
	if <-all; arrived != sent+1 {
		b.Errorf("%d of %d messages arrived", arrived-1, sent)
	}
}

func benchPair(b *testing.B, h peer.Handler) [2]*Mesh {
	var m [2]*Mesh
	var s [2]*seen
	for i := range m {
		m[i] = open(b, options(uint32(i+1)))
		s[i] = watch(m[i])
		m[i].Serve(peer.Raft, h)
		m[i].Start()
	}
	join(m[:]...)
	s[0].want(b, 2, 1, peer.Up)
	s[1].want(b, 1, 1, peer.Up)
	return m
}
