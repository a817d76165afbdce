package presences

import (
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/netio/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGhostsAndMissingAreCounted(t *testing.T) {
	ids := func(ids ...grid.SessionID) []grid.SessionID { return ids }
	for _, c := range []struct {
		want, got       []grid.SessionID
		missing, ghosts int
	}{
		{nil, nil, 0, 0},
		{ids(1, 2, 3), ids(1, 2, 3), 0, 0},
		{ids(1, 2, 3), ids(1, 3), 1, 0},
		{ids(1, 2, 3), ids(1, 2, 3, 4), 0, 1},
		{ids(1, 2, 3), ids(1, 4, 5), 2, 2}, // as many as should be
		{ids(5), nil, 1, 0},
		{nil, ids(1, 2), 0, 2},
		{ids(1, 2), ids(1, 1, 2), 0, 1}, // one is there twice
	} {
		if missing, ghosts := compare(c.want, c.got); missing != c.missing || ghosts != c.ghosts {
			t.Errorf("%v are there of %v: %d missing, %d ghosts", c.got, c.want, missing, ghosts)
		}
	}
}

// event is one that tells of joins and leaves, after which so many are present.
func event(joins, leaves, count int) *presence.ChangedEvent {
	return &presence.ChangedEvent{Joins: joins, Leaves: leaves, Count: count}
}

func TestAnAccountAddsUp(t *testing.T) {
	for _, c := range []struct {
		name        string
		events      []*presence.ChangedEvent
		here, wrong int
	}{
		{"nothing", nil, 0, 0},
		{"right", []*presence.ChangedEvent{event(5, 0, 9), event(3, 1, 11), event(0, 4, 7)}, 7, 0},
		{"an event lost", []*presence.ChangedEvent{event(5, 0, 9), event(0, 4, 7)}, 7, 1},
		{"an event twice", []*presence.ChangedEvent{event(5, 0, 9), event(1, 0, 10), event(1, 0, 10)}, 10, 1},
		{"a leave not told", []*presence.ChangedEvent{event(5, 0, 9), event(2, 0, 10)}, 10, 1},
	} {
		var a account
		for _, e := range c.events {
			a.hear(e)
		}
		if got := a.sum(); got.here != c.here || got.wrong != c.wrong || got.pushes != int64(len(c.events)) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	var a account
	if err := a.take(wire.Frame{Kind: wire.KindMissed}); err != nil || a.sum().wrong != 1 {
		t.Errorf("dropped pushes were passed over: %+v, %v", a.sum(), err)
	}
	if err := a.take(wire.Frame{Kind: presence.KindChanged, Body: []byte{0xc0}}); err == nil {
		t.Error("an event that cannot be read was passed over")
	}
}

// A member is astray when it was told wrong, or has not heard of all.
func TestMembersAstrayAreCounted(t *testing.T) {
	b := &bench{members: []*member{{}, {}, {}}}
	for range 2 {
		b.members[0].account.hear(event(0, 0, 4))
		b.members[1].account.hear(event(0, 0, 3)) // four are there: three members and the watcher
	}
	b.members[2].account.hear(event(0, 0, 3))
	b.members[2].account.hear(event(0, 0, 4))
	if n := b.astray(); n != 2 {
		t.Errorf("%d astray, want 2", n)
	}
}

func TestChurnVerdict(t *testing.T) {
	right := churned{members: 10, changes: 9000, took: time.Second, cpu: 50, pushes: 10 * 20, told: 5000}
	for _, c := range []struct {
		name  string
		spoil func(*churned)
		ok    bool
	}{
		{"right", func(*churned) {}, true},
		{"a push for each change", func(c *churned) { c.pushes = 10 * 9000 }, false},
		{"28 pushes in a second", func(c *churned) { c.pushes = 10 * 28 }, false},
		{"one member told wrong", func(c *churned) { c.astray = 1 }, false},
		{"nobody came", func(c *churned) { c.changes = 0 }, false},
	} {
		v := right
		c.spoil(&v)
		r := report.New("presence")
		v.note(r)
		if r.OK != c.ok {
			t.Errorf("%s: %+v", c.name, r.Checks)
		}
	}
	r := report.New("presence")
	right.cpu = math.NaN() // of a server that is not the benchmark's own
	right.note(r)
	for _, m := range r.Metrics {
		want := map[string]float64{"entering and leaving": 9000, "server CPU for each": -1,
			"pushes to each member": 20, "changes told in a push": 25}[m.Name]
		if m.Value != want {
			t.Errorf("%s is %g, want %g", m.Name, m.Value, want)
		}
	}
}

func TestStormVerdict(t *testing.T) {
	for _, c := range []struct {
		name    string
		marked  int
		changes int64
		ok      bool
	}{
		{"silent", 10, 10, true},
		{"told of one leave", 10, 11, false},
		{"one has not heard of the marker", 9, 9, false},
		{"one has heard of another change in its place", 9, 10, false},
	} {
		r := report.New("presence")
		noteStorm(r, 10, c.marked, c.changes)
		if r.OK != c.ok {
			t.Errorf("%s: %+v", c.name, r.Checks)
		}
	}
}

func TestTheMarkerIsKnown(t *testing.T) {
	var a account
	a.hear(&presence.ChangedEvent{Updated: []presence.Member{{Status: "afk"}}, Updates: 1, Count: 4})
	if a.sum().marked {
		t.Error("another status was taken for the marker")
	}
	a.hear(&presence.ChangedEvent{Updated: []presence.Member{{Status: marker}}, Updates: 1, Count: 4})
	if got := a.sum(); !got.marked || got.updates != 2 || got.wrong != 0 {
		t.Errorf("%+v", got)
	}
}
