package presence

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// What the golden messages are about, and its bytes.
var (
	goldUser = grid.ID{0: 0xff, 15: 0x0a}
	goldKey  = grid.AppendKey(nil, grid.StreamRoom, "eb")
)

const (
	goldSession grid.SessionID = 0x0102030405060708

	hexSession = "c4080102030405060708"
	hexUser    = "c410ff00000000000000000000000000000a"
	hexKey     = "c403026562"
	hexStream  = "9202a26562"
	hexMember  = "93" + hexSession + hexUser + "a461776179"
)

// duty is what a request between slots can do.
type duty interface {
	request
	Decode(in *pack.Cursor, n int) error
}

// TestRequestBytes pins what goes over the wire and waits in outboxes.
func TestRequestBytes(t *testing.T) {
	enter := EnterRequest{goldKey, goldSession, goldUser, grid.OriginOf(3, 7), 300, nil, false}
	const place = "cf0000030000000007" + "cd012c"
	for want, r := range map[string]request{
		hexKey + hexSession + hexUser + place + "c0": &enter,
		hexKey + hexSession + hexUser + place + "a461776179": &EnterRequest{
			goldKey, goldSession, goldUser, enter.Origin, 300, []byte("away"), true},
		hexKey + hexSession: &LeaveRequest{goldKey, goldSession},
		hexUser + hexSession + hexKey + "08" + "a466756c6c": &DroppedRequest{
			goldUser, goldSession, goldKey, fault.ResourceExhausted, "full"},
		hexStream + "c0" + "64":       &ListRequest{goldKey, 0, 100},
		hexStream + hexSession + "01": &ListRequest{goldKey, goldSession, 1},
		hexStream:                     &CountRequest{goldKey},
	} {
		body := bodyOf(r)
		if got := hex.EncodeToString(body[1:]); got != want || body[0] != 0x90|byte(r.Fields()) {
			t.Errorf("%T\ngot  %x %s\nwant %s", r, body[0], got, want)
		}
		again, ok := reflect.New(reflect.TypeOf(r).Elem()).Interface().(duty)
		if !ok {
			continue
		}
		later := pack.NewCursor(append(body[1:], 0x81, 1, 2))
		err := again.Decode(&later, r.Fields()+1)
		if err != nil || later.Done() != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v became %+v: %v, %v", r, again, err, later.Done())
		}
	}
}

// lastOf is channels of which one has seven messages.
type lastOf []byte

func (key lastOf) Last(of []byte) uint64 {
	if bytes.Equal(key, of) {
		return 7
	}
	return 0
}

// TestEventBytes pins what gateways and clients are told.
func TestEventBytes(t *testing.T) {
	s := New()
	r := EnterRequest{goldKey, goldSession, goldUser, grid.OriginOf(3, 7), 300, []byte("away"), true}
	turn := newTurn()
	turn.Channels = lastOf(goldKey)
	if _, err := s.Apply(&turn.Turn, KindEnter, bodyOf(&r), nil); err != nil {
		t.Fatal(err)
	}
	var e Events
	if _, err := s.Apply(&turn.Turn, KindLeave, bodyOf(&LeaveRequest{goldKey, goldSession}), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"93" + hexStream + "01" + "07", "950001" + hexMember[2:], "950100" + hexSession + hexUser + "a0",
	}
	hints := turn.Effects.Hints
	for i, h := range hints {
		if got := hex.EncodeToString(turn.Effects.Of(h.Body)); got != want[i] {
			t.Errorf("hint %d\ngot  %s\nwant %s", i, got, want[i])
		}
	}
	if hints[0].To != (grid.Address{Session: goldSession, Origin: r.Origin, Conn: 300}) {
		t.Errorf("pushed to %+v", hints[0].To)
	}
	in := pack.NewCursor(turn.Effects.Of(hints[0].Body))
	entered, err := DecodeEnteredEvent(&in)
	if wanted := (EnteredEvent{goldKey, 1, 7, true}); err != nil || !reflect.DeepEqual(entered, wanted) {
		t.Errorf("%+v, %v", entered, err)
	}
	if err := e.Add(turn.Effects.Of(hints[1].Body)); err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(e.Append(nil, goldKey))
	if want := "98" + hexStream + "01" + "91" + hexMember + "90" + "90" + "010000"; got != want {
		t.Errorf("\ngot  %s\nwant %s", got, want)
	}
}

func TestReplyBytes(t *testing.T) {
	s := New()
	for i := range 2 {
		r := EnterRequest{goldKey, goldSession + grid.SessionID(i), goldUser, 1, 1, []byte("away"), true}
		if _, _, err := do(s, KindEnter, &r); err != nil {
			t.Fatal(err)
		}
	}
	for want, c := range map[string]struct {
		kind grid.Kind
		r    request
	}{
		"93" + "02" + "91" + hexMember + hexSession: {KindList, &ListRequest{goldKey, 0, 1}},
		"93" + "02" + "90" + "c0":                   {KindList, &ListRequest{goldKey, lastSession, 1}},
		"93" + "00" + "90" + "c0":                   {KindList, &ListRequest{room("none"), 0, 1}},
		"91" + "02":                                 {KindCount, &CountRequest{goldKey}},
		"91" + "00":                                 {KindCount, &CountRequest{room("none")}},
	} {
		_, body, err := prepare(c.kind, c.r)
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.Query(c.kind, body, nil)
		if got := hex.EncodeToString(out); got != want || err != nil {
			t.Errorf("%+v: %v\ngot  %s\nwant %s", c.r, err, got, want)
		}
	}
}

func TestOpsAreReads(t *testing.T) {
	for i, op := range Ops() {
		if op.Write || op.Prepare == nil || op.Kind != KindList+grid.Kind(i) ||
			!strings.HasPrefix(op.Name, "presence.") {
			t.Errorf("%+v", op)
		}
	}
}

// TestRefusals: whatever is wrong with a message is said, and changes nothing.
func TestRefusals(t *testing.T) {
	const none = "c0"
	longName := hex.EncodeToString(pack.AppendString([]byte{0x92, 2}, strings.Repeat("n", 129)))
	status := hex.EncodeToString(pack.AppendString(nil, strings.Repeat("s", StatusBytesMax+1)))
	for _, c := range []struct {
		kind grid.Kind
		data string
		want string
	}{
		{KindList, "92" + hexStream + none, "needs at least 3"},
		{KindList, "93" + hexStream + none + "00", "ask for 1 to 100"},
		{KindList, "93" + hexStream + none + "65", "ask for 1 to 100"},
		{KindList, "93" + hexStream + "c40101" + "01", "session id"},
		{KindList, "93" + hexStream + "05" + "01", "want bytes"},
		{KindList, "93" + longName + none + "01", "use 1 to 128"},
		{KindList, "93" + hexStream, "got the end"},
		{KindCount, "90", "needs at least 1"},
		{KindCount, "919207a26562", "no kind of stream 7"},
		{KindEnter, "92" + hexKey + hexSession, "needs at least 6"},
		{KindEnter, "96c400" + hexSession + hexUser + "0101c0", "without a kind"},
		{KindEnter, "96" + hexKey + "c40101" + hexUser + "0101c0", "session id"},
		{KindEnter, "96" + hexKey + hexSession + "c40101" + "0101c0", "user id"},
		{KindEnter, "96" + hexKey + hexSession + hexUser + "01ffc0", "not negative"},
		{KindEnter, "96" + hexKey + hexSession + hexUser + "0101" + status, "use up to 512"},
		{KindEnter, "96" + hexKey + hexSession + hexUser + "0101" + "a1ff", "not UTF-8"},
		{KindEnter, "96" + hexKey + hexSession + hexUser[:len(hexUser)-2] + "0b" + "0101c0", "cannot be so as"},
		{KindLeave, "91" + hexKey, "needs at least 2"},
		{KindLeave, "92c40102" + hexSession, "use 1 to 128"},
		{KindLeave, "92" + hexKey + "c0", "want bytes"},
		{KindLeave, "c0", "want an array"},
		{0x0303, "90", "no query 0x0303"},
		{0x0383, "90", "no command 0x0383"},
	} {
		s := New()
		r := EnterRequest{goldKey, goldSession, goldUser, 1, 1, nil, true}
		if _, _, err := do(s, KindEnter, &r); err != nil {
			t.Fatal(err)
		}
		before := string(gridtest.Encode(s))
		data, err := hex.DecodeString(c.data)
		if err != nil {
			t.Fatal(err)
		}
		turn := newTurn()
		var out []byte
		switch c.kind >> 4 {
		case KindList >> 4:
			if out, err = run(s, c.kind, data); c.kind == 0x0303 {
				out, err = s.Query(c.kind, data, []byte("before"))
			}
		default:
			out, err = s.Apply(&turn.Turn, c.kind, data, []byte("before"))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || string(out) != "before" {
			t.Errorf("%#04x %s: %v, %q, want %q", uint16(c.kind), c.data, err, out, c.want)
		}
		if turn.hints() != nil || turn.sent != nil || string(gridtest.Encode(s)) != before {
			t.Errorf("%#04x %s has changed something", uint16(c.kind), c.data)
		}
	}
}

// run prepares a request, an array, and answers it.
func run(s *Streams, kind grid.Kind, data []byte) ([]byte, error) {
	for _, op := range Ops() {
		if op.Kind == kind {
			in := pack.NewCursor(data)
			n := in.Array()
			_, body, err := op.Prepare(&grid.Caller{}, &in, n, []byte("before"))
			if err != nil {
				return body, fault.Of(err)
			}
			return s.Query(kind, body[len("before"):], []byte("before"))
		}
	}
	return nil, nil
}

func TestDroppedRefuses(t *testing.T) {
	for data, want := range map[string]string{
		hexUser + hexSession + hexKey + "08":        "want a string",
		hexUser + hexSession + hexKey + "00" + "a0": "no error code 0",
		hexUser + hexSession + hexKey + "11" + "a0": "no error code 17",
		hexUser + hexSession + "c400" + "08" + "a0": "without a kind",
		hexUser + "c0": "want bytes",
		"c0":           "want bytes",
	} {
		b, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(b)
		var r DroppedRequest
		if err := r.Decode(&in, 5); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
	var r DroppedRequest
	if err := r.Decode(&pack.Cursor{}, 4); fault.CodeOf(err) != fault.InvalidArgument {
		t.Error(err)
	}
}

func TestShortRepliesAreErrors(t *testing.T) {
	list := func(in *pack.Cursor) error { _, err := DecodeListReply(in); return err }
	count := func(in *pack.Cursor) error { _, err := DecodeCountReply(in); return err }
	entered := func(in *pack.Cursor) error { _, err := DecodeEnteredEvent(in); return err }
	changed := func(in *pack.Cursor) error { _, err := DecodeChangedEvent(in); return err }
	for _, c := range []struct {
		data   string
		decode func(*pack.Cursor) error
		want   string
	}{
		{"90", count, "at least 1"},
		{"9201", list, "elements with"},
		{"930190" + "c40101", list, "session id"},
		{"930191" + "92" + hexSession + hexUser, list, "at least 3"},
		{"930191" + "93" + "c40101", list, "session id"},
		{"92" + "c0" + "01", entered, "want an array"},
		{"91" + hexStream, entered, "at least 2"},
		{"98" + hexStream + "01" + "91" + hexMember + "91" + "91" + hexSession + "909090", changed, "at least 2"},
		{"97" + hexStream + "01" + "90" + "90" + "90" + "0000", changed, "at least 8"},
	} {
		b, err := hex.DecodeString(c.data)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(b)
		if err := c.decode(&in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.data, err, c.want)
		}
	}
}
