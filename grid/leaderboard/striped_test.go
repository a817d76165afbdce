package leaderboard

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// slots is a world of slots and of two edges, each with a memory of its own.
type slots struct {
	boards map[grid.Slot]*Boards
	duties []duty // sent and not yet carried out
	edges  [2]map[grid.Kind]grid.Op
	edge   int    // the one that requests come to
	reads  int    // of slots
	sentOn int    // writes
	before func() // each read of a slot
}

type duty struct {
	to   grid.Slot
	kind grid.Kind
	body []byte
}

func newSlots() *slots {
	s := &slots{boards: map[grid.Slot]*Boards{}, before: func() {}}
	for i := range s.edges {
		s.edges[i] = map[grid.Kind]grid.Op{}
		for _, op := range Ops() {
			s.edges[i][op.Kind] = op
		}
	}
	return s
}

func (s *slots) at(slot grid.Slot) *Boards {
	if s.boards[slot] == nil {
		s.boards[slot] = New()
	}
	return s.boards[slot]
}

// Send is grid.Outbox's.
func (s *slots) Send(to grid.Slot, kind grid.Kind, body []byte) {
	s.duties = append(s.duties, duty{to, kind, bytes.Clone(body)})
}

// deliver carries out all duties, some of them twice.
func (s *slots) deliver(stamp int64) {
	for i := 0; i < len(s.duties); i++ {
		d := s.duties[i]
		for range 1 + i%2 {
			if _, err := s.at(d.to).Apply(s.turn(d.to, stamp), d.kind, d.body, nil); err != nil {
				panic(err)
			}
		}
		clear(d.body)
	}
	s.duties = nil
}

func (s *slots) turn(slot grid.Slot, stamp int64) *grid.Turn {
	return &grid.Turn{Slot: slot, Stamp: stamp, Outbox: s}
}

func (s *slots) tick(stamp int64) {
	for slot, b := range s.boards {
		for b.Due() <= stamp {
			b.Tick(s.turn(slot, stamp))
		}
	}
}

// write does what an edge does with a write.
func (s *slots) write(c *grid.Caller, kind grid.Kind, stamp int64, r request) ([]byte, error) {
	op := s.edges[s.edge][kind]
	in := pack.NewCursor(r.Append(nil))
	key, body, err := op.Prepare(c, &in, r.Fields(), nil)
	if err != nil {
		return nil, err
	}
	slot := grid.SlotOf(key)
	for range 3 {
		out, err := s.at(slot).Apply(s.turn(slot, stamp), kind, body, nil)
		clear(body)
		if f, ok := err.(*fault.Error); ok && f.Retry > 0 && len(s.duties) > 0 {
			s.deliver(stamp)
			return s.write(c, kind, stamp, r) // as a client does
		}
		var e *grid.Elsewhere
		if !errors.As(err, &e) {
			return out, err
		}
		op.Scatter.Learn(e.Body)
		slot, body = e.Slot, bytes.Clone(e.Body)
		s.sentOn++
	}
	return nil, errors.New("the write was sent on more than twice")
}

// read does what an edge does with a read.
func (s *slots) read(c *grid.Caller, kind grid.Kind, r request) ([]byte, error) {
	op := s.edges[s.edge][kind]
	in := pack.NewCursor(r.Append(nil))
	key, body, err := op.Prepare(c, &in, r.Fields(), nil)
	if err != nil {
		return nil, err
	}
	out, err := s.at(grid.SlotOf(key)).Query(kind, body, []byte("before"))
	if err == grid.ErrPartial {
		part := bytes.TrimPrefix(out, []byte("before"))
		out, err = op.Scatter.Gather(body, part, s.query, []byte("before"))
	}
	if err != nil && string(out) != "before" {
		return nil, fmt.Errorf("%v, and output %q", err, out)
	}
	return bytes.TrimPrefix(out, []byte("before")), err
}

func (s *slots) query(slot grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	s.reads++
	s.before()
	return s.at(slot).Query(kind, body, out)
}

// TestStripedBoardsAgainstModel runs random requests on boards that are spread
// over slots, and on others, as TestBoardsAgainstModel does: from outside they
// must look the same while nothing else is written.
func TestStripedBoardsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSlots()
		w := world{host: s, model: model{}, stamp: 1_700_000_000_000_000}
		w.people = rapid.SampledFrom([]int{4, 60, 300}).Draw(t, "people")
		w.scores = rapid.SampledFrom([]int64{2, 50, math.MaxInt64}).Draw(t, "scores")
		for range rapid.IntRange(1, 2*w.people).Draw(t, "steps") {
			w.spreadStep(t, s)
		}
		for slot := range s.boards {
			again := gridtest.Recode(t, Decode, s.boards[slot])
			if digest(again) != digest(s.boards[slot]) || again.stripes != s.boards[slot].stripes ||
				again.striped != s.boards[slot].striped || again.Due() != s.boards[slot].Due() {
				t.Fatal("a slot is not what it was after a restore")
			}
		}
	})
}

func (w *world) spreadStep(t *rapid.T, s *slots) {
	name := rapid.SampledFrom([]string{"a", "größe"}).Draw(t, "board")
	owner := person(rapid.IntRange(0, w.people-1).Draw(t, "owner"))
	s.edge = rapid.IntRange(0, 1).Draw(t, "edge")
	w.stamp += 5
	dice := rapid.IntRange(0, 99).Draw(t, "dice")
	if dice >= 2 && dice < 4 {
		w.stamp += rapid.Int64Range(0, 100*60).Draw(t, "seconds") * second
	}
	s.tick(w.stamp) // so that all stripes are in the same period
	w.model.tick(w.stamp)
	leaves := slices.ContainsFunc(s.duties, func(d duty) bool { return d.kind == kindUnstripe })
	if rapid.IntRange(0, 2).Draw(t, "deliver") == 0 || leaves && dice >= 2 {
		s.deliver(w.stamp) // a stripe that leaves may still be written to
	}
	switch {
	case dice < 2:
		w.create(t, name)
	case dice < 3:
		w.delete(t, name)
	case dice < 8:
		slot := grid.SlotOf(name)
		s.boards[slot] = gridtest.Recode(t, Decode, s.at(slot))
	case dice < 15:
		w.remove(t, name, owner)
	case dice < 30:
		w.query(t, name, owner)
	default:
		w.submit(t, name, owner)
	}
}

// spread makes a board of some stripes with as many records, whose scores are
// given.
func spread(t testing.TB, of, records int, score func(i int) int64) (*slots, []Record) {
	t.Helper()
	s := newSlots()
	r := CreateRequest{Board: "big", Operator: Set, Stripes: of}
	if _, err := do(s, &server, KindCreate, 1, &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
	s.deliver(2)
	all := make([]Record, records)
	for i := range all {
		all[i] = Record{Owner: person(i), Score: score(i), Stamp: int64(10 + i)}
		r := SubmitRequest{Board: "big", Owner: person(i), Score: all[i].Score}
		if _, err := do(s, &server, KindSubmit, all[i].Stamp, &r, DecodeSubmitReply); err != nil {
			t.Fatal(err)
		}
	}
	m := modelBoard{}
	slices.SortFunc(all, m.before)
	return s, all
}

// TestRanksOfALargeSpreadBoard pages through a board that is too large for the
// first look, from many ranks.
func TestRanksOfALargeSpreadBoard(t *testing.T) {
	const records = 8_000
	chance := rand.New(rand.NewPCG(7, 8))
	lopsided := func(of int) func(int) int64 { // each stripe has scores of its own
		return func(i int) int64 {
			owner := person(i)
			return int64(stripeOf(&owner, of))*1_000_000 + chance.Int64N(1000)
		}
	}
	for name, c := range map[string]struct {
		of    int
		score func(int) int64
		reads int // a page may take
	}{
		"even":          {8, func(int) int64 { return chance.Int64N(1 << 40) }, 8 * 12},
		"many stripes":  {64, func(int) int64 { return chance.Int64N(1 << 40) }, 64 * 14},
		"few scores":    {3, func(int) int64 { return chance.Int64N(3) }, 3 * 12},
		"all the same":  {5, func(int) int64 { return 7 }, 5 * 12},
		"lopsided":      {8, lopsided(8), 8 * 50},
		"very lopsided": {64, lopsided(64), 64 * 80},
	} {
		t.Run(name, func(t *testing.T) {
			s, all := spread(t, c.of, records, c.score)
			for range 60 {
				s.reads = 0
				from := chance.IntN(records + 100)
				r := PageRequest{Board: "big", Rank: from + 1, Limit: 1 + chance.IntN(50)}
				got, err := ask(s, &player, KindPage, &r, DecodePageReply)
				got.Next, got.Previous = nil, nil
				same(t, "page", got, page(all, from, r.Limit), err, fault.OK)
				if s.reads > c.reads {
					t.Errorf("%d reads for rank %d", s.reads, from+1)
				}
			}
		})
	}
}

// TestAWalkOverASpreadBoard follows cursors from one end to the other, and back.
func TestAWalkOverASpreadBoard(t *testing.T) {
	s, all := spread(t, 5, 3_000, func(i int) int64 { return int64(i % 100) })
	r := PageRequest{Board: "big", Rank: 1, Limit: 70}
	var on, back []Record
	for {
		p, err := ask(s, &player, KindPage, &r, DecodePageReply)
		if err != nil {
			t.Fatal(err)
		}
		on = append(on, p.Records...)
		if r.Cursor = p.Next; r.Cursor == nil {
			r.Cursor = p.Previous
			back = p.Records
			break
		}
	}
	for r.Cursor != nil {
		p, err := ask(s, &player, KindPage, &r, DecodePageReply)
		if err != nil {
			t.Fatal(err)
		}
		back = append(p.Records, back...)
		r.Cursor = p.Previous
	}
	want := page(all, 0, len(all)).Records
	if !slices.Equal(on, want) || !slices.Equal(back, want) {
		t.Errorf("%d records on and %d back, want %d, or others", len(on), len(back), len(want))
	}
}

// TestReadsBesideWritesComeToAnEnd: while records move, a page is not exact, but
// in order, as long as it should be, and nobody is on it twice who did not move.
func TestReadsBesideWritesComeToAnEnd(t *testing.T) {
	const records = 5_000
	chance := rand.New(rand.NewPCG(9, 10))
	s, _ := spread(t, 8, records, func(int) int64 { return chance.Int64N(1000) })
	stamp := int64(1_000_000)
	busy := false
	s.before = func() {
		if busy {
			return
		}
		busy = true
		defer func() { busy = false }()
		for range 10 {
			stamp++
			r := SubmitRequest{Board: "big", Owner: person(chance.IntN(records)), Score: chance.Int64N(1000)}
			if _, err := do(s, &server, KindSubmit, stamp, &r, DecodeSubmitReply); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 60 {
		r := PageRequest{Board: "big", Rank: 1 + chance.IntN(records-100), Limit: 50}
		p, err := ask(s, &player, KindPage, &r, DecodePageReply)
		if fault.CodeOf(err) == fault.Unavailable {
			continue
		}
		sorted := slices.IsSortedFunc(p.Records, (&modelBoard{}).before)
		if err != nil || len(p.Records) != 50 || p.Total != records || p.Records[0].Rank != r.Rank || !sorted {
			t.Fatalf("%d of %d from rank %d, sorted %v: %v", len(p.Records), p.Total, r.Rank, sorted, err)
		}
		near := AroundRequest{Board: "big", Owner: person(chance.IntN(records)), Limit: 9}
		p, err = ask(s, &player, KindAround, &near, DecodePageReply)
		if err != nil || find(p.Records, near.Owner) < 0 {
			t.Fatalf("around %v: %+v, %v", near.Owner, p, err)
		}
	}
}

// TestEdgesLearnWhereStripesAre: a write is sent on once, and then no more.
func TestEdgesLearnWhereStripesAre(t *testing.T) {
	s, _ := spread(t, 8, 0, nil)
	write := func(edge, who int) (sentOn int) {
		s.edge, s.sentOn = edge, 0
		r := SubmitRequest{Board: "big", Owner: person(who), Score: 1}
		if _, err := do(s, &server, KindSubmit, 100, &r, DecodeSubmitReply); err != nil {
			t.Fatal(err)
		}
		return s.sentOn
	}
	far := 0 // an owner of neither root
	for who := range 100 {
		if owner := person(who); stripeOf(&owner, 8) != 0 && stripeOf(&owner, 2) != 0 {
			far = who
		}
	}
	for i, want := range []int{1, 0, 0} {
		if got := write(0, far); got != want {
			t.Errorf("write %d was sent on %d times, want %d", i, got, want)
		}
	}
	// The other edge learns from a read.
	s.edge = 1
	if _, err := ask(s, &player, KindInfo, &InfoRequest{Board: "big"}, DecodeInfoReply); err != nil {
		t.Fatal(err)
	}
	if got := write(1, far); got != 0 {
		t.Errorf("a write was sent on %d times after a read", got)
	}
	// Made anew, with other stripes: what was learned is wrong, and mended.
	for _, of := range []int{2, 0} {
		if _, err := do(s, &server, KindDelete, 200, &DeleteRequest{"big"}, DecodeDeleteReply); err != nil {
			t.Fatal(err)
		}
		r := CreateRequest{Board: "big", Stripes: of}
		if _, err := do(s, &server, KindCreate, 201+int64(of), &r, DecodeCreateReply); err != nil {
			t.Fatal(err)
		}
		s.deliver(210)
		if got, want := write(0, far), min(2, of+1); got != want {
			t.Errorf("%d stripes: the first write was sent on %d times, want %d", of, got, want)
		}
		if got := write(0, far); got != 0 {
			t.Errorf("%d stripes: the second write was sent on %d times", of, got)
		}
	}
}

func TestAWriteWaitsForItsStripe(t *testing.T) {
	s := newSlots()
	r := CreateRequest{Board: "big", Stripes: 3}
	if _, err := do(s, &server, KindCreate, 1, &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
	late := s.duties
	s.duties = nil
	refused := 0
	for who := range 30 {
		r := SubmitRequest{Board: "big", Owner: person(who), Score: 1}
		_, err := do(s, &server, KindSubmit, 2, &r, DecodeSubmitReply)
		if err == nil {
			continue
		}
		refused++
		e := err.(*fault.Error)
		if e.Code != fault.Unavailable || e.Retry == 0 || e.Unknown || !strings.Contains(e.Message, "ask again") {
			t.Errorf("%+v", e)
		}
	}
	info, err := ask(s, &player, KindInfo, &InfoRequest{Board: "big"}, DecodeInfoReply)
	if err != nil || refused == 0 || info.Records != 30-refused || info.Stripes != 3 {
		t.Errorf("%d refused, %+v, %v", refused, info, err)
	}
	s.duties = late
	s.deliver(3)
	for who := range 30 {
		r := SubmitRequest{Board: "big", Owner: person(who), Score: 1}
		if _, err := do(s, &server, KindSubmit, 4, &r, DecodeSubmitReply); err != nil {
			t.Error(err)
		}
	}
}

// TestANameIsFreeOnceItsStripesAreGone: what an edge that knows no better writes to
// a stripe that is about to go is not lost from another board.
func TestANameIsFreeOnceItsStripesAreGone(t *testing.T) {
	s, _ := spread(t, 4, 100, func(i int) int64 { return int64(i) })
	root := s.at(grid.SlotOf("big"))
	if _, err := do(s, &server, KindDelete, 1000, &DeleteRequest{"big"}, DecodeDeleteReply); err != nil {
		t.Fatal(err)
	}
	info, err := ask(s, &player, KindInfo, &InfoRequest{Board: "big"}, DecodeInfoReply)
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%+v, %v", info, err)
	}
	create := CreateRequest{Board: "big", Stripes: 4}
	waits := func(t *testing.T) {
		body := create.Append(pack.AppendArray(nil, create.Fields()))
		_, err := root.Apply(s.turn(grid.SlotOf("big"), 1001), KindCreate, body, nil)
		if e, ok := err.(*fault.Error); !ok || e.Code != fault.Unavailable || e.Retry == 0 {
			t.Fatalf("create: %v", err)
		}
	}
	waits(t)
	slot := grid.SlotOf("big")
	s.boards[slot] = gridtest.Recode(t, Decode, root)
	root = s.boards[slot]
	for i, d := range s.duties[:len(s.duties):len(s.duties)] {
		waits(t)
		if _, err := s.at(d.to).Apply(s.turn(d.to, 1002), d.kind, d.body, nil); err != nil {
			t.Fatal(err)
		}
		told := s.duties[3+i]
		if told.kind != kindUnstriped || told.to != slot {
			t.Fatalf("duty %+v", told)
		}
		for range 2 {
			if _, err := root.Apply(s.turn(slot, 1003), told.kind, told.body, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if boards, records := root.Len(); boards != 0 || records != 0 || root.striped != 0 {
		t.Errorf("%d boards and %d records are left", boards, records)
	}
	s.duties = nil
	if _, err := do(s, &server, KindCreate, 1004, &create, DecodeCreateReply); err != nil {
		t.Error(err)
	}
}

// TestStripesResetEachByItself: a read sees the period that runs at the root,
// wherever its stripes are.
func TestStripesResetEachByItself(t *testing.T) {
	s := newSlots()
	r := CreateRequest{Board: "s", Operator: Set, Schedule: "@hourly", Keep: time.Hour, Stripes: 4}
	if _, err := do(s, &server, KindCreate, minute(1), &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
	s.deliver(minute(1))
	submit := func(stamp int64, who int) {
		r := SubmitRequest{Board: "s", Owner: person(who), Score: int64(who)}
		if _, err := do(s, &server, KindSubmit, stamp, &r, DecodeSubmitReply); err != nil {
			t.Fatal(err)
		}
	}
	for who := range 40 {
		submit(minute(30), who)
	}
	root := s.at(grid.SlotOf("s"))
	check := func(what string, end int64, records, now, before int) {
		t.Helper()
		info, err := ask(s, &player, KindInfo, &InfoRequest{Board: "s"}, DecodeInfoReply)
		if err != nil || info.End != end || info.Records != records {
			t.Fatalf("%s: %+v, %v, want %d records until %d", what, info, err, records, end)
		}
		for period, want := range map[int64]int{0: now, hour + 3600: before} {
			r := PageRequest{Board: "s", Rank: 1, Limit: 100, Period: period}
			p, err := ask(s, &player, KindPage, &r, DecodePageReply)
			if err != nil || len(p.Records) != want || p.Total != want {
				t.Fatalf("%s: %d records of %d in period %d, want %d: %v",
					what, len(p.Records), p.Total, period, want, err)
			}
		}
	}
	check("before", hour+3600, 40, 40, 40)
	// All but the root reset.
	for _, b := range s.boards {
		if b != root {
			tick(b, minute(60))
		}
	}
	check("root behind", hour+3600, 40, 40, 40)
	tick(root, minute(60))
	check("all", hour+7200, 0, 0, 40)
	// The root alone resets again: the others have what was the last period running.
	for who := range 40 {
		submit(minute(90), who)
	}
	tick(root, minute(120))
	info, err := ask(s, &player, KindInfo, &InfoRequest{Board: "s"}, DecodeInfoReply)
	want := []Period{{hour + 7200, 40}}
	if err != nil || info.Records != 0 || !slices.Equal(slices.DeleteFunc(info.Periods,
		func(p Period) bool { return p.End == hour+3600 }), want) {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestStripedBoardsAreLimited(t *testing.T) {
	s := newSlots()
	root := s.at(1)
	var err error
	for i := range StripedPerSlotMax + 1 {
		r := CreateRequest{Board: fmt.Sprint("b", i), Stripes: 2}
		body := r.Append(pack.AppendArray(nil, r.Fields()))
		_, err = root.Apply(s.turn(1, int64(i)), KindCreate, body, nil)
	}
	if fault.CodeOf(err) != fault.ResourceExhausted || len(s.duties) != StripedPerSlotMax {
		t.Errorf("%v, and %d duties", err, len(s.duties))
	}
	for _, d := range s.duties {
		if d.kind != kindStripe || d.to == 1 {
			t.Errorf("%+v", d)
		}
	}
	_, _, err = prepare(&server, KindCreate, &CreateRequest{Board: "x", Stripes: StripesMax + 1})
	if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), "1 to 64") {
		t.Errorf("too many stripes: %v", err)
	}
	big, _ := spread(t, StripesMax, 0, nil)
	owners := OwnersRequest{Board: "big", Owners: make([]grid.ID, talliesMax/StripesMax+1)}
	for i := range owners.Owners {
		owners.Owners[i] = person(i)
	}
	_, err = ask(big, &player, KindOwners, &owners, DecodePageReply)
	if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), "at most 64") {
		t.Errorf("too many owners: %v", err)
	}
}
