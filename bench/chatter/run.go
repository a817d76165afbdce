package chatter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/netio/client"
)

// warmUp is how long a load runs before it is measured.
const warmUp = time.Second

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	host    *process.Host
	rooms   []string
	sent    int64 // acknowledged messages, in all rooms
}

// Run measures. The error says that the benchmark could not run, or that an
// answer was wrong.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	b := &bench{
		options: &o, report: report.New("chat", report.ReadEnv(o.flags())),
		// A server that runs already may know rooms of an earlier run.
		rooms: load.Rooms(fmt.Sprintf("bench-%08x", rand.Uint32()), senders/roomSize),
	}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.host.Close(ctx)) }()
	b.host.Describe(&b.report.Env)
	for _, step := range []func(context.Context) error{b.closed, b.open, b.histories, b.fills} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.report, nil
}

func say(int, *rand.Rand) load.Source {
	return func() (load.Op, bool) { return load.Op{Kind: load.Say}, true }
}

// closed sends as fast as answers come.
func (b *bench) closed(ctx context.Context) error {
	s, cpu, err := b.send(ctx, load.Plan{Depth: window, Sliding: true})
	if err != nil {
		return err
	}
	r := b.report
	r.Metric("messages", s.PerSecond(), "1/s")
	r.Metric("messages, server CPU", cpu, "µs/op")
	r.Metric("messages, p50", s.Quantile(50), "ms")
	r.Metric("messages, p99", s.Quantile(99), "ms")
	r.Metric("pushes", float64(s.Pushes)/s.Elapsed.Seconds(), "1/s")
	r.AtLeast("T8, Nakama", s.PerSecond()/nakamaSends, 15, "× Nakama")
	fmt.Fprintf(b.options.Log, "closed loop: %.0f messages/s, %.1f µs CPU, p99 %.2f ms\n",
		s.PerSecond(), cpu, s.Quantile(99))
	return nil
}

// open sends at a fixed rate.
func (b *bench) open(ctx context.Context) error {
	s, cpu, err := b.send(ctx, load.Plan{Depth: openDepth, Rate: b.options.Rate})
	if err != nil {
		return err
	}
	r := b.report
	r.Metric("at the rate, messages", s.PerSecond(), "1/s")
	r.Metric("at the rate, server CPU", cpu, "µs/op")
	r.Metric("at the rate, p50", s.Quantile(50), "ms")
	r.Metric("at the rate, p99", s.Quantile(99), "ms")
	r.AtMost("T8, p99", s.Quantile(99), 20, "ms")
	fmt.Fprintf(b.options.Log, "open loop: %.0f messages/s, p50 %.2f, p99 %.2f ms\n",
		s.PerSecond(), s.Quantile(50), s.Quantile(99))
	return nil
}

// send runs a load and returns what was measured behind its warm-up.
func (b *bench) send(ctx context.Context, p load.Plan) (load.Stats, float64, error) {
	p.Addr, p.Conns, p.Seed = b.host.Server.Addr, senders, 1
	p.Dialect, p.Source = load.ThrongChat(b.rooms), say
	g, err := load.Start(ctx, p)
	if err != nil {
		return load.Stats{}, 0, err
	}
	process.Pause(ctx, warmUp)
	warm := g.Interval()
	meter := b.host.Meter()
	process.Pause(ctx, time.Duration(b.options.Seconds*float64(time.Second)))
	stats := g.Interval()
	cpu, _ := meter.CPU() // 0 with a server that runs already
	if err := g.Stop(); err != nil {
		return load.Stats{}, 0, err
	}
	last := g.Interval()
	b.sent += warm.Ops + stats.Ops + last.Ops
	return stats, cpu.Seconds() * 1e6 / float64(max(1, stats.Ops)), nil
}

// histories reads all that was sent.
func (b *bench) histories(ctx context.Context) error {
	c, err := client.Dial(ctx, b.host.Server.Addr, client.Options{
		Credential: client.Custom("chat-reader"), Agent: "throng-bench",
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Close()
	begin, read := time.Now(), int64(0)
	for _, name := range b.rooms {
		n, err := history(ctx, c, name)
		if err != nil {
			return fmt.Errorf("read the history of %s: %w", name, err)
		}
		read += n
	}
	took := time.Since(begin)
	b.report.Check("every message is in its room's history, once and in order", read == b.sent,
		"%d messages were acknowledged, %d read", b.sent, read)
	b.report.Metric("history read", float64(read)/took.Seconds(), "1/s")
	fmt.Fprintf(b.options.Log, "%d messages read in %.1f s\n", read, took.Seconds())
	return nil
}

// history counts the messages of a room, whose numbers must be 1, 2, 3 and so on.
func history(ctx context.Context, c *client.Client, name string) (int64, error) {
	room, err := c.Join(ctx, name, client.JoinOptions{})
	if err != nil {
		return 0, err
	}
	for next := uint64(1); ; {
		page, err := room.History(ctx, next, chat.HistoryMessagesMax, false)
		if err != nil {
			return 0, err
		}
		for _, m := range page.Messages {
			if m.Seq != next {
				return 0, fmt.Errorf("message %d where %d should be", m.Seq, next)
			}
			next++
		}
		if len(page.Messages) == 0 {
			return int64(next - 1), room.Leave(ctx)
		}
	}
}
