package chat

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// hexed returns bytes that are written down by their fields.
func hexed(fields ...string) []byte {
	b, err := hex.DecodeString(strings.Join(fields, ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	goldenUser    = "c41000112233445566778899aabbccddeeff"
	goldenSession = "c4080000000000000abc"
	goldenRoom    = "9202a56c6f626279"
)

var goldenMessage = Message{Seq: 300, Time: 1_700_000_000_000_000, Revision: 2,
	Sender:  grid.ID{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
	Session: 0xabc, Content: "hi"}

// TestGoldenReplies pins what clients of all languages read, with a field more
// than this version knows wherever there may be one.
func TestGoldenReplies(t *testing.T) {
	message := "97" + "cd012c" + "cf00060a24181e4000" + "02" + goldenUser + goldenSession + "a26869" + "c3"
	removed := "97" + "cd012d" + "cf00060a24181e4000" + "03" + goldenUser + goldenSession + "c0" + "c3"
	gone := goldenMessage
	gone.Seq, gone.Revision, gone.Content, gone.Removed = 301, 3, "", true
	for name, x := range map[string]struct {
		data   []byte
		decode func(*pack.Cursor) (any, error)
		want   any
	}{
		"send":   {hexed("93", "cd012c", "07", "c0"), boxed(DecodeSendReply), SendReply{300, 7}},
		"change": {hexed("92", "05", "c0"), boxed(DecodeChangeReply), ChangeReply{5}},
		"info":   {hexed("93", "01", "05", "c0"), boxed(DecodeInfoReply), InfoReply{1, 5}},
		"history": {hexed("94", "01", "cd012d", "92", message, removed, "c0"), boxed(DecodeHistoryReply),
			HistoryReply{1, 301, []Message{goldenMessage, gone}}},
		"message": {hexed("93", goldenRoom, message, "c0"), boxed(DecodeMessageEvent),
			MessageEvent{lobby, goldenMessage}},
		"at": {hexed("93", goldenRoom, "07", "c0"), boxed(DecodeAtEvent), AtEvent{lobby, 7}},
		"signal": {hexed("95", goldenRoom, goldenSession, goldenUser, "a26869", "c0"), boxed(DecodeSignalEvent),
			SignalEvent{lobby, 0xabc, goldenMessage.Sender, "hi"}},
	} {
		in := pack.NewCursor(x.data)
		got, err := x.decode(&in)
		if err != nil || in.Done() != nil || !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: %v, %v\ngot  %+v\nwant %+v", name, err, in.Done(), got, x.want)
		}
		for n := range x.data {
			cut := pack.NewCursor(x.data[:n])
			if _, err := x.decode(&cut); err == nil {
				t.Errorf("%s: no error for %d bytes of it", name, n)
			}
		}
		clear(x.data) // nothing may be a view
		if !reflect.DeepEqual(got, x.want) {
			t.Errorf("%s: has a view", name)
		}
	}
	want := "96" + message[2:len(message)-2]
	if got := hex.EncodeToString(goldenMessage.encode()); got != want {
		t.Errorf("a message:\ngot  %s\nwant %s", got, want)
	}
	if m, n := goldenMessage.encode(), goldenMessage.append(nil); string(m) != string(n) {
		t.Errorf("%x, then %x", m, n)
	}
}

func boxed[R any](decode func(*pack.Cursor) (R, error)) func(*pack.Cursor) (any, error) {
	return func(in *pack.Cursor) (any, error) { return decode(in) }
}

func TestRepliesThatAreWrong(t *testing.T) {
	good := "cd012c" + "07" + "02" + goldenUser + goldenSession
	for name, x := range map[string]struct {
		data   []byte
		decode func(*pack.Cursor) (any, error)
		want   string
	}{
		"field missing":   {hexed("91", "05", "06"), boxed(DecodeSendReply), "at least 2"},
		"no message":      {hexed("93", "01", "02", "91", "c0"), boxed(DecodeHistoryReply), "want an array"},
		"message of five": {hexed("92", goldenRoom, "95", good, "c0"), boxed(DecodeMessageEvent), "at least 6"},
		"short sender": {hexed("92", goldenRoom, "96", "0107", "02", "c40105", goldenSession, "c0"),
			boxed(DecodeMessageEvent), "sender of 1"},
		"number 0": {hexed("92", goldenRoom, "96", "00", good[6:], "c0"),
			boxed(DecodeMessageEvent), "number 0"},
		"negative time": {hexed("92", goldenRoom, "96", "01ff", good[8:], "c0"),
			boxed(DecodeMessageEvent), "at -1"},
		"number too high": {hexed("92", goldenRoom, "96", "cf8000000000000000", good[6:], "c0"),
			boxed(DecodeMessageEvent), "number 9223372036854775808"},
		"no stream": {hexed("92", "9107", "96", good, "c0"),
			boxed(DecodeMessageEvent), "stream of 1 field"},
		"signal of nobody": {hexed("94", goldenRoom, goldenSession, "c401ff", "a178"),
			boxed(DecodeSignalEvent), "user id of 1 byte"},
	} {
		in := pack.NewCursor(x.data)
		if _, err := x.decode(&in); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

func TestMerge(t *testing.T) {
	whole := func(revision uint64, content string) Message {
		return Message{Seq: 5, Time: 9, Revision: revision, Sender: person(1), Session: 7,
			Content: content, Removed: content == ""}
	}
	amends := func(revision uint64, content string) Message {
		return Message{Seq: 5, Revision: revision, Content: content, Removed: content == ""}
	}
	other := whole(9, "other")
	other.Seq = 6
	for name, x := range map[string]struct {
		stored, row, want *Message // want nil: no change
		fails             bool
	}{
		"new":                       {nil, new(whole(0, "a")), new(whole(0, "a")), false},
		"new and changed":           {nil, new(whole(3, "a")), new(whole(3, "a")), false},
		"again":                     {new(whole(0, "a")), new(whole(0, "a")), nil, false},
		"later":                     {new(whole(1, "a")), new(whole(2, "b")), new(whole(2, "b")), false},
		"earlier":                   {new(whole(3, "a")), new(whole(2, "b")), nil, false},
		"removed":                   {new(whole(1, "a")), new(whole(2, "")), new(whole(2, "")), false},
		"amendment of nothing":      {nil, new(amends(2, "b")), nil, false},
		"amendment":                 {new(whole(1, "a")), new(amends(2, "b")), new(whole(2, "b")), false},
		"earlier amendment":         {new(whole(3, "a")), new(amends(2, "b")), nil, false},
		"removal by amendment":      {new(whole(1, "a")), new(amends(2, "")), new(whole(2, "")), false},
		"amendment of a removed":    {new(whole(1, "")), new(amends(2, "b")), nil, false},
		"another message's":         {new(whole(1, "a")), &other, nil, true},
		"amendment of an amendment": {new(amends(1, "a")), new(amends(2, "b")), new(amends(2, "b")), false},
	} {
		var stored []byte
		if x.stored != nil {
			stored = x.stored.encode()
		}
		merged, changed, err := Merge(stored, x.row.encode())
		switch {
		case (err != nil) != x.fails || changed != (x.want != nil && !x.fails):
			t.Errorf("%s: changed %v, %v", name, changed, err)
		case err != nil:
		case !changed && string(merged) != string(stored):
			t.Errorf("%s: another message without a change", name)
		case changed && string(merged) != string(x.want.encode()):
			t.Errorf("%s: %x, want %x", name, merged, x.want.encode())
		}
	}
	good := new(whole(1, "a")).encode()
	if _, _, err := Merge([]byte{1}, good); err == nil {
		t.Error("merged with what is no message")
	}
	if _, _, err := Merge(good, append(good, 1)); err == nil {
		t.Error("merged what is more than a message")
	}
}
