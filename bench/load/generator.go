package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Generator is a load that runs.
type Generator struct {
	conns []*conn
	stop  atomic.Bool // no new requests
	wg    sync.WaitGroup
	free  func() // ends the watch on the context
	begun time.Time

	mu struct {
		sync.Mutex
		err   error // the first
		since time.Time
	}
}

// Stats is what happened in an interval.
type Stats struct {
	Ops     int64
	Pushes  int64 // messages that the server sent by itself
	Elapsed time.Duration
	Latency *hdrhistogram.Histogram // µs
}

// PerSecond is the rate.
func (s *Stats) PerSecond() float64 { return float64(s.Ops) / s.Elapsed.Seconds() }

// Quantile returns a latency in milliseconds; q in percent.
func (s *Stats) Quantile(q float64) float64 { return float64(s.Latency.ValueAtQuantile(q)) / 1000 }

// The histograms reach from 1 µs to one minute with two significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, latencyMax, 2) }

const latencyMax = 60_000_000

// Start connects and begins. When ctx ends, so does the load, with its error.
func Start(ctx context.Context, p Plan) (*Generator, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	g := &Generator{}
	for i := range p.Conns {
		c, err := newConn(ctx, g, &p, i)
		if err != nil {
			for _, c := range g.conns {
				c.net.Close()
			}
			return nil, err
		}
		g.conns = append(g.conns, c)
	}
	stop := context.AfterFunc(ctx, func() { g.fail(context.Cause(ctx)) })
	g.free = func() { stop() }
	g.begun = time.Now()
	g.mu.since = g.begun
	for _, c := range g.conns {
		g.wg.Go(c.run)
	}
	return g, nil
}

func newConn(ctx context.Context, g *Generator, p *Plan, i int) (*conn, error) {
	dialect := p.Dialect(p.Depth)
	n, err := Dial(ctx, p.Addr, dialect.Open)
	if err != nil {
		return nil, fmt.Errorf("connect the load: %w", err)
	}
	c := &conn{
		g: g, net: n, dialect: dialect, depth: uint64(p.Depth), sliding: p.Sliding,
		in: make([]byte, 0, readBytes), at: make([]time.Time, p.Depth), busy: make([]bool, p.Depth),
		random: rand.New(rand.NewPCG(p.Seed, uint64(i)+1)),
	}
	c.source = p.Source(i, c.random)
	c.mu.latency = newHistogram()
	if p.Rate > 0 {
		c.gap = time.Duration(float64(time.Second) * float64(p.Conns) / p.Rate)
	}
	return c, nil
}

// fail notes the first error and ends the load at once.
func (g *Generator) fail(err error) {
	g.mu.Lock()
	first := g.mu.err == nil
	if first {
		g.mu.err = err
	}
	g.mu.Unlock()
	if first {
		g.stop.Store(true)
		for _, c := range g.conns {
			c.net.Close()
		}
	}
}

// Interval returns what happened since the last call, or the start.
func (g *Generator) Interval() Stats {
	s := Stats{Latency: newHistogram()}
	for _, c := range g.conns {
		c.mu.Lock()
		s.Ops += c.mu.ops
		s.Pushes += c.mu.pushes
		s.Latency.Merge(c.mu.latency)
		c.mu.ops, c.mu.pushes = 0, 0
		c.mu.latency.Reset()
		c.mu.Unlock()
	}
	now := time.Now()
	g.mu.Lock()
	s.Elapsed = now.Sub(g.mu.since)
	g.mu.since = now
	g.mu.Unlock()
	return s
}

// Wait returns when all sources are at their end and all replies have come.
func (g *Generator) Wait() error {
	g.wg.Wait()
	g.free()
	for _, c := range g.conns {
		c.net.Close()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mu.err
}

// Stop sends no new requests, waits for the replies and returns the load's error.
// A server that does not answer within drainIn is an error.
func (g *Generator) Stop() error {
	g.stop.Store(true)
	for _, c := range g.conns {
		c.wake()
	}
	t := time.AfterFunc(drainIn, func() {
		g.fail(errors.New("the server did not answer all requests that were sent"))
	})
	defer t.Stop()
	return g.Wait()
}

const drainIn = 30 * time.Second
