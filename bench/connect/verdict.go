package connect

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/report"
)

// sample is what a number of new connections took.
type sample struct {
	rate float64 // connections a second
	cpu  float64 // µs of the server's processor time for each
}

// round is one measurement of bare connects and one of logins, close together.
type round struct{ bare, login sample }

// noteLogins reports T2.
func noteLogins(r *report.Report, rounds []round) {
	note := func(name, unit string, get func(*round) float64) float64 {
		median := report.MedianOf(rounds, get)
		r.Metric(name, median, unit)
		return median
	}
	note("bare connects", "1/s", func(r *round) float64 { return r.bare.rate })
	note("bare connect CPU", "µs", func(r *round) float64 { return r.bare.cpu })
	rate := note("logins on new connections", "1/s", func(r *round) float64 { return r.login.rate })
	note("login CPU", "µs", func(r *round) float64 { return r.login.cpu })
	r.AtLeast("T2", rate/nakamaLogins, 2, "× Nakama's logins")
	// The noise of a shared machine hits neighbours in time alike.
	beyond := report.MedianOf(rounds, func(r *round) float64 { return r.login.cpu - r.bare.cpu })
	r.AtMost("T2 CPU", beyond, 60, "µs beyond the bare connect")
}

// memory is what the server holds with so many sessions.
type memory struct {
	sessions int
	rss      int64 // bytes
}

// noteMemory reports T1: the slope between two sizes of the crowd, which leaves out
// what the server holds without any.
func noteMemory(r *report.Report, small, large memory) {
	for _, m := range []memory{small, large} {
		r.Metric(fmt.Sprintf("RSS with %d sessions", m.sessions), mib(m.rss), "MiB")
	}
	each := float64(large.rss-small.rss) / float64(large.sessions-small.sessions)
	r.Metric("memory of a session with a presence", each, "B")
	r.AtMost("T1", each/(1<<10), 1.25, "KiB")
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// calm knows since when memory has not fallen.
type calm struct {
	least int64         // bytes; 0: nothing was seen
	since time.Duration // when it was seen, from the first look
}

// look takes what is held now and returns for how long it has not fallen, by more
// than a two-hundredth.
func (c *calm) look(rss int64, now time.Duration) time.Duration {
	if c.least == 0 || rss < c.least-c.least/200 {
		c.least, c.since = rss, now
	}
	return now - c.since
}
