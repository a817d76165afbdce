package peer

import (
	"context"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

const (
	listeners = 1000 // of the room that is signalled to
	// hearIn is how long the last messages of a run may take to all listeners.
	hearIn = 10 * time.Second
)

// chatting is the work of sending durable messages in small rooms.
func chatting(ctx context.Context, s *side, d time.Duration, seed uint64) (sample, error) {
	return s.measure(ctx, d, load.Plan{
		Conns: load.Talkers, Depth: load.TalkerWindow, Sliding: true, Seed: seed,
		Dialect: s.chat(load.Rooms("room", load.Talkers/load.RoomTalkers)), Source: load.Talk,
	})
}

// signalling returns the work of showing messages, which are kept nowhere, to a
// large room. What counts are deliveries.
func signalling(conns, depth int) work {
	return func(ctx context.Context, s *side, d time.Duration, seed uint64) (sample, error) {
		room := load.Rooms("large", 1)[0]
		a, err := load.Listen(ctx, s.addr, listeners, func(i int) load.Listener {
			return s.listener(i, room)
		})
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, err)
		}
		defer a.Close()
		g, err := load.Start(ctx, load.Plan{
			Addr: s.addr, Conns: conns, Depth: depth, Sliding: true, Seed: seed,
			Dialect: s.signals(room), Source: load.Talk,
		})
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, err)
		}
		x, sent, err := s.hear(ctx, a, g, d)
		if stop := g.Stop(); err == nil && stop != nil {
			err = stop
		}
		if err == nil {
			last := g.Interval()
			err = a.Await(ctx, sent+last.Ops, hearIn)
		}
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w", s.name, err)
		}
		return x, nil
	}
}

// hear measures deliveries for a while, after a warm-up, and says how many
// messages were sent until then.
func (s *side) hear(
	ctx context.Context, a *load.Audience, g *load.Generator, d time.Duration,
) (x sample, sent int64, err error) {
	process.Pause(ctx, warmUp)
	warm := g.Interval()
	before, _ := a.Heard()
	meter, begin := process.NewMeter(s.child), time.Now()
	process.Pause(ctx, d)
	after, _ := a.Heard()
	n := after - before
	x = sample{
		rate: float64(n) / time.Since(begin).Seconds(),
		cpu:  meter.PerOp(n), ownCPU: meter.OwnPerOp(n),
	}
	stats := g.Interval()
	x.p50, x.p99 = stats.Quantile(50), stats.Quantile(99)
	if n == 0 {
		err = fmt.Errorf("nothing was delivered in %v: %w", d, a.Err())
	}
	return x, warm.Ops + stats.Ops, err
}
