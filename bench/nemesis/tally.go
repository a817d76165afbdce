package nemesis

import (
	"context"

	"github.com/thronggrid/throng/bench/process"
)

// The metrics of nodes that say what a run went through.
const (
	electionsMetric = "throng_elections_total"
	installedMetric = "throng_snapshots_installed_total"
)

// tally adds up counters of nodes over their restarts, which begin at 0 again: what one
// counted after it was last looked at and before it was killed is not in it.
type tally struct {
	nodes []map[string]float64 // what each said last
	sums  map[string]float64
}

func newTally(nodes int) *tally {
	return &tally{nodes: make([]map[string]float64, nodes), sums: map[string]float64{}}
}

// look reads the counters of all nodes that answer.
func (t *tally) look(ctx context.Context, c *process.Cluster) {
	for i, n := range c.Nodes {
		now, err := n.Metrics(ctx)
		if err != nil {
			continue // it is down, or will be
		}
		t.add(i, now)
	}
}

func (t *tally) add(node int, now map[string]float64) {
	for name, value := range now {
		before := t.nodes[node][name]
		if value < before {
			before = 0 // the node was started again
		}
		t.sums[name] += value - before
	}
	t.nodes[node] = now
}
