package boards

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// The log tail that a killed server has to read again: commands of at least
// commandBytes each (owner, client id, score, board and numbers).
const (
	tailBytes    = 16 << 20
	commandBytes = 64
	tailCommands = tailBytes / commandBytes
	// tailWait bounds the wait for the tail.
	tailWait = 5 * time.Minute
)

// restarts kills and restarts the server under load, and reports T7.
func (b *bench) restarts(ctx context.Context) error {
	var all []float64
	whole := true
	for i := range b.options.Restarts {
		if err := b.tail(ctx, uint64(10+i)); err != nil {
			return err
		}
		begin := time.Now()
		if err := b.host.Server.Start(ctx); err != nil {
			return err
		}
		records, took, err := b.firstRead(ctx, begin)
		if err != nil {
			return err
		}
		whole = whole && records == b.options.Members
		all = append(all, took.Seconds())
		fmt.Fprintf(b.options.Log,
			"restart %d: ready after %.2f s, first read after %.2f s, %d records\n",
			i+1, b.host.Server.Took.Seconds(), took.Seconds(), records)
	}
	b.report.Check("the board is whole after every restart", whole, "%d restarts", len(all))
	b.report.Metric("restart, worst", slices.Max(all), "s")
	b.report.AtMost("T7", report.Median(all), 2, "s")
	return nil
}

// tail loads the server until it has taken a snapshot and its log behind that is
// long enough, and kills it at full speed.
func (b *bench) tail(ctx context.Context, seed uint64) error {
	g, err := b.start(ctx, seed)
	if err != nil {
		return err
	}
	watch := files{dir: b.host.Server.Dir()}
	watch.look()
	logged, fresh := int64(0), false
	deadline := time.Now().Add(tailWait)
	for logged < tailCommands {
		writing, finished := watch.slice(ctx)
		s := g.Interval()
		fresh = fresh || finished
		if logged += s.Ops; writing || finished || !fresh {
			logged = 0
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			g.Stop()
			return fmt.Errorf("the server never had %d commands behind a snapshot: %w",
				tailCommands, ctx.Err())
		}
	}
	b.host.Server.Kill()
	g.Stop() // its error is the kill
	return nil
}

// firstRead connects and asks for a rank; it returns the board's size and the
// time since begin.
func (b *bench) firstRead(ctx context.Context, begin time.Time) (int, time.Duration, error) {
	c, err := b.host.Server.Dial(ctx, client.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	p, err := c.Owners(ctx, leaderboard.OwnersRequest{
		Board: b.names[0], Owners: []grid.ID{grid.ID(load.AppendOwner(nil, b.options.Members/2))},
	})
	took := time.Since(begin)
	if err != nil {
		return 0, 0, fmt.Errorf("read a rank after the restart: %w", err)
	}
	if len(p.Records) != 1 {
		return 0, took, nil
	}
	return p.Total, took, nil
}
