package connect

import (
	"slices"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/report"
)

// met returns which targets a report says are met.
func met(r *report.Report) map[string]bool {
	out := map[string]bool{}
	for _, t := range r.Targets {
		out[t.ID] = t.Met
	}
	return out
}

func TestMemoryIsTheSlope(t *testing.T) {
	const base = 300 << 20 // what the server holds by itself must not count
	for _, c := range []struct {
		each int64 // bytes a session
		met  bool
	}{{600, true}, {1280, true}, {1281, false}, {46_080, false}} {
		r := report.New("connect")
		noteMemory(r, memory{2000, base + 2000*c.each}, memory{14_000, base + 14_000*c.each})
		want := report.Metric{Name: "memory of a session with a presence", Value: float64(c.each), Unit: "B"}
		if met(r)["T1"] != c.met || !slices.Contains(r.Metrics, want) {
			t.Errorf("%d B each: %+v, %+v", c.each, r.Targets, r.Metrics)
		}
	}
}

func TestLoginsAreComparedRoundByRound(t *testing.T) {
	// The third round was disturbed, both halves of it alike.
	rounds := []round{
		{sample{16_000, 9}, sample{6000, 60}},
		{sample{15_000, 10}, sample{5332, 70}},
		{sample{2000, 90}, sample{900, 151}},
	}
	r := report.New("connect")
	noteLogins(r, rounds)
	if got := met(r); !got["T2"] || !got["T2 CPU"] {
		t.Errorf("%+v", r.Targets)
	}
	rounds[0].login, rounds[1].login = sample{5331, 70}, sample{5331, 71}
	r = report.New("connect")
	noteLogins(r, rounds)
	if got := met(r); got["T2"] || got["T2 CPU"] {
		t.Errorf("%+v", r.Targets)
	}
}

// Memory is at rest when it has not fallen for a while, whatever it rose to.
func TestMemoryComesToRest(t *testing.T) {
	var c calm
	for i, step := range []struct {
		at   time.Duration
		rss  int64
		rest time.Duration
	}{
		{0, 1000, 0}, {1, 1000, 1}, {2, 1200, 2}, {3, 996, 3}, // less than a two-hundredth
		{4, 994, 0}, {5, 990, 1}, {6, 800, 0}, {9, 5000, 3},
	} {
		if got := c.look(step.rss, step.at); got != step.rest {
			t.Errorf("look %d: at rest for %d, want %d", i, got, step.rest)
		}
	}
}
