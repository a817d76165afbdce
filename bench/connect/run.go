package connect

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	host    *process.Host
}

// Run measures. The error says that the benchmark could not run, or that an
// answer was wrong.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	b := &bench{options: &o, report: report.New("connect")}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	b.host.Describe(&b.report.Env)
	for _, step := range []func(context.Context) error{b.warm, b.logins, b.crowds} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	b.report.Check("every login and presence was accepted", true,
		"the first that is not ends the run")
	return b.report, nil
}

// warm submits scores for a while.
func (b *bench) warm(ctx context.Context) error {
	fmt.Fprintf(b.options.Log, "submitting scores for %v, to warm the server up\n", b.options.Warm)
	names := load.Boards(1)
	if err := b.host.Server.CreateBoards(ctx, names...); err != nil {
		return err
	}
	const members = 10_000
	g, err := load.Start(ctx, load.Plan{
		Addr: b.host.Server.Addr, Conns: 8, Depth: load.DepthMax, Seed: 1,
		Dialect: load.Throng(b.host.Server.Key, names, members),
		Source:  load.Random(load.Submit, 1, members),
	})
	if err != nil {
		return err
	}
	process.Pause(ctx, b.options.Warm)
	if err := g.Stop(); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return nil
}

// logins measures bare connects and logins in turn.
func (b *bench) logins(ctx context.Context) error {
	const bare, full = true, false
	if _, err := b.round(ctx, full); err != nil { // from now on the ids are known
		return err
	}
	var rounds []round
	for i := range b.options.Rounds {
		var r round
		var err error
		if r.bare, err = b.round(ctx, bare); err != nil {
			return err
		}
		if r.login, err = b.round(ctx, full); err != nil {
			return err
		}
		rounds = append(rounds, r)
		fmt.Fprintf(b.options.Log, "round %d: bare connects %.0f/s %.1f µs CPU | "+
			"logins %.0f/s %.1f µs CPU\n", i+1, r.bare.rate, r.bare.cpu, r.login.rate, r.login.cpu)
	}
	noteLogins(b.report, rounds)
	return nil
}

// round opens connections that say hello, or bare ones that say nothing, and
// measures that; then it closes them.
func (b *bench) round(ctx context.Context, bare bool) (sample, error) {
	hello := func(i int, conn net.Conn) error {
		_, err := login(i%users, conn)
		return err
	}
	ready, n := hello, b.options.Logins
	if bare {
		ready = func(int, net.Conn) error { return nil }
	}
	c := crowd{addr: b.host.Server.Addr}
	defer c.close()
	meter, begin := process.NewMeter(b.host.Server.Process()), time.Now()
	err := c.open(ctx, n, ready)
	if err == nil {
		// The kernel makes connections before the server has taken them. It takes them in
		// turn: when one more is answered, it has taken all.
		err = c.open(ctx, 1, hello)
	}
	if err != nil {
		return sample{}, err
	}
	s := sample{rate: float64(n) / time.Since(begin).Seconds(), cpu: meter.PerOp(int64(n))}
	sessions := c.conns
	if bare {
		sessions = c.conns[n:]
	}
	if err := leave(ctx, sessions); err != nil {
		return sample{}, fmt.Errorf("end the sessions of a round: %w", err)
	}
	c.close()
	process.Pause(ctx, b.options.Pause)
	return s, nil
}

// crowds measures the memory of a small crowd and a large one.
func (b *bench) crowds(ctx context.Context) error {
	c := crowd{addr: b.host.Server.Addr}
	defer c.close()
	var sizes []memory
	for _, n := range [2]int{b.options.Sessions / smallPart, b.options.Sessions} {
		fmt.Fprintf(b.options.Log, "opening sessions up to %d, and waiting until memory has not "+
			"fallen for %v\n", n, b.options.Rest)
		err := c.open(ctx, n-len(c.conns), func(i int, conn net.Conn) error {
			return loginAndTrack(users+i, conn)
		})
		if err != nil {
			return err
		}
		rss, err := b.rest(ctx)
		if err != nil {
			return err
		}
		sizes = append(sizes, memory{n, rss})
		fmt.Fprintf(b.options.Log, "%d sessions: RSS %.1f MiB\n", n, mib(rss))
	}
	noteMemory(b.report, sizes[0], sizes[1])
	return nil
}

// rest waits until the server's memory has come to rest and returns it, in bytes.
func (b *bench) rest(ctx context.Context) (int64, error) {
	var seen calm
	for begin := time.Now(); ; process.Pause(ctx, lookEvery) {
		m, err := b.host.Server.Process().Memory()
		if err != nil {
			return 0, err
		}
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		now := time.Since(begin)
		if seen.look(m.RSS, now) >= b.options.Rest || now > restMax {
			return m.RSS, nil
		}
	}
}
