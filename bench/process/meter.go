package process

import (
	"math"
	"time"
)

// Meter measures processor time, user and system, from its making on: that of a
// child, and the benchmark's own.
type Meter struct {
	child     *Process // nil: none that can be measured
	then, own time.Duration
}

// NewMeter begins to measure; the child is nil when the server is not the
// benchmark's own.
func NewMeter(child *Process) Meter {
	m := Meter{child: child, own: SelfCPU()}
	if child != nil {
		m.then, _ = child.CPU() // what has ended cannot be read later either
	}
	return m
}

// PerOp returns how many µs the child has used since for each of n operations. It
// is not a number when that is not known: without a child, and when it has ended.
func (m *Meter) PerOp(n int64) float64 {
	if m.child == nil {
		return math.NaN()
	}
	now, err := m.child.CPU()
	if err != nil {
		return math.NaN()
	}
	return micros(now-m.then) / float64(n)
}

// OwnPerOp returns how many µs this process has used since for each of n operations.
func (m *Meter) OwnPerOp(n int64) float64 { return micros(SelfCPU()-m.own) / float64(n) }

func micros(d time.Duration) float64 { return d.Seconds() * 1e6 }
