package chatter

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// fillIn is how long a room may take to fill.
const fillIn = 30 * time.Second

// fills fills some rooms with the same sessions.
func (b *bench) fills(ctx context.Context) error {
	conns, err := b.connect(ctx)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	if err != nil {
		return err
	}
	var took []float64
	for i := range b.options.Fills {
		key := string(grid.AppendKey(nil, grid.StreamRoom, fmt.Sprintf("full-%d", i)))
		d, err := fill(conns, key)
		if err != nil {
			return fmt.Errorf("fill a room: %w", err)
		}
		took = append(took, d.Seconds())
		fmt.Fprintf(b.options.Log, "a room of %d filled in %.3f s\n", crowd, d.Seconds())
	}
	slices.Sort(took)
	median := took[len(took)/2]
	b.report.Metric("a room of 1,000 filled", median, "s")
	b.report.AtMost("T10", median, 0.2, "s")
	return nil
}

// connect opens the sessions of the crowd.
func (b *bench) connect(ctx context.Context) ([]net.Conn, error) {
	var conns []net.Conn
	var d net.Dialer
	for i := range crowd {
		c, err := d.DialContext(ctx, "tcp", b.host.Server.Addr)
		if err != nil {
			return conns, fmt.Errorf("connect: %w", err)
		}
		conns = append(conns, c)
		c.SetDeadline(time.Now().Add(fillIn))
		_, err = load.Greet(c, wire.ProviderCustom, fmt.Sprintf("crowd-%d", i))
		if err != nil {
			return conns, err
		}
	}
	return conns, nil
}

// fill lets all sessions enter a stream at once and waits until the last has been
// told that it is on it.
func fill(conns []net.Conn, key string) (time.Duration, error) {
	begin := time.Now()
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, c := range conns {
		c.SetDeadline(begin.Add(fillIn))
		wg.Go(func() { errs[i] = load.Enter(c, key) })
	}
	wg.Wait()
	took := time.Since(begin)
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return 0, errs[i]
	}
	return took, nil
}
