package session

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

// sample returns a world of a few sessions: of alice one that is attached, on two
// streams and just resumed, and one that is detached; of all servers one.
func sample(t testing.TB) (w *world, attached, detached grid.SessionID) {
	t.Helper()
	w = newWorld()
	attached = w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0),
		Spend: person(50), SpendUntil: w.stamp + 60*second})
	detached = w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 2, Secret: secret(2)})
	w.open(t, OpenRequest{User: person(9), Origin: gateway, Conn: 3, Server: true})
	w.track(t, caller(alice, attached, gateway, 1), room("a"), "x")
	w.track(t, caller(alice, attached, gateway, 1), string(grid.StatusKey(nil, alice)), "")
	for kind, r := range map[grid.Kind]message{
		KindResume: &ResumeRequest{User: alice, Session: attached, Origin: gateway2, Conn: 4,
			Secret: secret(0), Next: secret(1)},
		KindDetach: &DetachRequest{alice, gateway, 2, 10 * second},
	} {
		_, err := w.do(kind, bodyOf(r))
		want(t, "prepare the sample", err, fault.OK)
	}
	w.floors = w.floors.With(origin(1, 1))
	return w, attached, detached
}

// bodies returns some good body of every kind for the sample.
func bodies(t testing.TB) map[grid.Kind][]byte {
	_, attached, detached := sample(t)
	out := map[grid.Kind][]byte{}
	for kind, r := range map[grid.Kind]message{
		KindOpen: &OpenRequest{User: alice, Origin: gateway, Conn: 9, Secret: secret(5), Spend: person(51),
			SpendUntil: 1 << 60},
		KindResume: &ResumeRequest{User: alice, Session: detached, Origin: gateway2, Conn: 9,
			Secret: secret(2), Next: secret(3), Refresh: TokenID(attached, [8]byte{1}), RefreshUntil: 1 << 60},
		KindConfirm: &ConfirmRequest{alice, attached, gateway2, 4},
		KindDetach:  &DetachRequest{alice, gateway2, 4, second},
		presence.KindDropped: &presence.DroppedRequest{User: alice, Session: attached, Key: []byte(room("a")),
			Code: fault.ResourceExhausted, Message: "full"},
	} {
		out[kind] = bodyOf(r)
	}
	for kind, r := range requests(attached) {
		_, body, err := prepare(caller(alice, attached, gateway2, 4), kind, r)
		want(t, "prepare", err, fault.OK)
		out[kind] = body
	}
	return out
}

// requests returns one good request of every kind.
func requests(id grid.SessionID) map[grid.Kind]message {
	return map[grid.Kind]message{
		KindList:    &ListRequest{User: alice},
		KindTrack:   &TrackRequest{room("größe"), "x"},
		KindUntrack: &UntrackRequest{room("a")},
		KindEnd:     &EndRequest{Session: id},
	}
}

func checkReply(t *testing.T, kind grid.Kind, out []byte, err error) {
	t.Helper()
	gridtest.CheckReply(t, out, err, func(in *pack.Cursor) (err error) {
		switch kind {
		case KindList:
			_, err = DecodeListReply(in)
		case KindTrack, KindUntrack:
			_, err = DecodeTrackReply(in)
		case KindEnd, KindDetach:
			_, err = DecodeEndReply(in)
		case KindOpen:
			_, err = DecodeOpenReply(in)
		case KindResume:
			_, err = DecodeResumeReply(in)
		case KindBound:
			_, err = DecodeEnded(in)
		default:
			in.Array()
		}
		return err
	})
}

// checkDuties fails if a duty cannot be decoded, or is for another slot.
func checkDuties(t *testing.T, kind grid.Kind, body []byte) {
	t.Helper()
	in := pack.NewCursor(body)
	n := in.Array()
	var err error
	if kind == presence.KindEnter {
		err = new(presence.EnterRequest).Decode(&in, n)
	} else {
		err = new(presence.LeaveRequest).Decode(&in, n)
	}
	if err != nil || in.Done() != nil {
		t.Fatalf("%#x: %v, %v in %x", kind, err, in.Done(), body)
	}
}

func FuzzApply(f *testing.F) {
	all := bodies(f)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		f.Add(uint16(kind), all[kind])
		f.Add(uint16(kind), all[kind][:len(all[kind])/2])
	}
	f.Add(uint16(0x02FF), []byte{0x90})
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		w, _, _ := sample(t)
		w.post = func(kind grid.Kind, body []byte) { checkDuties(t, kind, body) }
		frozen, before := w.Clone(), gridtest.Encode(w.Sessions)
		out, err := w.Apply(w.turn(), grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		after := gridtest.Encode(w.Sessions)
		if err != nil && (!bytes.Equal(before, after) || len(w.sent)+len(w.hints.Hints) > 0) {
			t.Fatalf("a command that failed with %v has changed something", err)
		}
		if !bytes.Equal(gridtest.Encode(frozen), before) {
			t.Fatal("the clone has changed")
		}
		if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, w.Sessions)), after) {
			t.Fatal("what it left cannot be restored")
		}
		checkIndexes(t, w.Sessions)
		w.Sweep(w.turn(), 0)
		w.tick(t, w.stamp+GraceMax)
	})
}

func FuzzQuery(f *testing.F) {
	body := bodies(f)[KindList]
	f.Add(uint16(KindList), body)
	f.Add(uint16(KindList), body[:9])
	f.Add(uint16(KindTrack), body)
	f.Add(uint16(KindBound), bodies(f)[KindConfirm])
	w, _, _ := sample(f)
	before := gridtest.Encode(w.Sessions)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		out, err := w.Query(grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		if !bytes.Equal(gridtest.Encode(w.Sessions), before) {
			t.Fatal("a query has changed something")
		}
	})
}

// FuzzPrepare runs every Prepare: what one accepts makes a body that Apply or
// Query can decode, for the slot of the user with whom it begins.
func FuzzPrepare(f *testing.F) {
	w, attached, _ := sample(f)
	for _, op := range Ops() {
		r := requests(attached)[op.Kind]
		f.Add(uint16(op.Kind), false, r.Append(pack.AppendArray(nil, r.Fields())))
		f.Add(uint16(op.Kind), true, r.Append(pack.AppendArray(nil, r.Fields())))
	}
	before := gridtest.Encode(w.Sessions)
	f.Fuzz(func(t *testing.T, kind uint16, server bool, data []byte) {
		c := caller(alice, attached, gateway2, 4)
		c.Server = server
		for _, op := range Ops() {
			if op.Kind != grid.Kind(kind) {
				continue
			}
			in := pack.NewCursor(data)
			n := in.Array()
			key, body, err := op.Prepare(c, &in, n, []byte("before"))
			if err != nil {
				code := fault.CodeOf(err)
				if key != nil || string(body) != "before" || code == fault.Internal {
					t.Fatalf("%v, key %x and body %x", err, key, body)
				}
				return
			}
			body = body[len("before"):]
			if body[1] != 0xc4 || !bytes.Equal(body[3:19], key) {
				t.Fatalf("the body %x does not begin with %x", body, key)
			}
			w := &world{Sessions: gridtest.Recode(t, Decode, w.Sessions), stamp: w.stamp}
			var out []byte
			if op.Write {
				out, err = w.Apply(w.turn(), op.Kind, body, []byte("before"))
			} else {
				out, err = w.Query(op.Kind, body, []byte("before"))
			}
			if checkReply(t, op.Kind, out, err); err != nil {
				t.Fatalf("prepared %x, and met %v", body, err)
			}
		}
		if !bytes.Equal(gridtest.Encode(w.Sessions), before) {
			t.Fatal("the sample has changed")
		}
	})
}

// FuzzReplies feeds clients and gateways what they decode.
func FuzzReplies(f *testing.F) {
	for _, c := range decoders {
		data, err := hex.DecodeString(c.bytes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, c := range decoders {
			in := pack.NewCursor(data)
			got, err := c.decode(&in)
			if err == nil && in.Err() != nil {
				t.Fatalf("%s: %+v, and met %v", name, got, in.Err())
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	w, _, _ := sample(f)
	all := bodies(f)
	gridtest.FuzzDecode(f, Decode, func(t *testing.T, s *Sessions) {
		w := newWorld()
		w.Sessions = s
		w.post = func(kind grid.Kind, body []byte) { checkDuties(t, kind, body) }
		for _, kind := range slices.Sorted(maps.Keys(all)) {
			out, err := s.Apply(w.turn(), kind, all[kind], []byte("before"))
			if fault.CodeOf(err) == fault.Unimplemented {
				out, err = s.Query(kind, all[kind], []byte("before"))
			}
			checkReply(t, kind, out, err)
		}
		w.floors = w.floors.With(origin(1, 9))
		w.Sweep(w.turn(), second)
		w.tick(t, w.stamp+second)
		checkIndexes(t, s)
	}, w.Sessions, New())
}
