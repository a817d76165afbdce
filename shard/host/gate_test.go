package host

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// What comes from clients is refused while the gate is closed, by its demand; reads
// and what the node proposes by itself go on.
func TestALaneAsksTheGate(t *testing.T) {
	var g gate.Gate
	h := open(t, vfs.NewMem(), func(o *Options) { o.Gate = &g })
	c := newCaller(t, h)
	if r := c.write("b", leaderboard.KindCreate, createBody("b")); r.err != nil || r.status != fault.OK {
		t.Fatalf("%+v", r)
	}
	c.write("b", leaderboard.KindSubmit, submitBody("b", 1, 7))
	why := fault.New(fault.ResourceExhausted, "the disk is low")
	remove := leaderboard.RemoveRequest{Board: "b", Owner: grid.ID{1}}
	g.Close(gate.DiskLow, why)
	stage := func(l grid.Lane, kind grid.Kind, b []byte) error {
		return l.Write(grid.SlotOf("b"), kind, grid.RequestID{}, b, grid.Ref{})
	}
	if err := stage(c.lane, leaderboard.KindSubmit, submitBody("b", 1, 7)); err != why {
		t.Errorf("a submit: %v", err)
	}
	if got := c.score("b", 1, grid.Leader); got != 7 {
		t.Errorf("a read gives %d", got)
	}
	if r := c.write("b", leaderboard.KindRemove, body(remove.Fields(), remove.Append)); r.err != nil {
		t.Errorf("a removal: %v", r.err)
	}
	g.Close(gate.DiskFull, why)
	if err := stage(c.lane, leaderboard.KindRemove, body(remove.Fields(), remove.Append)); err != why {
		t.Errorf("a removal on a full disk: %v", err)
	}
	own := h.OpenOwn(func(*grid.Outcomes) {})
	if err := stage(own, leaderboard.KindSubmit, submitBody("b", 1, 7)); err != nil {
		t.Errorf("the node's own: %v", err)
	}
	g.Open(gate.DiskLow)
	g.Open(gate.DiskFull)
	if r := c.write("b", leaderboard.KindSubmit, submitBody("b", 2, 3)); r.err != nil || r.status != fault.OK {
		t.Errorf("with the gate open: %+v", r)
	}
}
