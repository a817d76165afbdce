package netio

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/thronggrid/throng/netio/wire"
)

// counted is a connection that counts the bytes that went through it.
type counted struct {
	net.Conn
	in, out *atomic.Uint64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in.Add(uint64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out.Add(uint64(n))
	return n, err
}

// TestTraffic: bytes are counted as clients of both kinds count them, and each frame
// once, whoever gets it.
func TestTraffic(t *testing.T) {
	s := serve(t, nil)
	var in, out atomic.Uint64
	bare := s.dial()
	bare.Conn = counted{bare.Conn, &in, &out}
	web, w := s.dialWeb(7)
	w.Conn = counted{w.Conn, &in, &out}
	s.until("the upgrade is counted", func() bool { return s.Stats().Webs == 1 && s.Stats().BytesOut > 0 })
	before := s.Stats()
	h := aHello()
	for _, p := range []*peer{bare, web} {
		p.send(wire.KindHello, 0, h.Append(nil))
		p.welcomed()
	}
	const rounds = 20
	key := roomKey("both")
	bare.track(key)
	web.track(key)
	for i := range rounds {
		text := strings.Repeat("x", 1000*i)
		id := bare.say(key, text)
		bare.done(id)
		bare.hears(key, text)
		web.hears(key, text)
		web.works()
	}
	const asked = 2 + 2 + 3*rounds // hello, track; say, put, get
	read := uint64(bare.frames + web.frames)
	if want := uint64(asked + 2*rounds); read < want {
		t.Fatalf("%d frames came, want at least %d", read, want)
	}
	s.until("all is counted", func() bool {
		v := s.Stats()
		return v.BytesIn-before.BytesIn == out.Load() && v.BytesOut-before.BytesOut == in.Load() &&
			v.FramesIn-before.FramesIn == asked && v.FramesOut-before.FramesOut == read
	})
	if v := s.Stats(); v.Rounds.Count() < rounds || v.Webs != 1 || v.Unread != 0 {
		t.Errorf("%d rounds, %d speak WebSocket, %d do not read", v.Rounds.Count(), v.Webs, v.Unread)
	}
	web.Close()
	s.until("its end is counted", func() bool { return s.Stats().Webs == 0 })
}
