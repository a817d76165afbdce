package peer

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/report"
)

// rounds are the samples of one work, both sides of each round.
type rounds struct {
	throng, redis []sample
}

// alternate measures both servers in turn.
func (b *bench) alternate(ctx context.Context, target, label string, w work) (*rounds, error) {
	rs := &rounds{}
	d := load.Seconds(b.options.Seconds)
	for i := range b.options.rounds(target) {
		pair := [2]sample{}
		seed := rand.Uint64() // both do the same operations
		for k := range pair {
			at := (i + k) % 2 // who goes first changes
			s, err := w(ctx, b.sides[at], d, seed)
			if err != nil {
				return nil, err
			}
			pair[at] = s
		}
		rs.throng, rs.redis = append(rs.throng, pair[0]), append(rs.redis, pair[1])
		fmt.Fprintf(b.options.Log, "%s round %d: throng %.0f/s %.2f µs CPU p50 %.2f p99 %.2f ms | "+
			"redis %.0f/s %.2f µs CPU p50 %.2f p99 %.2f ms | %.2f × (load %.2f, %.2f µs)\n",
			label, i+1, pair[0].rate, pair[0].cpu, pair[0].p50, pair[0].p99,
			pair[1].rate, pair[1].cpu, pair[1].p50, pair[1].p99,
			pair[0].rate/pair[1].rate, pair[0].ownCPU, pair[1].ownCPU)
	}
	b.note(label, rs)
	return rs, nil
}

// note reports the medians.
func (b *bench) note(label string, rs *rounds) {
	for _, part := range []struct {
		samples []sample
		metric  func(name string, value float64, unit string)
	}{{rs.throng, b.report.Metric}, {rs.redis, b.peer.Metric}} {
		part.metric(label+" rate", report.MedianOf(part.samples, (*sample).getRate), "1/s")
		part.metric(label+" server CPU", report.MedianOf(part.samples, (*sample).getCPU), "µs/op")
		part.metric(label+" p50", report.MedianOf(part.samples, (*sample).getP50), "ms")
		part.metric(label+" p99", report.MedianOf(part.samples, (*sample).getP99), "ms")
		part.metric(label+" load CPU", report.MedianOf(part.samples, (*sample).getOwnCPU), "µs/op")
	}
}

// What a sample has, as methods for report.MedianOf and ratio.
func (s *sample) getRate() float64   { return s.rate }
func (s *sample) getCPU() float64    { return s.cpu }
func (s *sample) getP50() float64    { return s.p50 }
func (s *sample) getP99() float64    { return s.p99 }
func (s *sample) getOwnCPU() float64 { return s.ownCPU }

// throngs is the median over the rounds of Throng's figure.
func (rs *rounds) throngs(get func(*sample) float64) float64 {
	return report.MedianOf(rs.throng, get)
}

// ratio is the median over the rounds of Throng's figure by Redis's.
func (rs *rounds) ratio(get func(*sample) float64) float64 {
	var r []float64
	for i := range rs.throng {
		r = append(r, get(&rs.throng[i])/get(&rs.redis[i]))
	}
	return report.Median(r)
}
