package client

import (
	"context"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio"
)

// ServeExample starts the server that the examples speak to.
func ServeExample() (addr, key string, stop func()) {
	m := &memory{slots: map[grid.Slot]*slot.Slot{}, queue: make(chan func(), 1<<10)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f := range m.queue {
			f()
		}
	}()
	s, err := netio.Start(netio.Options{Addr: "127.0.0.1:0", Loops: 1, Shards: m, Ops: slot.Ops(nil),
		ServerKey: testKey, ConnectionsMax: 1000})
	if err != nil {
		panic(err)
	}
	return s.Addr().String(), testKey, func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ctx) // at once: whoever ran the example is gone
		close(m.queue)
		<-done
	}
}
