package presence

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// sample returns a stream of each size: of one, a few and many.
func sample() *Streams {
	s := New()
	enter(s, status(1), 1, "away")
	for i := range 4 {
		enter(s, room("größe"), i, "")
	}
	for i := range 40 {
		enter(s, room("hall"), i, "")
	}
	return s
}

// duties returns duties of every kind.
func duties() map[grid.Kind][]duty {
	from := grid.OriginOf(2, 2)
	return map[grid.Kind][]duty{
		KindEnter: {
			&EnterRequest{room("hall"), session(50), person(50), from, 1, []byte("new"), true},
			&EnterRequest{status(1), session(1), person(1), from, 1 << 40, nil, false},
			&EnterRequest{room("größe"), session(1), person(1), from, 0, []byte("über"), true},
		},
		KindLeave: {
			&LeaveRequest{status(1), session(1)}, &LeaveRequest{room("hall"), session(7)},
		},
		KindDropped: {
			&DroppedRequest{person(1), session(1), room("hall"), fault.ResourceExhausted, "full"},
		},
	}
}

// queries returns requests of every kind.
func queries() map[grid.Kind][]request {
	return map[grid.Kind][]request{
		KindList: {
			&ListRequest{room("hall"), 0, 100}, &ListRequest{room("größe"), session(2), 1},
			&ListRequest{status(1), lastSession, 3},
		},
		KindCount: {&CountRequest{room("hall")}, &CountRequest{room("none")}},
	}
}

// FuzzApply also decodes the duty that goes back.
func FuzzApply(f *testing.F) {
	for kind, list := range duties() {
		for _, r := range list {
			body := bodyOf(r)
			f.Add(uint16(kind), body)
			f.Add(uint16(kind), body[:len(body)/2])
		}
	}
	f.Add(uint16(0x0399), []byte{0x90})
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		decodeDuty(t, body)
		s := sample()
		frozen, before := s.Clone(), gridtest.Encode(s)
		turn := newTurn()
		out, err := s.Apply(&turn.Turn, grid.Kind(kind), body, []byte("before"))
		after := gridtest.Encode(s)
		if err != nil {
			checkError(t, out, err)
			if !bytes.Equal(before, after) || turn.hints() != nil || turn.sent != nil {
				t.Fatalf("a command that failed with %v has changed something", err)
			}
		} else if string(out) != "before\x90" {
			t.Fatalf("a reply %q", out)
		}
		if !bytes.Equal(gridtest.Encode(frozen), before) {
			t.Fatal("the clone has changed")
		}
		if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, s)), after) {
			t.Fatal("what it left cannot be restored")
		}
		checkHints(t, turn)
	})
}

// decodeDuty decodes a body as every duty: what is accepted is appended alike.
func decodeDuty(t *testing.T, body []byte) {
	for _, r := range []duty{&EnterRequest{}, &LeaveRequest{}, &DroppedRequest{}} {
		in := pack.NewCursor(body)
		n := in.Array()
		if in.Err() != nil || r.Decode(&in, n) != nil {
			continue
		}
		again := reflect.New(reflect.TypeOf(r).Elem()).Interface().(duty)
		in = pack.NewCursor(bodyOf(r))
		if err := again.Decode(&in, in.Array()); err != nil || !bytes.Equal(bodyOf(again), bodyOf(r)) {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
	}
}

// checkHints: gateways and clients understand what they are told.
func checkHints(t *testing.T, turn *turn) {
	for _, h := range turn.Effects.Hints {
		body := turn.Effects.Of(h.Body)
		if h.Kind == KindEntered {
			in := pack.NewCursor(body)
			if _, err := DecodeEnteredEvent(&in); err != nil || in.Done() != nil {
				t.Fatal(err, in.Done())
			}
			continue
		}
		if h.Kind == KindNodes {
			if err := new(NodeSet).Decode(body); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var e Events
		if err := e.Add(body); err != nil || h.Kind != KindChange || e.Empty() {
			t.Fatalf("%#04x %x: %v", uint16(h.Kind), body, err)
		}
	}
}

// checkError fails if an error is not a client's, or comes with output.
func checkError(t *testing.T, out []byte, err error) {
	t.Helper()
	_, ok := err.(*fault.Error)
	if !ok || fault.CodeOf(err) == fault.Internal || string(out) != "before" {
		t.Fatalf("%T %v, and output %q", err, err, out)
	}
}

func FuzzQuery(f *testing.F) {
	for kind, list := range queries() {
		for _, r := range list {
			_, body, err := prepare(kind, r)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint16(kind), body)
			f.Add(uint16(kind), body[:len(body)/2])
		}
	}
	s := sample()
	before := gridtest.Encode(s)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		out, err := s.Query(grid.Kind(kind), body, []byte("before"))
		if err != nil {
			checkError(t, out, err)
		} else {
			in := pack.NewCursor(bytes.TrimPrefix(out, []byte("before")))
			if err := decodeReply(grid.Kind(kind), &in); err != nil || in.Done() != nil {
				t.Fatal(err, in.Done())
			}
		}
		if !bytes.Equal(gridtest.Encode(s), before) {
			t.Fatal("a query has changed something")
		}
	})
}

// FuzzPrepare runs every Prepare: what one accepts makes a body that Query
// answers, and that begins with the key.
func FuzzPrepare(f *testing.F) {
	for kind, list := range queries() {
		for _, r := range list {
			f.Add(uint16(kind), bodyOf(r))
			f.Add(uint16(kind), bodyOf(r)[:5])
		}
	}
	s := sample()
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		for _, op := range Ops() {
			if uint16(op.Kind) != kind {
				continue
			}
			in := pack.NewCursor(data)
			n := in.Array()
			key, body, err := op.Prepare(&grid.Caller{}, &in, n, []byte("before"))
			if err != nil {
				checkError(t, body, fault.Of(err))
				continue
			}
			body = bytes.TrimPrefix(body, []byte("before"))
			in = pack.NewCursor(body)
			in.Array()
			if !bytes.Equal(in.Bytes(), key) || grid.CheckKey(key) != nil {
				t.Fatalf("key %q of body %x", key, body)
			}
			if _, err := s.Query(op.Kind, body, nil); err != nil {
				t.Fatalf("the state refuses what Prepare made: %v", err)
			}
		}
	})
}

// decodeReply decodes the reply to each kind of query, or the event of a kind.
func decodeReply(kind grid.Kind, in *pack.Cursor) (err error) {
	switch kind {
	case KindList:
		_, err = DecodeListReply(in)
	case KindCount:
		_, err = DecodeCountReply(in)
	case KindEntered:
		_, err = DecodeEnteredEvent(in)
	default:
		_, err = DecodeChangedEvent(in)
	}
	return err
}

// FuzzReplies decodes replies and events as clients do.
func FuzzReplies(f *testing.F) {
	s := sample()
	for kind, list := range queries() {
		for _, r := range list {
			_, body, err := prepare(kind, r)
			if err != nil {
				f.Fatal(err)
			}
			out, err := s.Query(kind, body, nil)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint16(kind), out)
		}
	}
	var e Events
	for i, w := range []what{joined, left, updated, joined} {
		if err := e.Add(hint(w, 4, i, "status")); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(uint16(KindChanged), e.Append(nil, room("hall")))
	f.Add(uint16(KindChanged), e.Append(nil, status(3)))
	f.Add(uint16(KindEntered), (&EnteredEvent{Key: status(1), Count: 3, Last: 9}).append(nil))
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		in := pack.NewCursor(data)
		if err := decodeReply(grid.Kind(kind), &in); err == nil && in.Err() != nil {
			t.Fatalf("no error from a cursor that met %v", in.Err())
		}
	})
}

// FuzzEvents gathers hints as the story's bytes say, and then any body. What comes
// out is an event that clients can decode.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0x41, 0x80, 0x80}, hint(left, 3, 1, ""))
	f.Add(bytes.Repeat([]byte{0, 1, 4, 5, 9, 13}, 4), hint(updated, 3, 60, "x")[:9])
	f.Fuzz(func(t *testing.T, story, body []byte) {
		var e Events
		for i, c := range story {
			if err := e.Add(hint(what(c%3), i, int(c/3), strings.Repeat("s", i%4))); err != nil {
				t.Fatal(err)
			}
		}
		before := e.Append(nil, room("hall"))
		if e.Add(body) != nil && !bytes.Equal(e.Append(nil, room("hall")), before) {
			t.Fatal("what was refused has changed something")
		}
		got := push(t, &e)
		n := [3]int{len(got.Joined), len(got.Left), len(got.Updated)}
		if max(n[0], n[1], n[2]) > EventNamesMax || len(e.named) > namedMax ||
			n[0] > got.Joins || n[1] > got.Leaves || n[2] > got.Updates {
			t.Fatalf("%+v", got)
		}
		if e.Empty() != (got.Joins+got.Leaves+got.Updates == 0) {
			t.Fatalf("empty is %v: %+v", e.Empty(), got)
		}
	})
}

func FuzzDecode(f *testing.F) {
	s := New()
	enter(s, status(1), 1, "away")
	enter(s, room("hall"), 0, "")
	enter(s, room("hall"), 7, "größer") // short, so that the fuzzer does not spend its time on making it shorter
	gridtest.FuzzDecode(f, Decode, func(t *testing.T, s *Streams) {
		for _, kind := range []grid.Kind{KindEnter, KindLeave} {
			for _, r := range duties()[kind] {
				if _, _, err := do(s, kind, r); err != nil && fault.CodeOf(err) != fault.InvalidArgument {
					t.Fatal(err)
				}
			}
		}
		for _, r := range queries()[KindList] {
			if _, err := ask(s, KindList, r, DecodeListReply); err != nil {
				t.Fatal(err)
			}
		}
	}, s, New())
}

// FuzzNodes: what is taken for a set of nodes says the same again.
func FuzzNodes(f *testing.F) {
	for _, s := range []NodeSet{{}, {Stamp: 1}, {Stamp: -1, Nodes: []uint32{0, 1, 1<<32 - 1}}} {
		f.Add(s.Append(nil))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var s, again NodeSet
		if s.Decode(body) != nil {
			return
		}
		if err := again.Decode(s.Append(nil)); err != nil || again.Stamp != s.Stamp ||
			!slices.Equal(again.Nodes, s.Nodes) || !slices.IsSorted(s.Nodes) {
			t.Fatalf("%+v became %+v, %v", s, again, err)
		}
	})
}
