package peer

import (
	"context"
	"fmt"
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
	rate     float64 // operations a second
	p50, p99 float64 // ms
	cpu      float64 // µs of the server's processor time per operation
	ownCPU   float64 // µs of the load's
}

// warmUp is how long a load runs before it is measured.
const warmUp = time.Second

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
	m, err := load.Measure(ctx, p, s.child, warmUp, d)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	return sample{
		rate: m.PerSecond(), p50: m.Quantile(50), p99: m.Quantile(99),
		cpu: m.CPU, ownCPU: m.OwnCPU,
	}, nil
}
