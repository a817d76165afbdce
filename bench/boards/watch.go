package boards

import (
	"path/filepath"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/thronggrid/throng/bench/load"
)

// files watches a server's snapshot files from outside.
type files struct {
	dir  string
	done []string // finished snapshots
}

// look says whether a snapshot is being written, and whether one was finished
// since the last look.
func (f *files) look() (writing, finished bool) {
	// Glob errs only on a bad pattern.
	unfinished, _ := filepath.Glob(filepath.Join(f.dir, "snapshots", "*", "*.tmp"))
	done, _ := filepath.Glob(filepath.Join(f.dir, "snapshots", "*", "*.snap"))
	finished = slices.ContainsFunc(done, func(name string) bool {
		return !slices.Contains(f.done, name)
	})
	f.done = done
	return len(unfinished) > 0, finished
}

// phase gathers the slices of one kind.
type phase struct {
	slices  int
	ops     int64
	seconds float64
	latency *hdrhistogram.Histogram // of the probe, µs
	load    *hdrhistogram.Histogram // of the load, µs
	rss     []float64               // bytes, one a slice
	heap    []float64               // bytes that the newest collection found, one a slice
}

// add adds a slice: what the load did, what the probe saw, resident set and heap.
func (p *phase) add(s, probe load.Stats, rss, heap int64) {
	if p.latency == nil {
		p.latency, p.load = probe.Latency, s.Latency
	} else {
		p.latency.Merge(probe.Latency)
		p.load.Merge(s.Latency)
	}
	p.slices++
	p.ops += s.Ops
	p.seconds += s.Elapsed.Seconds()
	p.rss, p.heap = append(p.rss, float64(rss)), append(p.heap, float64(heap))
}

// p99 is in milliseconds, 0 of nothing.
func p99(h *hdrhistogram.Histogram) float64 {
	if h == nil {
		return 0
	}
	return float64(h.ValueAtQuantile(99)) / 1000
}

func (p *phase) rate() float64 { return float64(p.ops) / p.seconds }

// highest returns bytes, 0 of nothing.
func highest(bytes []float64) float64 { return slices.Max(append(bytes, 0)) }
