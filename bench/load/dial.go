package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// dialIn is how long a connection may take until it is of use.
const dialIn = 30 * time.Second

// Dial opens a connection and lets ready make it of use: say hello, say. It takes
// no longer than half a minute, nor than ctx lasts.
func Dial(ctx context.Context, addr string, ready func(net.Conn) error) (net.Conn, error) {
	dialing, cancel := context.WithTimeout(ctx, dialIn)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(dialing, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%w: this machine has no local port left for one more connection "+
			"to the same server: choose fewer, or widen net.ipv4.ip_local_port_range", err)
	case err != nil:
		return nil, err
	}
	if err := Within(ctx, conn, dialIn, func() error { return ready(conn) }); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Within lets do talk on a connection, for no longer than d, nor than ctx lasts:
// what it reads and writes fails then. Afterwards the connection has no deadline.
func Within(ctx context.Context, conn net.Conn, d time.Duration, do func() error) error {
	conn.SetDeadline(time.Now().Add(d))
	release := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err := do()
	if !release() {
		return context.Cause(ctx)
	}
	conn.SetDeadline(time.Time{})
	return err
}

// Each does something for every number from 0 to n-1, so many at a time. It
// returns the first error, or why ctx ended; from then on nothing more is begun.
func Each(ctx context.Context, n, atOnce int, do func(i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
