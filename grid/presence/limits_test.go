package presence

import (
	"math"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// crowd returns a stream with n presences.
func crowd(key []byte, n int) *Streams {
	s := New()
	g := &group{gen: s.gen}
	for i := range n {
		g.append(&member{session: grid.SessionID(i + 1), user: person(i)})
	}
	s.byKey.Set(string(key), stream{group: g})
	s.members = n
	return s
}

// scatter returns n streams with one presence each.
func scatter(n int) *Streams {
	s := New()
	for i := range n {
		s.add(status(i), stream{}, &member{session: grid.SessionID(i + 1), user: person(i)})
	}
	return s
}

// TestFull: what does not fit is told to the user's slot, and to nobody else; what
// is there can be changed, and makes room when it goes.
func TestFull(t *testing.T) {
	hall := room("hall")
	crowded, scattered := crowd(hall, MembersMax), scatter(StreamsPerSlotMax)
	packed := crowd(hall, 2)
	packed.members = MembersPerSlotMax
	for name, c := range map[string]struct {
		s          *Streams
		there, key []byte // a stream with session 1, one that is refused
		say        string
	}{
		"stream":              {crowded, hall, hall, "use several"},
		"streams of a slot":   {scattered, status(0), hall, "use another name"},
		"presences of a slot": {packed, hall, room("side"), "use another name"},
	} {
		const late = 2_000_000
		r := EnterRequest{Key: c.key, Session: session(late), User: person(late), HasStatus: true}
		turn := newTurn()
		streams, members := c.s.Len()
		if _, err := c.s.Apply(&turn.Turn, KindEnter, bodyOf(&r), nil); err != nil {
			t.Fatal(err)
		}
		if turn.hints() != nil || len(turn.sent) != 1 || c.s.Present(c.key, r.Session) {
			t.Fatalf("%s: %v, %v", name, turn.hints(), turn.sent)
		}
		checkDropped(t, turn, &r, c.say)
		if a, b := c.s.Len(); a != streams || b != members {
			t.Errorf("%s: %d and %d, were %d and %d", name, a, b, streams, members)
		}
		again := EnterRequest{Key: c.there, Session: 1, User: person(0), HasStatus: true, Status: []byte("new")}
		if hints, sent, err := do(c.s, KindEnter, &again); len(hints) != 2 || sent != nil || err != nil {
			t.Errorf("%s: another status: %v, %v, %v", name, hints, sent, err)
		}
		r.HasStatus = false
		if hints, sent, err := do(c.s, KindEnter, &r); hints != nil || sent != nil || err != nil {
			t.Errorf("%s: bound again: %v, %v, %v", name, hints, sent, err)
		}
		r.HasStatus = true
		if _, _, err := do(c.s, KindLeave, &LeaveRequest{c.there, 1}); err != nil {
			t.Fatal(err)
		}
		if hints, sent, err := do(c.s, KindEnter, &r); len(hints) != 2 || sent != nil || err != nil {
			t.Errorf("%s: with room: %v, %v, %v", name, hints, sent, err)
		}
	}
}

func checkDropped(t *testing.T, turn *turn, r *EnterRequest, say string) {
	t.Helper()
	in := pack.NewCursor(turn.sent[0].body)
	var d DroppedRequest
	err := d.Decode(&in, in.Array())
	if err != nil || in.Done() != nil || d.User != r.User || d.Session != r.Session ||
		string(d.Key) != string(r.Key) || d.Code != fault.ResourceExhausted ||
		!strings.Contains(d.Message, say) {
		t.Errorf("%+v, %v, %v", d, err, in.Done())
	}
	if turn.sent[0].kind != KindDropped || turn.sent[0].to != grid.SlotOf(r.User[:]) {
		t.Errorf("%#04x to slot %d", uint16(turn.sent[0].kind), turn.sent[0].to)
	}
}

// TestNothingIsDue: presences never expire by themselves.
func TestNothingIsDue(t *testing.T) {
	s := New()
	enter(s, room("hall"), 1, "")
	turn := newTurn()
	turn.Stamp = math.MaxInt64
	s.Tick(&turn.Turn)
	if s.Due() != math.MaxInt64 || s.members != 1 || turn.hints() != nil {
		t.Error("something is due")
	}
}
