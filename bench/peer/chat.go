package peer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
)

const (
	talkers  = 64 // senders of durable messages,
	roomSize = 4  // in rooms of so many,
	window   = 8  // each with so many messages in flight

	listeners = 1000 // of the room that is signalled to
	// hearIn is how long the last messages of a run may take to all listeners.
	hearIn = 10 * time.Second
)

// say is the source of operations that send messages.
func say(int, *rand.Rand) load.Source {
	return func() (load.Op, bool) { return load.Op{Kind: load.Say}, true }
}

// chatting is the work of sending durable messages in small rooms.
func chatting(ctx context.Context, s *side, d time.Duration, seed uint64) (sample, error) {
	return s.measure(ctx, d, load.Plan{
		Conns: talkers, Depth: window, Sliding: true, Seed: seed,
		Dialect: s.chat(load.Rooms("room", talkers/roomSize)), Source: say,
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
			Dialect: s.signals(room), Source: say,
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
	u, begin := s.begin(), time.Now()
	process.Pause(ctx, d)
	after, _ := a.Heard()
	cpu, own, err := u.end()
	took := time.Since(begin)
	stats := g.Interval()
	n := float64(after - before)
	x = sample{
		rate: n / took.Seconds(), p50: stats.Quantile(50), p99: stats.Quantile(99),
		ops: after - before, cpu: cpu.Seconds() * 1e6 / n, clientCPU: own.Seconds() * 1e6 / n,
	}
	if err == nil && n == 0 {
		err = fmt.Errorf("nothing was delivered: %w", a.Err())
	}
	return x, warm.Ops + stats.Ops, err
}
