package netio

import (
	"math"
	"testing"

	"github.com/thronggrid/throng/netio/wire"
)

// BenchmarkRefusals is what the server pays for a request that comes too fast.
func BenchmarkRefusals(b *testing.B) {
	s := serve(b, nil)
	never := fiveAtOnce("session_requests_per_second")
	never.burst, never.flood = 0, math.MaxInt64/2
	s.limits.Store(&limits{session: never, slow: math.MaxInt64})
	l := &loop{server: s.Server, replies: s.rows.newReplies()}
	k := &conn{state: open, out: &outgoing{}}
	f := wire.Frame{Kind: wire.KindPing, ID: 1}
	b.ReportAllocs()
	for b.Loop() {
		k.bucket, k.out.frames = 0, k.out.frames[:0]
		if l.admit(k, l.asked(k, &f)) {
			b.Fatal("it was let in")
		}
		l.answers = l.answers[:0]
	}
}
