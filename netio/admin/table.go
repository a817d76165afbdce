package admin

import (
	"slices"

	"github.com/thronggrid/throng/grid/meter"
)

// Type is what Prometheus makes of a metric.
type Type uint8

// The types of metrics.
const (
	Counter   Type = iota // only grows, from the start of the process
	Gauge                 // as it is at the moment
	Histogram             // counts amounts by their size, from the start of the process
)

func (t Type) String() string { return [...]string{"counter", "gauge", "histogram"}[t] }

// Metric is one row of the table.
type Metric struct {
	Name   string // throng_…, in base units, with the unit last (a counter's is before _total)
	Type   Type
	Help   string // one sentence
	Labels []string
	// Buckets are those of a histogram: every power of two between two.
	Buckets Buckets

	read func(*Sample, *emitter)
}

// Buckets are the bounds of a histogram, in what it counts: 1<<From up to 1<<To.
type Buckets struct {
	From, To int
	Scale    float64 // what one is in the unit of the metric's name
}

// The buckets that our histograms have.
var (
	times  = Buckets{From: 4, To: 24, Scale: 1e-6} // 16 µs to 17 s
	counts = Buckets{From: 0, To: 12, Scale: 1}    // 1 to 4,096
	bytes  = Buckets{From: 8, To: 24, Scale: 1}    // 256 B to 16 MiB
)

// Table returns all metrics, in the order in which they are documented.
func Table() []Metric {
	return slices.Concat(nodeTable(), edgeTable(), writeTable(), shardTable(), logTable(),
		recordTable(), diskTable(), memoryTable(), stateTable(), archiveTable())
}

// emitter takes the values of one metric, one for each combination of its labels.
type emitter struct {
	value     func(v float64, labels []string)
	histogram func(r *meter.Reading, labels []string)
}

// one is a metric with one number.
func one(name string, t Type, help string, get func(*Sample) float64) Metric {
	return Metric{Name: name, Type: t, Help: help,
		read: func(s *Sample, e *emitter) { e.value(get(s), nil) }}
}

// count is a counter that has no labels.
func count(name, help string, get func(*Sample) uint64) Metric {
	return one(name, Counter, help, func(s *Sample) float64 { return float64(get(s)) })
}

// spread is a histogram that has no labels.
func spread(name, help string, b Buckets, get func(*Sample) *meter.Reading) Metric {
	return Metric{Name: name, Type: Histogram, Help: help, Buckets: b,
		read: func(s *Sample, e *emitter) { e.histogram(get(s), nil) }}
}
