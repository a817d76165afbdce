package load

import (
	"context"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Measured is what was measured of a load behind its warm-up.
type Measured struct {
	Stats
	Total  int64   // operations from the load's start to its end, the warm-up included
	CPU    float64 // µs of the server's processor time for each operation; NaN: not known
	OwnCPU float64 // µs of this process's
}

// Measure runs a load for a while to warm up, and then for as long as it is
// measured. The server is the one that the plan names; nil: not the benchmark's own.
func Measure(
	ctx context.Context, p Plan, server *process.Process, warm, d time.Duration,
) (m Measured, err error) {
	g, err := Start(ctx, p)
	if err != nil {
		return m, err
	}
	process.Pause(ctx, warm)
	before := g.Interval()
	meter := process.NewMeter(server)
	process.Pause(ctx, d)
	m.Stats = g.Interval()
	m.CPU, m.OwnCPU = meter.PerOp(m.Ops), meter.OwnPerOp(m.Ops)
	if err := g.Stop(); err != nil {
		return m, err
	}
	if m.Ops == 0 {
		return m, fmt.Errorf("no request was answered in %v: measure for longer", d)
	}
	after := g.Interval()
	m.Total = before.Ops + m.Ops + after.Ops
	return m, nil
}

// Preload submits a random score for every member of every board, as fast as it goes,
// and returns how many a second that were.
func Preload(
	ctx context.Context, addr string, dialect func(depth int) Dialect, boards, members int,
) (float64, error) {
	const conns = 16
	g, err := Start(ctx, Plan{
		Addr: addr, Conns: conns, Depth: DepthMax, Seed: 1,
		Dialect: dialect, Source: Fill(boards, members, conns),
	})
	if err != nil {
		return 0, err
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	s := g.Interval()
	if want := int64(boards * members); s.Ops != want {
		return 0, fmt.Errorf("%d scores were submitted, want %d", s.Ops, want)
	}
	return s.PerSecond(), nil
}
