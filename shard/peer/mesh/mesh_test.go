package mesh

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns two nodes, 1 and 2, that are connected, and what each hears.
func pair(t testing.TB, change func(*Options)) (m [2]*Mesh, s [2]*seen) {
	for i := range m {
		o := options(uint32(i + 1))
		if change != nil {
			change(&o)
		}
		m[i] = open(t, o)
		s[i] = watch(m[i])
		for c := range peer.Channel(peer.ChannelsEnd) {
			m[i].Serve(c, echo)
		}
		m[i].Start()
	}
	join(m[:]...)
	s[0].want(t, 2, 1, peer.Up)
	s[1].want(t, 1, 1, peer.Up)
	return m, s
}

// TestCalls: calls of every channel are answered both ways, and of bodies of all sizes.
func TestCalls(t *testing.T) {
	m, _ := pair(t, nil)
	for _, size := range []int{0, 1, copyMax, copyMax + 1, readBytes, 3 << 20, peer.BodyBytesMax - 5} {
		body := string(make([]byte, size))
		for c := range peer.Channel(peer.ChannelsEnd - 1) {
			for i := range m {
				if size > readBytes && c > peer.Snapshot {
					continue
				}
				if got := call(m[i], uint32(2-i), c+1, body); got != (outcome{"echo " + body, nil}) {
					t.Fatalf("channel %d, %d bytes: %d bytes, %v", c+1, size, len(got.answer), got.err)
				}
			}
		}
	}
}

// TestOrder: what is told from one node to another on a channel arrives in order.
func TestOrder(t *testing.T) {
	const messages = 20_000
	o := options(2)
	to := open(t, o)
	got, done := 0, make(chan struct{})
	to.Serve(peer.Hints, func(from grid.Origin, body []byte, _ func([]byte)) {
		n := int(body[0]) | int(body[1])<<8
		if n != got%(1<<16) || from != grid.OriginOf(1, 1) {
			t.Errorf("message %d came as number %d, from %v", n, got, from)
		}
		if got++; got == messages {
			close(done)
		}
	})
	to.Start()
	from := open(t, options(1))
	s := watch(from)
	from.Start()
	join(from, to)
	s.want(t, 2, 1, peer.Up)
	for i := range messages {
		body := append([]byte{byte(i), byte(i >> 8)}, make([]byte, i%6000)...)
		for from.Tell(2, peer.Hints, body) != nil { // the queue is full
		}
	}
	<-done
}
