package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// entering is how many bots log in at a time.
const entering = 16

// demo is a run under way.
type demo struct {
	options *Options
	run     string // tells this run's users, rooms and board from those of others
	board   string
	server  *process.Throng
	studio  *client.Client
	bots    []bot
	tally   *tally
	begin   time.Time
}

func (d *demo) rooms() int          { return (len(d.bots) + roomBots - 1) / roomBots }
func (d *demo) roomOf(i int) string { return d.room(i % d.rooms()) }
func (d *demo) room(i int) string   { return fmt.Sprintf("demo-%s-%d", d.run, i) }

// Run shows a crowd until its time is over or ctx ends, and then finds out whether
// everything that was acknowledged is there.
func Run(ctx context.Context, o Options) (s Summary, err error) {
	run := fmt.Sprintf("%08x", rand.Uint32())
	d := &demo{
		options: &o, run: run, board: "demo-" + run, bots: make([]bot, o.Bots), tally: newTally(),
	}
	host, err := o.Server.Open(ctx)
	if err != nil {
		return s, err
	}
	// What ends the show must not keep us from reading back what was done.
	after := context.WithoutCancel(ctx)
	defer host.End(after, &err)
	d.server = host.Server
	if d.studio, err = d.server.Dial(ctx, client.Options{}); err != nil {
		return s, err
	}
	defer d.studio.Close()
	_, err = d.studio.CreateBoard(ctx, leaderboard.CreateRequest{
		Board: d.board, Operator: leaderboard.Incr,
	})
	if err != nil {
		return s, fmt.Errorf("make a board: %w", err)
	}
	defer d.clear(after)
	enter := func(i int) error { return d.enter(ctx, i) }
	if err := load.Each(ctx, len(d.bots), entering, enter); err != nil {
		if ctx.Err() != nil {
			return s, nil
		}
		return s, fmt.Errorf("let the bots in: %w", err)
	}
	if err := d.show(ctx); err != nil {
		return s, err
	}
	return d.verify(after)
}

// show lets the bots act, and draws what they do.
func (d *demo) show(ctx context.Context) error {
	var cancel context.CancelFunc
	if d.begin = time.Now(); d.options.Seconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, load.Seconds(d.options.Seconds))
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	var failed error
	var once sync.Once
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx))
	var acting, hearing sync.WaitGroup
	for i := range d.bots {
		b := &d.bots[i]
		hearing.Go(func() { d.listen(listening, b) })
		acting.Go(func() {
			if err := d.act(ctx, b); err != nil {
				once.Do(func() { failed = err })
				cancel()
			}
		})
	}
	d.draw(ctx)
	acting.Wait()
	deaf()
	hearing.Wait()
	return failed
}

// draw draws frames until ctx ends.
func (d *demo) draw(ctx context.Context) {
	tick := time.NewTicker(d.options.Every)
	defer tick.Stop()
	before := d.tally.mark()
	for {
		now := d.tally.mark()
		f := d.tally.frame(before, now)
		before = now
		f.Addr, f.Elapsed, f.Top = d.server.Addr, time.Since(d.begin), d.top(ctx)
		if d.server.Owned() {
			f.KeyFile = filepath.Join(d.server.Dir(), "server.key")
		}
		d.options.Draw(f)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// top reads the best of the board. What cannot be read is not shown.
func (d *demo) top(ctx context.Context) (top []Standing) {
	page, err := d.studio.Page(ctx, leaderboard.PageRequest{Board: d.board, Rank: 1, Limit: TopMax})
	if err != nil {
		return nil
	}
	for _, r := range page.Records {
		top = append(top, Standing{r.Rank, r.Metadata, r.Score})
	}
	return top
}

// clear takes away what the run has made in a server that goes on.
func (d *demo) clear(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	if d.server.Owned() {
		for i := range d.bots {
			if d.bots[i].player != nil {
				_ = d.bots[i].player.Close()
			}
		}
		return
	}
	_ = load.Each(ctx, len(d.bots), entering, func(i int) error {
		d.bots[i].leave(ctx)
		return nil
	})
	_, _ = d.studio.DeleteBoard(ctx, leaderboard.DeleteRequest{Board: d.board})
}
