package connect

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// endIn is how long the end of a session may take.
const endIn = 10 * time.Second

// crowd is a set of open connections.
type crowd struct {
	addr  string
	conns []net.Conn // nil: not opened
}

// open opens n more connections, some at a time; ready makes the i-th of all of use.
func (c *crowd) open(ctx context.Context, n int, ready func(i int, conn net.Conn) error) error {
	from := len(c.conns)
	c.conns = append(c.conns, make([]net.Conn, n)...)
	return load.Each(ctx, n, workers, func(k int) (err error) {
		i := from + k
		c.conns[i], err = load.Dial(ctx, c.addr, func(n net.Conn) error { return ready(i, n) })
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		return nil
	})
}

// leave ends the sessions of connections, so that these hold nothing any longer.
func leave(ctx context.Context, conns []net.Conn) error {
	return load.Each(ctx, len(conns), workers, func(i int) error {
		return load.Within(ctx, conns[i], endIn, func() error { return end(conns[i]) })
	})
}

// end ends a session, and returns once the server says that it has ended.
func end(conn net.Conn) error {
	err := load.End(conn)
	for err == nil {
		_, err = load.ReadFrame(conn)
	}
	if load.Ended(err) {
		return nil
	}
	return err
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

// login says hello as a user.
func login(user int, conn net.Conn) (wire.Welcome, error) {
	return load.Greet(conn, wire.ProviderCustom, fmt.Sprintf("bench-user-%06d", user))
}

// loginAndTrack says hello, and makes the session present on its own status stream.
func loginAndTrack(user int, conn net.Conn) error {
	w, err := login(user, conn)
	if err != nil {
		return err
	}
	return load.Enter(conn, string(grid.StatusKey(nil, w.User)), "online")
}
