package chatter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/netio/client"
)

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
	b := &bench{
		options: &o, report: report.New("chat"),
		// A server that runs already may know rooms of an earlier run.
		rooms: load.Rooms(fmt.Sprintf("bench-%08x", rand.Uint32()), load.Talkers/load.RoomTalkers),
	}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	b.host.Describe(&b.report.Env)
	for _, step := range []func(context.Context) error{b.closed, b.open, b.histories, b.fills} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.report, nil
}

// closed sends as fast as answers come.
func (b *bench) closed(ctx context.Context) error {
	fmt.Fprintf(b.options.Log, "%d senders in %d rooms, as fast as they go, for %g s\n",
		load.Talkers, len(b.rooms), b.options.Seconds)
	m, err := b.send(ctx, load.Plan{Depth: load.TalkerWindow, Sliding: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.options.Log, "closed loop: %.0f messages/s, %.1f µs CPU, p99 %.2f ms\n",
		m.PerSecond(), m.CPU, m.Quantile(99))
	noteClosed(b.report, &m)
	return nil
}

func noteClosed(r *report.Report, m *load.Measured) {
	r.Metric("messages", m.PerSecond(), "1/s")
	r.Metric("messages, server CPU", m.CPU, "µs/op")
	r.Metric("messages, p50", m.Quantile(50), "ms")
	r.Metric("messages, p99", m.Quantile(99), "ms")
	r.Metric("pushes", float64(m.Pushes)/m.Elapsed.Seconds(), "1/s")
	r.AtLeast("T8, Nakama", m.PerSecond()/nakamaSends, 15, "× Nakama")
	notePushes(r, "closed loop", m)
}

// open sends at a fixed rate.
func (b *bench) open(ctx context.Context) error {
	fmt.Fprintf(b.options.Log, "the same senders at %g messages/s, for %g s\n", b.options.Rate,
		b.options.Seconds)
	m, err := b.send(ctx, load.Plan{Depth: openDepth, Rate: b.options.Rate})
	if err != nil {
		return fmt.Errorf("at --rate %g: %w", b.options.Rate, err)
	}
	fmt.Fprintf(b.options.Log, "open loop: %.0f messages/s, p50 %.2f, p99 %.2f ms\n",
		m.PerSecond(), m.Quantile(50), m.Quantile(99))
	noteOpen(b.report, &m)
	return nil
}

func noteOpen(r *report.Report, m *load.Measured) {
	r.Metric("at the rate, messages", m.PerSecond(), "1/s")
	r.Metric("at the rate, server CPU", m.CPU, "µs/op")
	r.Metric("at the rate, p50", m.Quantile(50), "ms")
	r.Metric("at the rate, p99", m.Quantile(99), "ms")
	r.AtMost("T8, p99", m.Quantile(99), 20, "ms")
	notePushes(r, "at the rate", m)
}

// notePushes checks that the members of the rooms were pushed what was sent.
func notePushes(r *report.Report, when string, m *load.Measured) {
	want := pushedMin * load.RoomTalkers * float64(m.Ops)
	r.Check(when+": messages are pushed to their room", float64(m.Pushes) >= want,
		"%d messages, %d pushes, want at least %.0f", m.Ops, m.Pushes, want)
}

// send runs a load and returns what was measured behind its warm-up.
func (b *bench) send(ctx context.Context, p load.Plan) (load.Measured, error) {
	p.Addr, p.Conns, p.Seed = b.host.Server.Addr, load.Talkers, 1
	p.Dialect, p.Source = load.ThrongChat(b.rooms), load.Talk
	m, err := load.Measure(ctx, p, b.host.Server.Process(), b.options.Warm,
		load.Seconds(b.options.Seconds))
	b.sent += m.Total
	return m, err
}

// histories reads all that was sent.
func (b *bench) histories(ctx context.Context) error {
	fmt.Fprintf(b.options.Log, "reading the histories of %d messages\n", b.sent)
	c, err := b.host.Server.Dial(ctx, client.Options{Credential: client.Custom("chat-reader")})
	if err != nil {
		return err
	}
	defer c.Close()
	begin := time.Now()
	var read []transcript
	for i, name := range b.rooms {
		t := transcript{room: i, rooms: len(b.rooms)}
		if err := t.read(ctx, c, name); err != nil {
			return fmt.Errorf("the history of %s: %w", name, err)
		}
		read = append(read, t)
	}
	took := time.Since(begin)
	n := noteHistories(b.report, read, b.sent)
	b.report.Metric("history read", float64(n)/took.Seconds(), "1/s")
	fmt.Fprintf(b.options.Log, "%d messages read in %.1f s\n", n, took.Seconds())
	return nil
}
