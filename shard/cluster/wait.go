package cluster

import (
	"context"
	"time"

	"github.com/thronggrid/throng/grid/clock"
)

// deadline is closed when its time has come.
type deadline struct {
	c     chan struct{}
	timer clock.Timer
}

// after returns a deadline that comes in d.
func (n *Node) after(d time.Duration) deadline {
	c := make(chan struct{})
	return deadline{c, n.clock.AfterFunc(d, func() { close(c) })}
}

func (d deadline) stop() { d.timer.Stop() }

// sleep waits for d, or until ctx is done.
func (n *Node) sleep(ctx context.Context, d time.Duration) error {
	late := n.after(d)
	defer late.stop()
	select {
	case <-late.c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
