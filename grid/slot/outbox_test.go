package slot

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
)

// delivery is one KindDeliver command on its way.
type delivery struct {
	to   grid.Slot
	last uint64
	body []byte
}

func (s *Slot) do(at grid.Slot, kind grid.Kind, body []byte) fault.Code {
	return code(s.Apply(&grid.Turn{}, 1, &Command{Slot: at, Kind: kind, Body: body}, nil))
}

// TestEachDutyIsCarriedOutOnceAndInOrder sends duties between slots over a way
// that repeats, delays and reorders deliveries and acknowledgements, and takes
// both sides through snapshots.
func TestEachDutyIsCarriedOutOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const sources, target = 2, grid.Slot(9)
		slots := []*Slot{New(), New(), New()}
		taker := slots[sources]
		r := leaderboard.CreateRequest{Board: "b", Operator: leaderboard.Set}
		taker.do(target, leaderboard.KindCreate, body(r.Fields(), r.Append))
		var sent [sources]int64
		var way []delivery
		var from []grid.Slot
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			source := grid.Slot(rapid.IntRange(0, sources-1).Draw(t, "source"))
			s := slots[source]
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1: // the board keeps the last score: order shows
				sent[source]++
				r := leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{byte(source + 1)},
					Score: sent[source]}
				s.outbox.Send(target, leaderboard.KindSubmit, body(r.Fields(), r.Append))
			case 2:
				s.Duties(source, nil, func(to grid.Slot, last uint64, body []byte) {
					way = append(way, delivery{to, last, slices.Clone(body)})
					from = append(from, source)
				})
			case 3:
				if len(way) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(way)-1).Draw(t, "which")
				before := tally(t, taker)
				if c := taker.do(target, KindDeliver, way[i].body); c != fault.OK {
					t.Fatalf("a delivery met %v", c)
				}
				for j, was := range before {
					if now := tally(t, taker)[j]; now < was {
						t.Fatalf("source %d was at %d and is back at %d", j, was, now)
					}
				}
				if rapid.Bool().Draw(t, "acknowledged") {
					b := AppendCarried(nil, way[i].to, way[i].last)
					slots[from[i]].do(from[i], KindCarried, b)
				}
			case 4:
				i := rapid.IntRange(0, sources).Draw(t, "restored")
				slots[i] = gridtest.Recode(t, Decode, slots[i])
				taker = slots[sources]
			}
		}
		settle(t, slots, target)
		for i, n := range tally(t, slots[sources]) {
			if n != sent[i] {
				t.Fatalf("source %d sent %d and %d arrived", i, sent[i], n)
			}
		}
	})
}

// tally returns the newest score of each source.
func tally(t interface{ Fatalf(string, ...any) }, s *Slot) (newest [2]int64) {
	for i := range newest {
		r := leaderboard.OwnersRequest{Board: "b", Owners: []grid.ID{{byte(i + 1)}}}
		reply, err := s.Query(leaderboard.KindOwners, body(r.Fields(), r.Append), nil)
		if err != nil {
			t.Fatalf("read the board: %v", err)
		}
		c := pack.NewCursor(reply)
		page, err := leaderboard.DecodePageReply(&c)
		if err != nil {
			t.Fatalf("read the board: %v", err)
		}
		for _, r := range page.Records {
			newest[i] = r.Score
		}
	}
	return newest
}

// settle delivers until nobody owes anything.
func settle(t *rapid.T, slots []*Slot, target grid.Slot) {
	for i, s := range slots[:len(slots)-1] {
		for s.Owes() {
			var way []delivery
			s.Duties(grid.Slot(i), nil, func(to grid.Slot, last uint64, body []byte) {
				way = append(way, delivery{to, last, slices.Clone(body)})
			})
			for _, d := range way {
				if d.to != target || slots[len(slots)-1].do(target, KindDeliver, d.body) != fault.OK {
					t.Fatalf("a delivery for slot %d met an error", d.to)
				}
				s.do(grid.Slot(i), KindCarried, AppendCarried(nil, d.to, d.last))
			}
		}
		if s.outbox.bytes != 0 || s.outbox.count != 0 {
			t.Fatalf("an empty outbox counts %d duties of %d bytes", s.outbox.count, s.outbox.bytes)
		}
	}
}

func TestAFullOutboxRefusesClients(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Set), nil)
	s.outbox.Send(1, leaderboard.KindSubmit, make([]byte, OutboxBytesMax))
	if got := code(s.Apply(&grid.Turn{}, 2, submit("b", 1, 1), nil)); got != fault.ResourceExhausted {
		t.Errorf("a full outbox answered %v", got)
	}
	s.do(0, KindCarried, AppendCarried(nil, 1, s.outbox.last))
	if got := code(s.Apply(&grid.Turn{}, 3, submit("b", 1, 1), nil)); got != fault.OK {
		t.Errorf("an emptied outbox answered %v", got)
	}
}

// While the outbox is full a slot does nothing of what is due, so nothing is: else
// it would be asked to do it again and again, in the log.
func TestNothingIsDueWhileTheOutboxIsFull(t *testing.T) {
	s := New()
	o := session.OpenRequest{User: grid.ID{1}, Origin: 1, Conn: 1}
	d := session.DetachRequest{User: o.User, Origin: 1, Conn: 1, Grace: 5}
	s.do(0, session.KindOpen, body(o.Fields(), o.Append))
	s.do(0, session.KindDetach, body(d.Fields(), d.Append))
	due := s.Due()
	if due == math.MaxInt64 {
		t.Fatal("a detached session is never due")
	}
	for !s.outbox.full() {
		s.outbox.Send(1, leaderboard.KindSubmit, make([]byte, 1<<19))
	}
	s = gridtest.Recode(t, Decode, s)
	if got := s.Due(); got != math.MaxInt64 {
		t.Errorf("something is due at %d while the outbox is full", got)
	}
	s.do(0, KindCarried, AppendCarried(nil, 1, s.outbox.last))
	if got := s.Due(); got != due {
		t.Errorf("due at %d with room in the outbox, was %d before", got, due)
	}
}

func TestACloneKeepsItsOutbox(t *testing.T) {
	s := New()
	for i := range 10 {
		s.outbox.Send(grid.Slot(i%3), leaderboard.KindSubmit, []byte{byte(i)})
	}
	c := s.Clone()
	before := gridtest.Encode(c)
	s.do(0, KindCarried, AppendCarried(nil, 1, 5))
	s.outbox.Send(2, leaderboard.KindSubmit, []byte("new"))
	s.outbox.Send(7, leaderboard.KindSubmit, []byte("new"))
	s.outbox.heard.Set(3, 3)
	if !bytes.Equal(before, gridtest.Encode(c)) {
		t.Error("the clone changed with its original")
	}
}

func TestChoresWithBadBodies(t *testing.T) {
	bad := [][]byte{nil, {0x90}, {0xc0}, {0x91, 0xff}, {0x92, 1}, {0x94, 1, 1, 1, 0xc0, 1},
		{0x91, 0xcd, 0x10, 0x00}, {0x92, 0xcd, 0x10, 0x00, 0xc0}, {0x93, 0xc0, 2, 3}}
	for _, kind := range []grid.Kind{KindDeliver, KindCarried, KindSweep, 0x00F5, 0} {
		for _, b := range bad {
			s := New()
			if s.do(0, kind, b) == fault.OK {
				t.Errorf("%#x took % x", kind, b)
			}
			if s.outbox.heard.Len() != 0 {
				t.Errorf("%#x with % x left a trace", kind, b)
			}
		}
	}
}

// TestOnlyWhatIsWantedIsEncoded: who has no room for more costs the slot next to
// nothing, however much it owes.
func TestOnlyWhatIsWantedIsEncoded(t *testing.T) {
	s := New()
	for to := range grid.Slot(100) {
		s.outbox.Send(to, leaderboard.KindSubmit, make([]byte, 1000))
	}
	want := func(to grid.Slot) bool { return to == 7 }
	s.Duties(1, want, func(to grid.Slot, last uint64, _ []byte) {
		if to != 7 || last != 8 {
			t.Errorf("duties up to %d for slot %d", last, to)
		}
	})
	none := func(grid.Slot) bool { return false }
	if n := testing.AllocsPerRun(10, func() { s.Duties(1, none, nil) }); n > 1 {
		t.Errorf("%v allocations for nothing", n)
	}
}
