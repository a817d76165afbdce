package chat

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// sample returns two rooms: lobby has an archive, with messages that only it has
// and changes that it lacks; größe has none. The stamp is the highest in them.
func sample(t testing.TB) (*Channels, *shelf, int64) {
	t.Helper()
	c, s, stamp := New(), newShelf(), int64(1_700_000_000_000_000)
	run := func(a Archive, kind grid.Kind, r request) {
		t.Helper()
		stamp++
		_, body, err := prepare(a, &server, kind, r)
		if err == nil {
			_, err = c.Apply(&grid.Turn{Stamp: stamp, Members: everyone{}}, kind, body, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for range 130 {
			run(s, KindSend, &SendRequest{lobby, "hello"})
		}
		archiveAll(t, c, s, 1<<20)
	}
	run(s, KindUpdate, &UpdateRequest{lobby, 3, "hello again"})
	run(s, KindRemove, &RemoveRequest{lobby, 1})
	run(s, KindUpdate, &UpdateRequest{lobby, 259, "oh"})
	run(s, KindRemove, &RemoveRequest{lobby, 260})
	run(s, KindSend, &SendRequest{lobby, "new"})
	run(nil, KindSend, &SendRequest{roomKey("größe"), "ßß"})
	return c, s, stamp
}

// requests returns good requests of every kind.
func requests() map[grid.Kind][]request {
	return map[grid.Kind][]request{
		KindSend:   {&SendRequest{lobby, "good morning"}, &SendRequest{roomKey("new"), "ü"}},
		KindUpdate: {&UpdateRequest{lobby, 250, "better"}, &UpdateRequest{lobby, 2, "better"}},
		KindRemove: {&RemoveRequest{lobby, 261}, &RemoveRequest{lobby, 2}, &RemoveRequest{roomKey("größe"), 1}},
		KindSignal: {&SignalRequest{lobby, "is typing"}},
		KindHistory: {&HistoryRequest{lobby, 0, 10, false}, &HistoryRequest{lobby, 0, 5, true},
			&HistoryRequest{lobby, 4, 100, true}, &HistoryRequest{roomKey("größe"), 1, 1, false}},
		KindInfo: {&InfoRequest{lobby}, &InfoRequest{roomKey("none")}},
	}
}

// bodies returns the bodies that Prepare makes of good requests.
func bodies(f testing.TB, a Archive, kind grid.Kind) (out [][]byte) {
	for _, r := range requests()[kind] {
		for _, caller := range []grid.Caller{server, player} {
			_, body, err := prepare(a, &caller, kind, r)
			if err != nil {
				f.Fatal(err)
			}
			out = append(out, body)
		}
	}
	return out
}

// seed adds what may come in as some kinds to a corpus, and cut short.
func seed(f *testing.F, kinds ...grid.Kind) {
	for _, kind := range kinds {
		for _, body := range append(bodies(f, nil, kind), bodies(f, newShelf(), kind)...) {
			f.Add(uint16(kind), body)
			f.Add(uint16(kind), body[:len(body)/2])
		}
	}
	f.Add(uint16(0x0477), []byte{0x90})
}

// decodeReply decodes the reply to each kind of request, and each push.
func decodeReply(kind grid.Kind, in *pack.Cursor) (err error) {
	switch kind {
	case KindSend:
		_, err = DecodeSendReply(in)
	case KindUpdate, KindRemove:
		_, err = DecodeChangeReply(in)
	case KindHistory:
		_, err = DecodeHistoryReply(in)
	case KindInfo:
		_, err = DecodeInfoReply(in)
	case KindMessage, KindChanged:
		_, err = DecodeMessageEvent(in)
	case KindSignaled:
		_, err = DecodeSignalEvent(in)
	case KindAt:
		_, err = DecodeAtEvent(in)
	default:
		in.Skip()
		err = in.Err()
	}
	return err
}

func checkReply(t *testing.T, kind grid.Kind, out []byte, err error) {
	t.Helper()
	gridtest.CheckReply(t, out, err, func(in *pack.Cursor) error { return decodeReply(kind, in) })
}

func FuzzApply(f *testing.F) {
	seed(f, KindSend, KindUpdate, KindRemove)
	for _, r := range []ArchivedRequest{{lobby, 261, 4}, {lobby, 260, 2}, {roomKey("größe"), 1, 0}, {"", 1, 1}} {
		f.Add(uint16(KindArchived), r.Append(pack.AppendArray(nil, r.Fields())))
	}
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		c, _, stamp := sample(t)
		frozen, before := c.Clone(), gridtest.Encode(c)
		var effects grid.Effects
		turn := grid.Turn{Stamp: stamp + 1, Members: everyone{}, Effects: &effects}
		out, err := c.Apply(&turn, grid.Kind(kind), body, []byte("before"))
		checkReply(t, grid.Kind(kind), out, err)
		after := gridtest.Encode(c)
		if err != nil && !bytes.Equal(before, after) {
			t.Fatalf("a command that failed with %v has changed something", err)
		}
		if !bytes.Equal(gridtest.Encode(frozen), before) {
			t.Fatal("the clone has changed")
		}
		if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, c)), after) {
			t.Fatal("what it left cannot be restored")
		}
		for _, h := range effects.Hints {
			in := pack.NewCursor(effects.Of(h.Body))
			if err := decodeReply(h.Kind, &in); err != nil || in.Done() != nil {
				t.Fatalf("a push %q: %v", effects.Of(h.Body), err)
			}
		}
	})
}

// FuzzQuery asks anything, and completes what memory has not all of.
func FuzzQuery(f *testing.F) {
	seed(f, KindHistory, KindInfo)
	c, s, _ := sample(f)
	before := gridtest.Encode(c)
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		out, err := c.Query(grid.Kind(kind), body, []byte("before"))
		if errors.Is(err, grid.ErrPartial) {
			part := bytes.TrimPrefix(out, []byte("before"))
			out, err = ops(s)[grid.Kind(kind)].Complete(body, part, []byte("before"))
		}
		checkReply(t, grid.Kind(kind), out, err)
		if !bytes.Equal(gridtest.Encode(c), before) {
			t.Fatal("a query has changed something")
		}
	})
}

// anything is an archive that gives whatever it is told to give.
type anything struct{ rows [][]byte }

func (anything) Store([]Row) error { return nil }

func (a anything) Read(_ string, r Range, each func(uint64, []byte) bool) error {
	seq := r.From
	for _, row := range a.rows {
		if m, err := parse(row); err == nil {
			seq = m.Seq
		}
		if !each(seq, row) {
			break
		}
	}
	return nil
}

// FuzzComplete finishes any part with any rows of an archive.
func FuzzComplete(f *testing.F) {
	c, s, _ := sample(f)
	for _, r := range requests()[KindHistory] {
		x := begin(c, s, KindHistory, r)
		f.Add(x.body, x.out, s.rows[lobby][1], s.rows[lobby][3])
		f.Add(x.body, x.out, s.rows[lobby][3], s.rows[lobby][2])
	}
	f.Fuzz(func(t *testing.T, body, part, one, two []byte) {
		complete := ops(anything{[][]byte{one, two}})[KindHistory].Complete
		out, err := complete(body, part, []byte("before"))
		if _, ok := err.(*fault.Error); err != nil && (!ok || string(out) != "before") {
			t.Fatalf("%T %v, and output %q", err, err, out)
		}
		merged, changed, err := Merge(one, two)
		if m, bad := parse(merged); err == nil && changed && bad != nil {
			t.Fatalf("%q and %q give %+v: %v", one, two, m, bad)
		}
	})
}

// FuzzPrepare runs every Prepare: what one accepts makes a body that the state can
// decode, and that says what the request says.
func FuzzPrepare(f *testing.F) {
	for kind, list := range requests() {
		for _, r := range list {
			data := r.Append(pack.AppendArray(nil, r.Fields()))
			f.Add(uint16(kind), data)
			f.Add(uint16(kind), data[:len(data)/2])
		}
	}
	c, s, stamp := sample(f)
	state := gridtest.Encode(c)
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		for _, archive := range []Archive{nil, s} {
			op, ok := ops(archive)[grid.Kind(kind)]
			if !ok {
				return
			}
			in := pack.NewCursor(data)
			n := in.Array()
			key, body, err := op.Prepare(&player, &in, n, []byte("before"))
			if err != nil {
				if code := fault.CodeOf(err); code == fault.Internal || string(body) != "before" {
					t.Fatalf("%v, and body %q", err, body)
				}
				continue
			}
			body = bytes.TrimPrefix(body, []byte("before"))
			if grid.CheckKey(key) != nil || !strings.Contains(string(body), string(key[1:])) {
				t.Fatalf("key %q of body %q", key, body)
			}
			checkBody(t, state, &op, stamp, body)
		}
	})
}

// checkBody fails if the state, or for a signal a client, cannot decode a body.
func checkBody(t *testing.T, state []byte, op *grid.Op, stamp int64, body []byte) {
	t.Helper()
	c, err := gridtest.Restore(Decode, state)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case op.Relay != 0:
		in := pack.NewCursor(body)
		if err = decodeReply(op.Relay, &in); err == nil {
			err = in.Done()
		}
	case op.Write:
		_, err = c.Apply(&grid.Turn{Stamp: stamp + 1, Members: everyone{}}, op.Kind, body, nil)
	default:
		_, err = c.Query(op.Kind, body, nil)
	}
	if code := fault.CodeOf(err); code == fault.InvalidArgument || code == fault.Internal && err != grid.ErrPartial {
		t.Fatalf("the state refuses what Prepare made: %v", err)
	}
}

// FuzzReplies decodes replies and pushes.
func FuzzReplies(f *testing.F) {
	c, s, stamp := sample(f)
	var effects grid.Effects
	for kind := range requests() {
		for _, body := range bodies(f, s, kind) {
			out, err := c.Query(kind, body, nil)
			if fault.CodeOf(err) == fault.Unimplemented {
				turn := grid.Turn{Stamp: stamp + 1, Members: everyone{}, Effects: &effects}
				out, _ = c.Apply(&turn, kind, body, nil)
			}
			f.Add(uint16(kind), out)
			if kind == KindSignal {
				f.Add(uint16(KindSignaled), body)
			}
		}
	}
	for _, h := range effects.Hints {
		f.Add(uint16(h.Kind), effects.Of(h.Body))
	}
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		in := pack.NewCursor(data)
		if err := decodeReply(grid.Kind(kind), &in); err == nil && in.Err() != nil {
			t.Fatalf("no error from a cursor that met %v", in.Err())
		}
	})
}

func FuzzDecode(f *testing.F) {
	c, s, _ := sample(f)
	gridtest.FuzzDecode(f, Decode, func(t *testing.T, c *Channels) {
		archiveAll(t, c, newShelf(), 4000)
		for i := range 20 {
			for kind := range requests() {
				for _, body := range bodies(t, s, kind) {
					out, err := c.Query(kind, body, []byte("before"))
					if fault.CodeOf(err) == fault.Unimplemented {
						turn := grid.Turn{Stamp: int64(i + 1), Members: everyone{}}
						out, err = c.Apply(&turn, kind, body, []byte("before"))
					}
					if !errors.Is(err, grid.ErrPartial) {
						checkReply(t, kind, out, err)
					}
				}
			}
		}
	}, c, New())
}
