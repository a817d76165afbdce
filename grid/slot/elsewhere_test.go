package slot

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// at lets a command arrive at a slot.
func at(slots map[grid.Slot]*Slot, c *Command, stamp int64) []byte {
	if slots[c.Slot] == nil {
		slots[c.Slot] = New()
	}
	return slots[c.Slot].Apply(&grid.Turn{}, stamp, c, nil)
}

// TestWhatIsNoEndOfARequestIsNotRemembered: a command that belongs elsewhere, or
// must be asked again, may be sent again under its number until it is done; then
// it is not done twice.
func TestWhatIsNoEndOfARequestIsNotRemembered(t *testing.T) {
	slots := map[grid.Slot]*Slot{}
	root := grid.SlotOf("b")
	r := leaderboard.CreateRequest{Board: "b", Operator: leaderboard.Incr, Stripes: 64}
	made := &Command{Slot: root, Kind: leaderboard.KindCreate, Body: body(r.Fields(), r.Append)}
	if out := at(slots, made, 1); code(out) != fault.OK {
		t.Fatalf("create: %q", out)
	}
	sent := submit("b", 1, 10).as(7, 1, 1)
	sent.Slot = root
	first := at(slots, sent, 2)
	if again := at(slots, sent, 3); first[0] != grid.StatusElsewhere || !bytes.Equal(first, again) {
		t.Fatalf("at the root: %q, again %q", first, again)
	}
	e, id, err := grid.ReadElsewhere(first[1:])
	id.Client = sent.ID.Client
	if err != nil || id != sent.ID || e.Slot == root {
		t.Fatalf("%+v, %+v, %v, want %+v", e, id, err, sent.ID)
	}
	sentOn := &Command{Slot: e.Slot, Kind: sent.Kind, ID: id, Body: e.Body}
	if out := at(slots, sentOn, 4); code(out) != fault.Unavailable {
		t.Fatalf("before the stripe is there: %q", out)
	}
	deliverAll(slots, root, 5)
	done := at(slots, sentOn, 6)
	if again := at(slots, sentOn, 7); code(done) != fault.OK || !bytes.Equal(done, again) {
		t.Fatalf("at the stripe: %q, again %q", done, again)
	}
	in := pack.NewCursor(done[1:])
	if got, err := leaderboard.DecodeSubmitReply(&in); err != nil || got.Score != 10 {
		t.Fatalf("%+v, %v", got, err)
	}
}

// deliverAll carries out the duties of a slot.
func deliverAll(slots map[grid.Slot]*Slot, from grid.Slot, stamp int64) {
	slots[from].Duties(from, nil, func(to grid.Slot, _ uint64, body []byte) {
		at(slots, &Command{Slot: to, Kind: KindDeliver, Body: bytes.Clone(body)}, stamp)
	})
}
