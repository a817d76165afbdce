package admin

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/thronggrid/throng/grid/meter"
)

// scrapesMax is how many may be answered at a time.
const scrapesMax = 4

// newMetrics returns what serves the table of metrics, and those of the Go runtime and the
// process, from a registry of its own.
func newMetrics(sample func(*Sample)) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		newCollector(Table(), sample),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register: %w", err)
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapesMax}), nil
}

// collector tells Prometheus what the table says.
type collector struct {
	rows   []row
	sample func(*Sample)

	mu struct {
		sync.Mutex
		sample Sample // one, so that no scrape allocates one
	}
}

// row is a metric with its description for Prometheus.
type row struct {
	Metric
	desc *prometheus.Desc
}

func newCollector(table []Metric, sample func(*Sample)) *collector {
	c := &collector{sample: sample}
	for _, m := range table {
		c.rows = append(c.rows, row{m, prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)})
	}
	return c
}

// Describe is called when the collector is registered.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for i := range c.rows {
		out <- c.rows[i].desc
	}
}

// Collect is called for each scrape; several may come at a time.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.sample = Sample{}
	c.sample(&c.mu.sample)
	for i := range c.rows {
		c.rows[i].collect(&c.mu.sample, out)
	}
}

// collect tells the values of one metric.
func (m *row) collect(s *Sample, out chan<- prometheus.Metric) {
	kind := prometheus.CounterValue
	if m.Type == Gauge {
		kind = prometheus.GaugeValue
	}
	m.read(s, &emitter{
		value: func(v float64, labels []string) {
			out <- prometheus.MustNewConstMetric(m.desc, kind, v, labels...)
		},
		histogram: func(r *meter.Reading, labels []string) {
			below := m.Buckets.below(r)
			out <- prometheus.MustNewConstHistogram(m.desc, r.Count(),
				float64(r.Sum)*m.Buckets.Scale, below, labels...)
		},
	})
}

// below returns how many amounts are not above each bound.
func (b *Buckets) below(r *meter.Reading) map[float64]uint64 {
	out := make(map[float64]uint64, b.To-b.From+1)
	n, bound := uint64(0), b.From
	for i := range meter.Bounds {
		n += r.Counts[i]
		if bound <= b.To && meter.Bound(i) == 1<<bound {
			out[float64(meter.Bound(i))*b.Scale] = n
			bound++
		}
	}
	return out
}
