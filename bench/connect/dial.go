package connect

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// dialIn is how long a connection may take until it is of use.
const dialIn = 30 * time.Second

// crowd is a set of open connections.
type crowd struct {
	addr  string
	conns []net.Conn
}

// open opens n more connections with a few workers; each lets ready make it of
// use. The first error ends it.
func (c *crowd) open(ctx context.Context, n int, ready func(i int, conn net.Conn) error) error {
	from := len(c.conns)
	c.conns = append(c.conns, make([]net.Conn, n)...)
	next := make(chan int)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				if err := c.dial(ctx, i, ready); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := from; i < from+n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

func (c *crowd) dial(ctx context.Context, i int, ready func(int, net.Conn) error) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("open connection %d: %w", i+1, err)
	}
	c.conns[i] = conn
	conn.SetDeadline(time.Now().Add(dialIn))
	if err := ready(i, conn); err != nil {
		return fmt.Errorf("connection %d: %w", i+1, err)
	}
	conn.SetDeadline(time.Time{})
	return nil
}

// close closes all connections at once.
func (c *crowd) close() {
	for _, conn := range c.conns {
		if conn != nil {
			conn.Close()
		}
	}
	c.conns = nil
}

// custom is the custom id of a user.
func custom(user int) string { return fmt.Sprintf("bench-user-%06d", user) }

// login says hello as a user.
func login(user int, conn net.Conn) (wire.Welcome, error) {
	return load.Greet(conn, wire.ProviderCustom, custom(user))
}

// loginAndTrack says hello, and makes the session present on its own status stream.
func loginAndTrack(user int, conn net.Conn) error {
	w, err := login(user, conn)
	if err != nil {
		return err
	}
	r := session.TrackRequest{Key: string(grid.StatusKey(nil, w.User)), Status: "online"}
	return load.Write(conn, session.KindTrack, 1, r.Fields(), r.Append)
}

// end ends the session of a connection, so that it holds nothing any longer.
func end(conn net.Conn) error {
	var r session.EndRequest
	return load.Write(conn, session.KindEnd, 1, r.Fields(), r.Append)
}
