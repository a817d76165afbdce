package boards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

// The load, and how it is looked at.
const (
	conns = 50
	depth = load.DepthMax
	// The probe: connections, requests in flight on each, submits a second.
	probeConns = 8
	probeDepth = 16
	probeRate  = 1000
	// sliceTime is the length of a slice, lookEvery the time between two looks
	// at the snapshot files, lead what is left out at the start of a load.
	sliceTime = 100 * time.Millisecond
	lookEvery = 10 * time.Millisecond
	lead      = 2 * time.Second
	// patience is how much longer than asked the updates may take until a
	// snapshot has been seen.
	patience = time.Minute
	// tellEvery is the time between two lines of progress.
	tellEvery = 10 * time.Second
)

// start begins the load.
func (b *bench) start(ctx context.Context, seed uint64) (*load.Generator, error) {
	return load.Start(ctx, b.plan(conns, depth, 0, seed))
}

func (b *bench) plan(conns, depth int, rate float64, seed uint64) load.Plan {
	return load.Plan{
		Addr: b.host.Server.Addr, Conns: conns, Depth: depth, Rate: rate, Seed: seed,
		Dialect: load.Throng(b.host.Server.Key, b.names, b.options.Members),
		Source:  load.Random(load.Submit, len(b.names), b.options.Members),
	}
}

// update runs load and probe, and reports what they saw.
func (b *bench) update(ctx context.Context) error {
	g, err := b.start(ctx, 2)
	if err != nil {
		return err
	}
	probe, err := load.Start(ctx, b.plan(probeConns, probeDepth, probeRate, 3))
	if err != nil {
		return errors.Join(err, g.Stop())
	}
	process.Pause(ctx, lead)
	b.slices(ctx, g, probe)
	if err := errors.Join(g.Stop(), probe.Stop()); err != nil {
		return fmt.Errorf("update the board: %w", err)
	}
	return nil
}

// slices sorts slices of the load into before and during a snapshot, for as long
// as was asked, and reports them.
func (b *bench) slices(ctx context.Context, g, probe *load.Generator) {
	g.Interval()
	probe.Interval()
	var before, during phase
	watch := files{dir: b.host.Server.Dir()}
	watch.look()
	fmt.Fprintf(b.options.Log, "updating for %g s, and on until a snapshot was seen\n",
		b.options.Seconds)
	snapshots, begin := 0, time.Now()
	told := begin
	end := begin.Add(load.Seconds(b.options.Seconds))
	for now := begin; ctx.Err() == nil; now = time.Now() {
		if now.After(end) && (snapshots > 0 || now.After(end.Add(patience))) {
			break
		}
		writing, finished := watch.slice(ctx)
		m, err := b.host.Server.Process().Memory()
		if err != nil {
			break // the load says why
		}
		if finished {
			snapshots++
		}
		if now.Sub(told) >= tellEvery {
			told = now
			fmt.Fprintf(b.options.Log, "%.0f s: RSS %d MiB, %d snapshots\n",
				now.Sub(begin).Seconds(), m.RSS>>20, snapshots)
		}
		heap, _ := b.host.Server.LiveHeap()
		if s, p := g.Interval(), probe.Interval(); writing || finished {
			during.add(s, p, m.RSS, heap)
		} else {
			before.add(s, p, m.RSS, heap)
		}
	}
	b.noteMemory(&before, &during)
	b.noteSnapshots(snapshots, &before, &during)
}

// slice looks at the files for the length of a slice.
func (f *files) slice(ctx context.Context) (writing, finished bool) {
	for range sliceTime / lookEvery {
		process.Pause(ctx, lookEvery)
		w, d := f.look()
		writing, finished = writing || w, finished || d
	}
	return writing, finished
}

// noteSnapshots reports T11.
func (b *bench) noteSnapshots(snapshots int, before, during *phase) {
	r := b.report
	r.Check("snapshots were taken under load", snapshots > 0 && before.slices > 0,
		"%d snapshots; %d slices of %v during one, %d not", snapshots, during.slices, sliceTime,
		before.slices)
	r.Metric("updates", float64(before.ops+during.ops), "")
	r.Metric("update rate before a snapshot", before.rate(), "1/s")
	r.Metric("update rate during a snapshot", during.rate(), "1/s")
	r.Metric("p99 before a snapshot", p99(before.latency), "ms")
	r.Metric("p99 during a snapshot", p99(during.latency), "ms")
	r.Metric("p99 of the load itself before a snapshot", p99(before.load), "ms")
	r.Metric("p99 of the load itself during a snapshot", p99(during.load), "ms")
	share := during.seconds / (during.seconds + before.seconds)
	r.Metric("time with a snapshot under way", 100*share, "%")
	r.Metric("RSS before a snapshot, median", report.Median(before.rss)/(1<<20), "MiB")
	r.Metric("RSS during a snapshot, highest", highest(during.rss)/(1<<20), "MiB")
	board := report.Median(before.rss) - float64(b.emptyRSS)
	r.AtMost("T11 p99", p99(during.latency)/p99(before.latency), 1.5, "× before")
	r.AtMost("T11 memory", (highest(during.rss)-float64(b.emptyRSS))/board, 2, "× the board")
}

// noteMemory reports T6: both without what a snapshot under way holds back.
func (b *bench) noteMemory(before, during *phase) {
	r, n := b.report, float64(b.options.Members)
	m, err := b.host.Server.Process().Memory()
	heap, most := report.Median(before.heap), highest(during.heap)
	r.Check("the server told its memory", err == nil && heap > 0,
		"live heap %.0f MiB, RSS %d MiB; empty %d and %d MiB",
		heap/(1<<20), m.RSS>>20, b.emptyHeap>>20, b.emptyRSS>>20)
	r.Metric("live heap", heap/(1<<20), "MiB")
	r.Metric("live heap during a snapshot, highest", most/(1<<20), "MiB")
	r.Metric("RSS at the end", float64(m.RSS)/(1<<20), "MiB")
	r.Metric("RSS per record, empty server included", report.Median(before.rss)/n, "B")
	r.AtMost("T6 heap", (heap-float64(b.emptyHeap))/n, 80, "B a record")
	r.AtMost("T6 RSS", (report.Median(before.rss)-float64(b.emptyRSS))/n, 140, "B a record")
}
