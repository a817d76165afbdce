package peer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// side is one of the two servers.
type side struct {
	name    string
	addr    string
	dialect func(depth int) load.Dialect
	child   *process.Process
}

// sample is one short run.
type sample struct {
	rate      float64 // operations a second
	p50, p99  float64 // ms
	cpu       float64 // µs of the server's processor time per operation
	clientCPU float64 // µs of the load's
	ops       int64
}

// work is what a run does.
type work struct {
	kind  load.Kind
	conns int
	depth int
}

// measure runs a work for a while, after a warm-up.
func (s *side) measure(
	ctx context.Context, w work, members int, d time.Duration, seed uint64,
) (sample, error) {
	g, err := load.Start(ctx, load.Plan{
		Addr: s.addr, Conns: w.conns, Depth: w.depth, Seed: seed,
		Dialect: s.dialect, Source: load.Random(w.kind, boards, members),
	})
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	process.Pause(ctx, warmUp)
	g.Interval()
	before, cpuErr := s.child.CPU()
	own := process.SelfCPU()
	process.Pause(ctx, d)
	stats := g.Interval()
	own = process.SelfCPU() - own
	after, afterErr := s.child.CPU()
	if err := g.Stop(); err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	if cpuErr != nil || afterErr != nil || stats.Ops == 0 {
		return sample{}, fmt.Errorf("%s: %d operations, and no processor time: %w", s.name,
			stats.Ops, afterErr)
	}
	n := float64(stats.Ops)
	return sample{
		rate: stats.PerSecond(), p50: stats.Quantile(50), p99: stats.Quantile(99), ops: stats.Ops,
		cpu: (after - before).Seconds() * 1e6 / n, clientCPU: own.Seconds() * 1e6 / n,
	}, nil
}

// preload puts all members on both boards.
func (s *side) preload(ctx context.Context, members int) (rate float64, err error) {
	const conns, depth = 16, load.DepthMax
	g, err := load.Start(ctx, load.Plan{
		Addr: s.addr, Conns: conns, Depth: depth, Seed: 1,
		Dialect: s.dialect, Source: load.Fill(boards, members, conns),
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	if err := g.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	stats := g.Interval()
	if want := int64(boards * members); stats.Ops != want {
		return 0, fmt.Errorf("%s: preloaded %d records, want %d", s.name, stats.Ops, want)
	}
	return stats.PerSecond(), nil
}

// seed returns a seed for a run; both sides of a round get the same.
func seed() uint64 { return rand.Uint64() }
