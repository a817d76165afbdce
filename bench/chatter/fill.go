package chatter

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

const (
	// fillIn is how long a room may take to fill.
	fillIn = 30 * time.Second
	// connectors is how many sessions of the crowd are opened at a time.
	connectors = 16
)

// fills fills some rooms with the same sessions.
func (b *bench) fills(ctx context.Context) error {
	conns := make([]net.Conn, Crowd)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	err := load.Each(ctx, len(conns), connectors, func(i int) (err error) {
		conns[i], err = load.Dial(ctx, b.host.Server.Addr, func(c net.Conn) error {
			_, err := load.Greet(c, wire.ProviderCustom, fmt.Sprintf("crowd-%d", i))
			return err
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("connect a crowd: %w", err)
	}
	var took []float64
	for i := range b.options.Fills {
		room := fmt.Sprintf("%s-full-%d", b.rooms[0], i)
		d, err := fill(ctx, conns, string(grid.AppendKey(nil, grid.StreamRoom, room)))
		if err != nil {
			return fmt.Errorf("fill a room: %w", err)
		}
		took = append(took, d.Seconds())
		fmt.Fprintf(b.options.Log, "a room of %d filled in %.3f s\n", Crowd, d.Seconds())
	}
	noteFills(b.report, took)
	return nil
}

func noteFills(r *report.Report, took []float64) {
	r.Metric("a room of 1,000 filled", report.Median(took), "s")
	r.AtMost("T10", report.Median(took), 0.2, "s")
}

// fill lets all sessions enter a stream at once and waits until the last has been
// told that it is on it.
func fill(ctx context.Context, conns []net.Conn, key string) (time.Duration, error) {
	begin := time.Now()
	err := load.Each(ctx, len(conns), len(conns), func(i int) error {
		c := conns[i]
		return load.Within(ctx, c, fillIn, func() error { return load.Enter(c, key, "") })
	})
	return time.Since(begin), err
}
