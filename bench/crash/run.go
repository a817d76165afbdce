package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	random  *rand.Rand
	host    host
	reader  *client.Client
	workers []*worker
	talkers []*talker
	ears    sync.WaitGroup
	deafen  context.CancelFunc // ends the talkers' ears

	faults  faults
	cycles  int
	fewest  int64 // acknowledged writes of a cycle
	records int   // compared, at the last cycle,
	heard   int   // and messages
	ready   []float64
	early   int // crashes while starting
}

// Run crashes a server again and again. The error says that the benchmark could
// not run; what did not hold is in the report.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	fmt.Fprintf(o.Log, "seed %d\n", o.Seed)
	b := &bench{
		options: &o, report: report.New(o.name()), random: rand.New(rand.NewPCG(o.Seed, 0)),
	}
	if b.host, err = open(ctx, &o); err != nil {
		return nil, err
	}
	defer b.host.end(ctx, &err)
	b.host.describe(&b.report.Env)
	defer b.closeClients()
	if err := b.connect(ctx); err != nil {
		return nil, err
	}
	for range o.Cycles {
		if err := b.cycle(ctx); err != nil {
			return nil, err
		}
		if b.faults.any() {
			break
		}
	}
	b.conclude()
	return b.report, nil
}

// backoffMax is the longest pause of a client before it connects again: the server
// is never away for long.
const backoffMax = 200 * time.Millisecond

// connect makes the boards and the workers.
func (b *bench) connect(ctx context.Context) error {
	for i := range b.options.Clients + 1 {
		c, err := b.host.server().Dial(ctx, client.Options{BackoffMax: backoffMax})
		if err != nil {
			return err
		}
		if b.reader == nil {
			b.reader = c
			continue
		}
		b.workers = append(b.workers, newWorker(c, i, b.options.Seed))
	}
	for _, x := range boards() {
		_, err := b.reader.CreateBoard(ctx, leaderboard.CreateRequest{
			Board: x.name, Sort: x.sort, Operator: x.operator,
		})
		if err != nil {
			return fmt.Errorf("create a board: %w", err)
		}
	}
	return b.connectTalkers(ctx)
}

func (b *bench) connectTalkers(ctx context.Context) error {
	hearing, deafen := context.WithCancel(ctx)
	b.deafen = deafen
	for i := range b.options.Clients {
		t := newTalker(i, b.options.Seed)
		b.talkers = append(b.talkers, t)
		if err := t.join(ctx, b.host.server()); err != nil {
			return err
		}
		for _, e := range t.ears {
			b.ears.Go(func() { e.listen(hearing) })
		}
	}
	return nil
}

func (b *bench) closeClients() {
	if b.deafen != nil {
		b.deafen()
	}
	b.ears.Wait()
	for _, t := range b.talkers {
		if t.client != nil {
			t.client.Close()
		}
	}
	if b.reader != nil {
		b.reader.Close()
	}
	for _, w := range b.workers {
		w.client.Close()
	}
}

// cycle writes, crashes, restarts, and compares.
func (b *bench) cycle(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var stop atomic.Bool
	var wg sync.WaitGroup
	before := b.acked()
	errs := make([]error, len(b.workers)+len(b.talkers))
	for i, w := range b.workers {
		wg.Go(func() { errs[i] = w.run(ctx, &stop) })
	}
	for i, t := range b.talkers {
		wg.Go(func() { errs[len(b.workers)+i] = t.run(ctx, &stop) })
	}
	finish := func() { stop.Store(true); wg.Wait() }
	process.Pause(ctx, writeMin+time.Duration(b.random.Int64N(int64(writeMax-writeMin))))
	if h, ok := b.host.(*filled); ok {
		if err := h.episode(ctx, power.Pace(b.cycles)%power.Paces, b.options.Log); err != nil {
			cancel(err)
			finish()
			return err
		}
	}
	atCrash := b.acked()
	if err := b.host.crash(ctx, b.options.Log); err != nil {
		cancel(err)
		finish()
		return err
	}
	if err := b.restart(ctx); err != nil {
		cancel(err)
		finish()
		if ctx.Err() != nil && context.Cause(ctx) != err {
			return context.Cause(ctx)
		}
		b.faults.other++
		b.faults.example("after crash %d: %v", b.cycles+1, err)
		return nil
	}
	b.ready = append(b.ready, b.host.server().Took.Seconds())
	if h, ok := b.host.(*filled); ok {
		if err := h.started(ctx, b.options.Log); err != nil {
			cancel(err)
			finish()
			return err
		}
	}
	finish()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, err := range errs {
		if err != nil { // an answer that must not be
			b.faults.other++
			b.faults.example("%v", err)
		}
	}
	return b.compare(ctx, atCrash-before, b.acked()-before)
}

// restart starts the server on what is left; in one of four cycles it is killed
// once more while it reads that.
func (b *bench) restart(ctx context.Context) error {
	if b.random.IntN(4) == 0 {
		b.early++
		err := b.host.server().StartBriefly(ctx, time.Duration(b.random.Int64N(int64(earlyMax))))
		if err != nil {
			return err
		}
	}
	return b.host.server().Start(ctx)
}

// compare reads everything at the end of a cycle.
func (b *bench) compare(ctx context.Context, atCrash, acked int64) error {
	records, f, err := verify(ctx, b.reader, b.workers)
	if err != nil {
		return err
	}
	heard, g, err := verifyRooms(ctx, b.talkers)
	if err != nil {
		return err
	}
	f.add(&g)
	if h, ok := b.host.(*filled); ok {
		if err := h.probe.verify(ctx, &f); err != nil {
			return err
		}
	}
	b.faults.add(&f)
	b.records, b.heard = records, heard
	if b.cycles++; b.cycles == 1 || atCrash < b.fewest {
		b.fewest = atCrash
	}
	fmt.Fprintf(b.options.Log,
		"cycle %d: %d writes acknowledged before the crash, %d more after it; "+
			"ready in %.2f s; %d records, %d messages: %d lost, %d doubled, %d halved, %d other\n",
		b.cycles, atCrash, acked-atCrash, b.host.server().Took.Seconds(), records, heard,
		f.lost, f.doubled, f.halved, f.other)
	return nil
}

func (b *bench) acked() int64 {
	n := int64(0)
	for _, w := range b.workers {
		n += w.acked.Load()
	}
	for _, t := range b.talkers {
		n += t.acked.Load()
	}
	return n
}

// conclude fills the report.
func (b *bench) conclude() {
	r, f := b.report, &b.faults
	unknown := 0
	for _, w := range b.workers {
		unknown += w.unknown
	}
	resumed, anew := 0, 0
	for _, t := range b.talkers {
		unknown += t.unknown
		s := t.client.Stats()
		resumed += s.Resumed
		anew += s.Connects - 1 - s.Resumed
	}
	slowest := 0.0
	for _, t := range b.ready {
		slowest = max(slowest, t)
	}
	r.Metric("crashes", float64(b.cycles), "")
	r.Metric("crashes while starting", float64(b.early), "")
	r.Metric("writes acknowledged", float64(b.acked()), "")
	r.Metric("fewest writes acknowledged before a crash", float64(b.fewest), "")
	r.Metric("answers that said unknown", float64(unknown), "")
	r.Metric("records compared, last cycle", float64(b.records), "")
	r.Metric("messages compared, last cycle", float64(b.heard), "")
	r.Metric("sessions resumed", float64(resumed), "")
	r.Metric("sessions opened anew", float64(anew), "")
	r.Metric("slowest start after a crash", slowest, "s")
	b.host.metrics(r)
	r.Check("no acknowledged write lost", f.lost == 0, "%d lost", f.lost)
	r.Check("no write done twice", f.doubled == 0, "%d doubled", f.doubled)
	r.Check("no write half done", f.halved == 0, "%d halved", f.halved)
	r.Check("every answer and order possible", f.other == 0, "%d not", f.other)
	if f.any() {
		r.Check("what did not hold", false, "%s", strings.Join(f.examples, "; "))
	}
	r.Check("every cycle ran and wrote enough",
		f.any() || b.cycles == b.options.Cycles && b.fewest >= int64(b.options.WritesMin),
		"%d cycles of %d, at least %d writes before each crash, floor %d; seed %d",
		b.cycles, b.options.Cycles, b.fewest, b.options.WritesMin, b.options.Seed)
}
