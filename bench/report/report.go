package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// Report is the outcome of one benchmark.
type Report struct {
	Bench   string   `json:"bench"`
	OK      bool     `json:"ok"` // every check held; kept by Check
	Checks  []Check  `json:"checks"`
	Metrics []Metric `json:"metrics"`
	Peers   []Peer   `json:"peers"`
	Targets []Target `json:"targets"`
	Faults  []Fault  `json:"faults,omitempty"` // of benches that cause them
	Env     Env      `json:"env"`
}

// Check is something that must hold, and what was seen.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Metric is one measured number.
type Metric struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // "1/s", "ms", "µs CPU/op", "B", "" for a ratio or a count
}

// Peer is another program that did the same work in the same run.
type Peer struct {
	Name    string            `json:"name"`
	Config  map[string]string `json:"config"` // as the peer itself reports it
	Metrics []Metric          `json:"metrics"`
}

// Target is a number that the project has set itself.
type Target struct {
	ID    string  `json:"id"` // "T3": the table of targets in docs/benchmarks.md
	Value float64 `json:"value"`
	Want  string  `json:"want"` // "≥ 2.5 × Redis"
	Met   bool    `json:"met"`
}

// New returns an empty report of the benchmark called name, on this machine.
func New(name string) *Report {
	return &Report{
		Bench: name, Env: readEnv(),
		Checks: []Check{}, Metrics: []Metric{}, Peers: []Peer{}, Targets: []Target{},
	}
}

// Check notes whether something that must hold does.
func (r *Report) Check(name string, ok bool, format string, args ...any) {
	r.Checks = append(r.Checks, Check{Name: name, OK: ok, Detail: fmt.Sprintf(format, args...)})
	r.OK = ok && (r.OK || len(r.Checks) == 1)
}

// Metric notes a measured number. One that is not finite (nothing was measured)
// becomes -1, because JSON has no word for it.
func (r *Report) Metric(name string, value float64, unit string) {
	r.Metrics = append(r.Metrics, Metric{Name: name, Value: finite(value), Unit: unit})
}

// Peer adds a peer and returns it, to be filled until Peer is called again.
func (r *Report) Peer(name string, config map[string]string) *Peer {
	r.Peers = append(r.Peers, Peer{Name: name, Config: config, Metrics: []Metric{}})
	return &r.Peers[len(r.Peers)-1]
}

// Metric notes a measured number of the peer.
func (p *Peer) Metric(name string, value float64, unit string) {
	p.Metrics = append(p.Metrics, Metric{Name: name, Value: finite(value), Unit: unit})
}

// AtLeast notes a target that is met from limit up.
func (r *Report) AtLeast(id string, value, limit float64, unit string) {
	r.target(id, value, fmt.Sprintf("≥ %g %s", limit, unit), value >= limit)
}

// AtMost notes a target that is met up to limit.
func (r *Report) AtMost(id string, value, limit float64, unit string) {
	r.target(id, value, fmt.Sprintf("≤ %g %s", limit, unit), value <= limit)
}

func (r *Report) target(id string, value float64, want string, met bool) {
	met = met && !math.IsNaN(value) && !math.IsInf(value, 0)
	r.Targets = append(r.Targets, Target{ID: id, Value: finite(value), Want: want, Met: met})
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return -1
	}
	return v
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
