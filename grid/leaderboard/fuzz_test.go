package leaderboard

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
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
	return b, stamp
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
	default:
		_, err = DecodePageReply(in)
	}
	return err
}

// checkReply fails if a reply cannot be decoded, or an error is not a client's,
// or comes with output.
func checkReply(t *testing.T, kind grid.Kind, out []byte, err error) {
	t.Helper()
	if err != nil {
		_, ok := err.(*fault.Error)
		if !ok || fault.CodeOf(err) == fault.Internal || string(out) != "before" {
			t.Fatalf("%T %v, and output %q", err, err, out)
		}
		return
	}
	in := pack.NewCursor(bytes.TrimPrefix(out, []byte("before")))
	if err := decodeReply(kind, &in); err != nil {
		t.Fatal(err)
	}
	if err := in.Done(); err != nil {
		t.Fatal(err)
	}
}

func FuzzApply(f *testing.F) {
	seed(f, true)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		b, stamp := sample(t)
		frozen, before := b.Clone(), encode(b)
		out, err := b.Apply(&grid.Turn{Stamp: stamp + 1}, grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		after := encode(b)
		if err != nil && !bytes.Equal(before, after) {
			t.Fatalf("a command that failed with %v has changed something", err)
		}
		if !bytes.Equal(encode(frozen), before) {
			t.Fatal("the clone has changed")
		}
		again := recode(t, b)
		if !bytes.Equal(encode(again), after) || again.Due() != b.Due() {
			t.Fatal("what it left cannot be restored")
		}
		b.Tick(&grid.Turn{Stamp: stamp + 61*second})
		again.Tick(&grid.Turn{Stamp: stamp + 61*second})
		if !bytes.Equal(encode(again), encode(b)) {
			t.Fatal("the time does something else after a restore")
		}
	})
}

func FuzzQuery(f *testing.F) {
	seed(f, false)
	b, _ := sample(f)
	before := encode(b)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		out, err := b.Query(grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		if !bytes.Equal(encode(b), before) {
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
			_, err = b.Apply(&grid.Turn{Stamp: stamp + 1}, op.Kind, body, nil)
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

func FuzzReplies(f *testing.F) {
	b, stamp := sample(f)
	for _, op := range Ops() {
		_, body, err := prepare(&server, op.Kind, requests()[op.Kind])
		if err != nil {
			f.Fatal(err)
		}
		var out []byte
		if op.Write {
			out, err = b.Apply(&grid.Turn{Stamp: stamp + 1}, op.Kind, body, nil)
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

// FuzzDecode restores from anything: what is accepted is a state like any other.
// With whole, data is the inside of one chunk, else a stream of chunks.
func FuzzDecode(f *testing.F) {
	b, _ := sample(f)
	data := encode(b)
	f.Add(false, data)
	f.Add(false, data[:len(data)-7])
	f.Add(true, data[4:])
	f.Add(true, encode(New())[4:])
	f.Fuzz(func(t *testing.T, whole bool, data []byte) {
		if whole {
			data = append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
		}
		b, err := Decode(pack.NewChunkReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		if !bytes.Equal(encode(recode(t, b)), encode(b)) {
			t.Fatal("decoding and encoding again gives other bytes")
		}
		for i := range 20 {
			b.Tick(&grid.Turn{Stamp: b.Due()})
			for kind, r := range requests() {
				_, body, err := prepare(&server, kind, r)
				if err != nil {
					t.Fatal(err)
				}
				out, err := b.Apply(&grid.Turn{Stamp: int64(i)}, kind, body, []byte("before"))
				if fault.CodeOf(err) == fault.Unimplemented {
					out, err = b.Query(kind, body, []byte("before"))
				}
				checkReply(t, kind, out, err)
			}
		}
	})
}
