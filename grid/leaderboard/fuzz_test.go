package leaderboard

import (
	"bytes"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// sample returns three boards with a few records, one of them with a period that
// is over and one that is about to end, and the highest stamp in them.
func sample(t testing.TB) (*Boards, int64) {
	t.Helper()
	b, stamp := New(), int64(1_700_000_000_000_000)
	for i, name := range []string{"arena", "rüben", "season"} {
		stamp++
		r := CreateRequest{Board: name, Sort: Sort(i % 2), Operator: Operator(2 * (i % 2))}
		if i == 2 {
			r.Schedule, r.Keep, r.Metadata = "* * * * *", time.Hour, "{}"
		}
		if _, err := do(b, &server, KindCreate, stamp, &r, DecodeCreateReply); err != nil {
			t.Fatal(err)
		}
		for p := range 5 {
			stamp++
			r := SubmitRequest{Board: name, Owner: person(p), Score: int64(100 - p%3), Subscore: int64(-p)}
			if i == 2 {
				stamp += int64(p) * 15 * second
				r.Metadata = "note"
			}
			if _, err := do(b, &server, KindSubmit, stamp, &r, DecodeSubmitReply); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A board with stripes, one of its stripes, and one that is about to go.
	o := &slots{}
	for _, c := range []struct {
		kind grid.Kind
		r    request
	}{
		{KindCreate, &CreateRequest{Board: "big", Stripes: 3, Schedule: "@hourly"}},
		{KindCreate, &CreateRequest{Board: "gone", Stripes: 2}},
		{KindDelete, &DeleteRequest{"gone"}},
	} {
		body := c.r.Append(pack.AppendArray(nil, c.r.Fields()))
		if _, err := b.Apply(o.turn(7, stamp+1), c.kind, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Apply(o.turn(7, stamp+2), kindStripe, o.duties[0].body, nil); err != nil {
		t.Fatal(err)
	}
	return b, stamp + 2
}

// stripes returns the keys of the stripes in a sample.
func stripes(b *Boards) (keys []string) {
	b.byName.Scan(func(name string, x *board) bool {
		for number := range max(x.stripes, 0) {
			s := x.stripe(number)
			keys = append(keys, s.key())
		}
		return true
	})
	return keys
}

// aCursor is one behind player 1 on a board that is never reset.
var aCursor = Ascending.cursor(nil, false, 0,
	&ranking.Record{Owner: person(1), Score: 99, Sub: -1, Stamp: 1_700_000_000_000_003})

// requests returns one good request of every kind.
func requests() map[grid.Kind]request {
	return map[grid.Kind]request{
		KindCreate: &CreateRequest{Board: "new", Sort: Ascending, Operator: Decr,
			Authoritative: true, Schedule: "0 0 * * MON", Keep: time.Hour, Metadata: "{}"},
		KindDelete: &DeleteRequest{"season"},
		KindSubmit: &SubmitRequest{"arena", person(2), 7, -1 << 40, "a note"},
		KindRemove: &RemoveRequest{"rüben", person(1)},
		KindInfo:   &InfoRequest{"arena"},
		KindPage: &PageRequest{Board: "arena", Rank: 2, Limit: 1000, Period: 5,
			Cursor: aCursor},
		KindAround: &AroundRequest{"rüben", person(3), 3, 0},
		KindOwners: &OwnersRequest{"season", []grid.ID{person(4), person(9)}, 1_700_000_040},
	}
}

// seed adds the requests of some kinds to a corpus: as they are on the wire,
// behind the head of their array, and cut short.
func seed(f *testing.F, write bool) {
	for _, op := range Ops() {
		if op.Write == write {
			r := requests()[op.Kind]
			data := r.Append(pack.AppendArray(nil, r.Fields()))
			f.Add(uint16(op.Kind), data)
			f.Add(uint16(op.Kind), data[:len(data)/2])
		}
	}
	f.Add(uint16(0x0177), []byte{0x90})
	b, _ := sample(f)
	for _, key := range stripes(b) {
		name := pack.AppendString([]byte{0x91}, key)
		f.Add(uint16(kindUnstripe), name)
		f.Add(uint16(kindUnstriped), name)
		f.Add(uint16(KindInfo), name)
		write := SubmitRequest{Board: key, Owner: person(1), Score: 5}
		f.Add(uint16(KindSubmit), write.appendBody(nil, sender{server: true, fresh: true}))
		f.Add(uint16(KindSubmit), write.appendBody(nil, sender{}))
		tally := tallyRequest{key: key, places: []ranking.Record{{Owner: person(1)}, {Score: 9}}}
		f.Add(uint16(kindTally), tally.Append([]byte{0x93}))
	}
	o := &slots{}
	x := board{name: "other", born: 77, settings: settings{stripes: 2}}
	x.spread(o)
	f.Add(uint16(kindStripe), o.duties[0].body)
}

// decodeReply decodes the reply to each kind of request.
func decodeReply(kind grid.Kind, in *pack.Cursor) (err error) {
	switch kind {
	case KindCreate:
		_, err = DecodeCreateReply(in)
	case KindDelete:
		_, err = DecodeDeleteReply(in)
	case KindSubmit:
		_, err = DecodeSubmitReply(in)
	case KindRemove:
		_, err = DecodeRemoveReply(in)
	case KindInfo:
		_, err = DecodeInfoReply(in)
	case kindStripe, kindUnstripe, kindUnstriped, kindTally:
		in.Skip()
		err = in.Err()
	default:
		_, err = DecodePageReply(in)
	}
	return err
}

func checkReply(t *testing.T, kind grid.Kind, out []byte, err error) {
	t.Helper()
	if e, ok := err.(*grid.Elsewhere); ok {
		if e.Slot != grid.SlotOf(keyOf(e.Body)) || string(out) != gridtest.Before {
			t.Fatalf("%+v, and output %q", e, out)
		}
		return
	}
	gridtest.CheckReply(t, out, err, func(in *pack.Cursor) error { return decodeReply(kind, in) })
}

func FuzzApply(f *testing.F) {
	seed(f, true)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		b, stamp := sample(t)
		frozen, before := b.Clone(), gridtest.Encode(b)
		out, err := b.Apply((&slots{}).turn(7, stamp+1), grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		after := gridtest.Encode(b)
		if err != nil && !bytes.Equal(before, after) {
			t.Fatalf("a command that failed with %v has changed something", err)
		}
		if !bytes.Equal(gridtest.Encode(frozen), before) {
			t.Fatal("the clone has changed")
		}
		again := gridtest.Recode(t, Decode, b)
		if !bytes.Equal(gridtest.Encode(again), after) || again.Due() != b.Due() {
			t.Fatal("what it left cannot be restored")
		}
		b.Tick(&grid.Turn{Stamp: stamp + 61*second})
		again.Tick(&grid.Turn{Stamp: stamp + 61*second})
		if !bytes.Equal(gridtest.Encode(again), gridtest.Encode(b)) {
			t.Fatal("the time does something else after a restore")
		}
	})
}

func FuzzQuery(f *testing.F) {
	seed(f, false)
	b, _ := sample(f)
	before := gridtest.Encode(b)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		out, err := b.Query(grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		if !bytes.Equal(gridtest.Encode(b), before) {
			t.Fatal("a query has changed something")
		}
	})
}

// FuzzPrepare runs every Prepare: what one accepts makes a body that Apply or
// Query can decode, and that is in shortest form already.
func FuzzPrepare(f *testing.F) {
	seed(f, true)
	seed(f, false)
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		for _, op := range Ops() {
			if uint16(op.Kind) != kind {
				continue
			}
			for _, caller := range []grid.Caller{server, player} {
				in := pack.NewCursor(data)
				n := in.Array()
				key, body, err := op.Prepare(&caller, &in, n, []byte("before"))
				if err != nil {
					if code := fault.CodeOf(err); code == fault.Internal || string(body) != "before" {
						t.Fatalf("%v, and body %q", err, body)
					}
					continue
				}
				checkBody(t, &op, &caller, key, body[len("before"):])
			}
		}
	})
}

func checkBody(t *testing.T, op *grid.Op, c *grid.Caller, key, body []byte) {
	t.Helper()
	b, stamp := sample(t)
	run := func() (err error) {
		if op.Write {
			_, err = b.Apply((&slots{}).turn(7, stamp+1), op.Kind, body, nil)
		} else {
			_, err = b.Query(op.Kind, body, nil)
		}
		return err
	}
	if err := run(); fault.CodeOf(err) == fault.InvalidArgument {
		t.Fatalf("the state refuses what Prepare made: %v", err)
	}
	in := pack.NewCursor(body)
	again, same, err := op.Prepare(c, &in, in.Array(), nil)
	if err != nil || !bytes.Equal(again, key) || !bytes.Equal(same, body) {
		t.Fatalf("%q, then %q for key %q, then %q: %v", body, same, key, again, err)
	}
}

// FuzzGather reads a board that is spread over slots which say anything.
func FuzzGather(f *testing.F) {
	s, _ := spread(f, 3, 40, func(i int) int64 { return int64(i) })
	for kind, r := range map[grid.Kind]request{
		KindInfo:   &InfoRequest{Board: "big"},
		KindPage:   &PageRequest{Board: "big", Rank: 5, Limit: 9},
		KindAround: &AroundRequest{Board: "big", Owner: person(7), Limit: 9},
		KindOwners: &OwnersRequest{Board: "big", Owners: []grid.ID{person(7), person(8)}},
	} {
		body := r.Append(pack.AppendArray(nil, r.Fields()))
		part, _ := s.at(grid.SlotOf("big")).Query(kind, body, nil)
		whole, err := s.read(&player, kind, r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(kind), body, part, whole, uint64(5))
	}
	far := PageRequest{Board: "big", Rank: 100_000, Limit: 9}
	f.Add(uint16(KindPage), far.Append([]byte{0x93}), []byte("\x94\x05\x03\x00\x00"),
		[]byte("\x92\xce\x00\x10\x00\x00\x91\x05"), uint64(0))
	f.Fuzz(func(t *testing.T, kind uint16, body, part, reply []byte, absent uint64) {
		s := scatter{&routes{}, KindInfo + grid.Kind(kind)%4}
		reads := 0
		read := func(_ grid.Slot, _ grid.Kind, _, out []byte) ([]byte, error) {
			if reads++; absent>>(reads%64)&1 != 0 {
				return out, noBoard("big")
			}
			return append(out, reply...), nil
		}
		out, err := s.Gather(body, part, read, []byte("before"))
		if reads > 2*StripesMax*(roundsMax+2)+2*PageRecordsMax+4*1024 {
			t.Fatalf("%d reads", reads)
		}
		if err != nil && string(out) != "before" {
			t.Fatalf("%v, and output %q", err, out)
		}
		if err == nil {
			checkReply(t, s.kind, out, nil)
		}
	})
}

func FuzzReplies(f *testing.F) {
	b, stamp := sample(f)
	for _, op := range Ops() {
		_, body, err := prepare(&server, op.Kind, requests()[op.Kind])
		if err != nil {
			f.Fatal(err)
		}
		var out []byte
		if op.Write {
			out, err = b.Apply((&slots{}).turn(7, stamp+1), op.Kind, body, nil)
		} else {
			out, err = b.Query(op.Kind, body, nil)
		}
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			f.Fatal(err)
		}
		f.Add(uint16(op.Kind), out)
	}
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		in := pack.NewCursor(data)
		if err := decodeReply(grid.Kind(kind), &in); err == nil && in.Err() != nil {
			t.Fatalf("no error from a cursor that met %v", in.Err())
		}
	})
}

func FuzzDecode(f *testing.F) {
	b, _ := sample(f)
	gridtest.FuzzDecode(f, Decode, func(t *testing.T, b *Boards) {
		for i := range 20 {
			b.Tick(&grid.Turn{Stamp: b.Due()})
			for kind, r := range requests() {
				_, body, err := prepare(&server, kind, r)
				if err != nil {
					t.Fatal(err)
				}
				out, err := b.Apply((&slots{}).turn(7, int64(i)), kind, body, []byte("before"))
				if fault.CodeOf(err) == fault.Unimplemented {
					out, err = b.Query(kind, body, []byte("before"))
				}
				checkReply(t, kind, out, err)
			}
		}
	}, b, New())
}
