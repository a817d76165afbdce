package gate

import (
	"testing"

	"github.com/thronggrid/throng/grid/fault"
)

// TestTable: each cause refuses what the package comment says.
func TestTable(t *testing.T) {
	for c, want := range map[Cause][demands]bool{
		DiskFull: {true, true, true}, MemoryHigh: {true, true, false}, DiskLow: {true, false, false},
	} {
		var g Gate
		why := fault.New(fault.ResourceExhausted, "short")
		g.Close(c, why)
		for d := range demands {
			err := g.Check(d)
			if (err != nil) != want[d] || err != nil && err != why {
				t.Errorf("cause %d, demand %d: %v", c, d, err)
			}
		}
		if !g.Closed() {
			t.Errorf("cause %d: the gate is open", c)
		}
		g.Open(c)
		for d := range demands {
			if err := g.Check(d); err != nil || g.Closed() {
				t.Errorf("cause %d, demand %d: %v after it was lifted", c, d, err)
			}
		}
	}
}

// TestSeveralCauses: clients hear of the gravest, and the others stay.
func TestSeveralCauses(t *testing.T) {
	var g Gate
	low, high := fault.New(fault.ResourceExhausted, "disk"), fault.New(fault.ResourceExhausted, "memory")
	g.Close(DiskLow, low)
	g.Close(MemoryHigh, high)
	if err := g.Check(Grows); err != high {
		t.Errorf("both: %v", err)
	}
	g.Open(MemoryHigh)
	if err := g.Check(Grows); err != low {
		t.Errorf("one lifted: %v", err)
	}
	if err := g.Check(Enters); err != nil {
		t.Errorf("a session when the disk is low: %v", err)
	}
	if n := g.Refused(); n != 2 {
		t.Errorf("%d refused, want 2", n)
	}
}

func TestANilGateAdmitsAll(t *testing.T) {
	var g *Gate
	g.Close(DiskFull, fault.New(fault.ResourceExhausted, "full"))
	if g.Closed() || g.Check(Grows) != nil {
		t.Error("it refuses")
	}
}
