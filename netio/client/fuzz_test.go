package client

import (
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

// FuzzAnswers feeds a client what a server could send: whatever it is, each call
// is answered at most once, and those that are not stay in their window.
func FuzzAnswers(f *testing.F) {
	frame := func(flags wire.Flags, id uint32, body []byte) []byte {
		return wire.End(append(wire.Begin(nil, leaderboard.KindSubmit, flags, id), body...), 0)
	}
	refused := fault.New(fault.NotFound, "no")
	again := &fault.Error{Code: fault.Unavailable, Retry: time.Hour}
	f.Add(frame(wire.Reply, 1<<1, []byte{0x93, 1, 0, 0xc3}))
	f.Add(frame(wire.Reply|wire.Error, 2<<1, refused.Append(nil)))
	f.Add(frame(wire.Reply|wire.Error, 3<<1, again.Append(nil)))
	f.Add(frame(wire.Reply|wire.Error, 1<<1, []byte{0xc1}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &Client{kick: make(chan struct{}, 1)}
		c.mu.writes, c.mu.reads = newWindow(), newWindow()
		var calls []*call
		for range 4 {
			k := &call{kind: leaderboard.KindSubmit, write: true, done: make(chan struct{}, 1)}
			calls = append(calls, k)
			c.mu.writes.push(k)
			c.mu.writes.take()
			k.flying = true
		}
		l := &link{in: b}
		// The clock stands after the end of all trying, so that no timer is left.
		l.frames(func(f wire.Frame) { c.answer(f, time.Now().Add(RetryFor)) })
		for _, k := range calls {
			held := c.mu.writes.find(uint32(k.seq)) == k
			if held == k.finished || k.finished != (len(k.done) == 1) {
				t.Fatalf("call %d: finished %v, in the window %v", k.seq, k.finished, held)
			}
		}
	})
}
