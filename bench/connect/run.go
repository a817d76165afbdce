package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

const (
	// warmFor is how long scores are submitted before anything is measured.
	warmFor = 15 * time.Second
	// nakamaLogins is how many logins a second Nakama took: docs/benchmarks.md.
	nakamaLogins = 2666
	// restFor is for how long the memory must not have fallen to be at rest, and
	// restMax how long that is waited for.
	restFor = 15 * time.Second
	restMax = 2 * time.Minute
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
	if err := o.defaults(); err != nil {
		return nil, err
	}
	b := &bench{options: &o, report: report.New("connect", report.ReadEnv(o.flags()))}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.host.Close(ctx)) }()
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
	names := load.Boards(1)
	c, err := client.Dial(ctx, b.host.Server.Addr, client.Options{
		Credential: client.ServerKey(b.host.Server.Key), Agent: "throng-bench",
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Close()
	_, err = c.CreateBoard(ctx, leaderboard.CreateRequest{
		Board: names[0], Operator: leaderboard.Set,
	})
	if err != nil {
		return fmt.Errorf("create a board: %w", err)
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
	process.Pause(ctx, warmFor)
	if err := g.Stop(); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	return nil
}

// sample is one round of connecting.
type sample struct {
	rate float64 // connections a second
	cpu  float64 // µs of the server's processor time for each
}

// logins measures bare connects and logins in turn.
func (b *bench) logins(ctx context.Context) error {
	silent := func(int, net.Conn) error { return nil }
	hello := func(i int, conn net.Conn) error {
		_, err := login(i%users, conn)
		return err
	}
	if _, err := b.round(ctx, hello); err != nil { // from now on the ids are known
		return err
	}
	var bare, full []sample
	var beyond []float64
	for i := range b.options.Rounds {
		s, err := b.round(ctx, silent)
		if err != nil {
			return err
		}
		f, err := b.round(ctx, hello)
		if err != nil {
			return err
		}
		bare, full = append(bare, s), append(full, f)
		beyond = append(beyond, f.cpu-s.cpu)
		fmt.Fprintf(b.options.Log, "round %d: bare connects %.0f/s %.1f µs CPU | "+
			"logins %.0f/s %.1f µs CPU\n", i+1, s.rate, s.cpu, f.rate, f.cpu)
	}
	r := b.report
	r.Metric("bare connects", median(bare, func(s sample) float64 { return s.rate }), "1/s")
	r.Metric("bare connect CPU", median(bare, func(s sample) float64 { return s.cpu }), "µs")
	rate := median(full, func(s sample) float64 { return s.rate })
	r.Metric("logins on new connections", rate, "1/s")
	r.Metric("login CPU", median(full, func(s sample) float64 { return s.cpu }), "µs")
	r.AtLeast("T2", rate/nakamaLogins, 2, "× Nakama's logins")
	r.AtMost("T2 CPU", middle(beyond), 60, "µs beyond the bare connect")
	return nil
}

// round opens connections and measures that, then closes them.
func (b *bench) round(ctx context.Context, ready func(int, net.Conn) error) (sample, error) {
	c := crowd{addr: b.host.Server.Addr}
	meter, begin := b.host.Meter(), time.Now()
	if err := c.open(ctx, b.options.Logins, ready); err != nil {
		c.close()
		return sample{}, err
	}
	took := time.Since(begin)
	cpu, ok := meter.CPU()
	for _, conn := range c.conns {
		_ = end(conn) // a bare connection has no session to end
	}
	c.close()
	process.Pause(ctx, time.Second)
	if !ok {
		return sample{}, errors.New("the server has ended")
	}
	n := float64(b.options.Logins)
	return sample{rate: n / took.Seconds(), cpu: cpu.Seconds() * 1e6 / n}, nil
}

// crowds measures the memory of a small crowd and a large one.
func (b *bench) crowds(ctx context.Context) error {
	c := crowd{addr: b.host.Server.Addr}
	defer c.close()
	var rss [2]int64
	small := b.options.Sessions / smallPart
	for i, n := range [2]int{small, b.options.Sessions} {
		err := c.open(ctx, n-len(c.conns), func(i int, conn net.Conn) error {
			return loginAndTrack(users+i, conn)
		})
		if err != nil {
			return err
		}
		if rss[i], err = b.rest(ctx); err != nil {
			return err
		}
		fmt.Fprintf(b.options.Log, "%d sessions: RSS %.1f MiB\n", n, float64(rss[i])/(1<<20))
		b.report.Metric(fmt.Sprintf("RSS with %d sessions", n), float64(rss[i])/(1<<20), "MiB")
	}
	each := float64(rss[1]-rss[0]) / float64(b.options.Sessions-small)
	b.report.Metric("memory of a session with a presence", each, "B")
	b.report.AtMost("T1", each/(1<<10), 1.25, "KiB")
	return nil
}

// rest waits until the server's memory has come to rest and returns it.
func (b *bench) rest(ctx context.Context) (int64, error) {
	least, since := int64(0), time.Now()
	for begin := since; ; process.Pause(ctx, time.Second) {
		m, err := b.host.Server.Process().Memory()
		if err != nil {
			return 0, err
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if now := time.Now(); least == 0 || m.RSS < least-least/200 {
			least, since = m.RSS, now
		} else if now.Sub(since) > restFor || now.Sub(begin) > restMax {
			return m.RSS, nil
		}
	}
}

func median(samples []sample, get func(sample) float64) float64 {
	var v []float64
	for _, s := range samples {
		v = append(v, get(s))
	}
	return middle(v)
}

func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
