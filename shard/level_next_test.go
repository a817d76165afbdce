//go:build nextlevel

package shard

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/slot"
)

// TestAHigherLevelIsInForceFromItsFirstEntryOn, and stays so through snapshots and entries
// of a proposer who has not heard of it.
func TestAHigherLevelIsInForceFromItsFirstEntryOn(t *testing.T) {
	m := NewMachine()
	at := grid.SlotOf("\x02room")
	enter := func(level uint64, session grid.SessionID) string {
		r := presence.EnterRequest{Key: []byte("\x02room"), Session: session, User: grid.ID{1},
			Status: []byte(" away "), HasStatus: true}
		c := slot.Command{Slot: at, Kind: presence.KindEnter,
			Body: r.Append(pack.AppendArray(nil, r.Fields()))}
		e := Entry{Level: level, At: 1, Count: 1}
		for _, result := range apply(t, m, c.Append(e.AppendHead(nil))) {
			if result[0] != 0 {
				t.Fatalf("%q", result)
			}
		}
		var found string
		list := presence.ListRequest{Key: []byte("\x02room"), Limit: 100}
		in := pack.NewCursor(list.Append(nil))
		_, b, err := presence.Ops()[0].Prepare(nil, &in, list.Fields(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err = m.Query(at, presence.KindList, b, nil); err != nil {
			t.Fatal(err)
		}
		in = pack.NewCursor(b)
		page, err := presence.DecodeListReply(&in)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range page.Members {
			if member.Session == session {
				found = member.Status
			}
		}
		return found
	}
	for i, step := range []struct {
		level uint64
		want  string
	}{{1, " away "}, {2, "away"}, {1, "away"}} {
		if got := enter(step.level, grid.SessionID(i+1)); got != step.want {
			t.Errorf("step %d: %q", i, got)
		}
		before := m.Digest()
		m = restored(t, m)
		if m.Digest() != before {
			t.Error("the digest changes with a snapshot")
		}
	}
	if m.Level() != 2 {
		t.Errorf("level %d", m.Level())
	}
	low := m.Clone()
	low.level = 1
	if low.Digest() == m.Digest() {
		t.Error("the digest does not tell the levels apart")
	}
}
