package peer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

// side is one of the two servers.
type side struct {
	name  string
	addr  string
	child *process.Process

	// How it is spoken to.
	boards   func(depth int) load.Dialect
	chat     func(rooms []string) func(depth int) load.Dialect
	signals  func(room string) func(depth int) load.Dialect
	listener func(i int, room string) load.Listener
}

// sample is one short run.
type sample struct {
	rate      float64 // operations a second
	p50, p99  float64 // ms
	cpu       float64 // µs of the server's processor time per operation
	clientCPU float64 // µs of the load's
	ops       int64
}

// work is what one short run does with a server.
type work func(ctx context.Context, s *side, d time.Duration, seed uint64) (sample, error)

// onBoards returns the work of doing one kind of operation on the boards.
func (b *bench) onBoards(kind load.Kind, conns, depth int) work {
	return func(ctx context.Context, s *side, d time.Duration, seed uint64) (sample, error) {
		return s.measure(ctx, d, load.Plan{
			Conns: conns, Depth: depth, Seed: seed, Dialect: s.boards,
			Source: load.Random(kind, boards, b.options.Members),
		})
	}
}

// measure runs a load for a while, after a warm-up.
func (s *side) measure(ctx context.Context, d time.Duration, p load.Plan) (sample, error) {
	p.Addr = s.addr
	g, err := load.Start(ctx, p)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	process.Pause(ctx, warmUp)
	g.Interval()
	u := s.begin()
	process.Pause(ctx, d)
	stats := g.Interval()
	cpu, own, cpuErr := u.end()
	if err := g.Stop(); err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	if cpuErr != nil || stats.Ops == 0 {
		return sample{}, fmt.Errorf("%s: %d operations, and no processor time: %w", s.name,
			stats.Ops, cpuErr)
	}
	n := float64(stats.Ops)
	return sample{
		rate: stats.PerSecond(), p50: stats.Quantile(50), p99: stats.Quantile(99), ops: stats.Ops,
		cpu: cpu.Seconds() * 1e6 / n, clientCPU: own.Seconds() * 1e6 / n,
	}, nil
}

// usage is the processor time used until a moment.
type usage struct {
	side        *side
	server, own time.Duration
	err         error
}

func (s *side) begin() usage {
	u := usage{side: s, own: process.SelfCPU()}
	u.server, u.err = s.child.CPU()
	return u
}

// end returns what was used since begin.
func (u *usage) end() (server, own time.Duration, err error) {
	now, err := u.side.child.CPU()
	return now - u.server, process.SelfCPU() - u.own, errors.Join(u.err, err)
}

// preload puts all members on both boards.
func (s *side) preload(ctx context.Context, members int) (rate float64, err error) {
	const conns, depth = 16, load.DepthMax
	g, err := load.Start(ctx, load.Plan{
		Addr: s.addr, Conns: conns, Depth: depth, Seed: 1,
		Dialect: s.boards, Source: load.Fill(boards, members, conns),
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
