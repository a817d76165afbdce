package shard

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
)

// detachedAt returns which of a user's sessions wait for their end.
func detachedAt(t *rapid.T, m *Machine, user grid.ID) (all []bool) {
	r := session.ListRequest{User: user}
	reply, err := m.Query(grid.SlotOf(user[:]), session.KindList, body(r.Fields(), r.Append), nil)
	if err != nil {
		t.Fatalf("list sessions: %v", err)
	}
	in := pack.NewCursor(reply)
	list, err := session.DecodeListReply(&in)
	if err != nil {
		t.Fatalf("list sessions: %v", err)
	}
	for _, s := range list.Sessions {
		all = append(all, !s.Attached)
	}
	return all
}

// TestSweep: a sweep reaches every slot in use, the one that it is addressed to
// among them, and no command of a dead gateway is taken from then on, whatever
// snapshots lie in between. A machine always knows when something is due.
func TestSweep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, at := NewMachine(), int64(1)
		do := func(s grid.Slot, kind grid.Kind, b []byte) fault.Code {
			at++
			out := apply(t, m, entryOf(at, []slot.Command{{Slot: s, Kind: kind, Body: b}}))
			if rapid.IntRange(0, 3).Draw(t, "restore") == 0 {
				m = restored(t, m)
			}
			checkDue(t, m)
			return fault.Code(out[0][0])
		}
		open := func(user byte, origin grid.Origin) fault.Code {
			r := session.OpenRequest{User: grid.ID{user}, Origin: origin, Conn: uint64(at)}
			return do(grid.SlotOf(r.User[:]), session.KindOpen, body(r.Fields(), r.Append))
		}
		node := func() uint32 { return uint32(rapid.IntRange(1, 2).Draw(t, "node")) }
		live := map[uint32]uint64{1: 1, 2: 1} // incarnations
		want := map[byte][]uint32{}           // nodes of attached sessions; 0: detached
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			n := node()
			if rapid.IntRange(0, 4).Draw(t, "sweep") > 0 {
				user := byte(rapid.IntRange(1, 10).Draw(t, "user"))
				if got := open(user, grid.OriginOf(n, live[n])); got != fault.OK {
					t.Fatalf("open: %v", got)
				}
				want[user] = append(want[user], n)
				continue
			}
			live[n]++
			w := slot.Sweep{Origin: grid.OriginOf(n, live[n]), Grace: 1 << 30}
			to := grid.SlotOf((&grid.ID{byte(rapid.IntRange(1, 10).Draw(t, "to"))})[:])
			if got := do(to, slot.KindSweep, w.Append(nil)); got != fault.OK {
				t.Fatalf("sweep: %v", got)
			}
			for _, nodes := range want {
				for i := range nodes {
					if nodes[i] == n {
						nodes[i] = 0
					}
				}
			}
			if got := open(1, grid.OriginOf(n, live[n]-1)); got != fault.Aborted {
				t.Fatalf("a dead gateway opened a session: %v", got)
			}
		}
		for user, nodes := range want {
			for i, detached := range detachedAt(t, m, grid.ID{user}) {
				if detached != (nodes[i] == 0) {
					t.Fatalf("session %d of user %d: detached is %v", i, user, detached)
				}
			}
		}
	})
}

// checkDue compares what the machine has noted with what its slots say.
func checkDue(t *rapid.T, m *Machine) {
	for i := range grid.Slot(grid.Slots) {
		due, noted := int64(math.MaxInt64), int64(math.MaxInt64)
		if s := m.slots.get(i); s != nil {
			due = s.Due()
		}
		if p := m.slots[i/slotsPerPage]; p != nil {
			noted = p.due[i%slotsPerPage]
		}
		if noted != due {
			t.Fatalf("slot %d is due at %d, noted is %d", i, due, noted)
		}
	}
}
