package load

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/netio/wire"
)

// frame makes a frame; a nil body stands for an empty message.
func frame(kind grid.Kind, flags wire.Flags, id uint32, body []byte) []byte {
	if body == nil {
		body = pack.AppendArray(nil, 0)
	}
	return wire.End(append(wire.Begin(nil, kind, flags, id), body...), 0)
}

// message is a push of the message with a number: [stream, [number]], of which the
// dialect reads no more.
func message(seq uint64) []byte {
	b := pack.AppendUint(pack.AppendArray(pack.AppendNil(pack.AppendArray(nil, 2)), 1), seq)
	return frame(chat.KindMessage, 0, 0, b)
}

// What a chat says when it goes on as it should, and when it does not.
func TestChatPushesAreChecked(t *testing.T) {
	lost := fault.New(fault.NotFound, "no room")
	for _, c := range []struct {
		name   string
		frames [][]byte
		ok     bool
	}{
		{"in order", [][]byte{message(7), message(8), message(9)}, true},
		{"others between", [][]byte{message(1), frame(presence.KindChanged, 0, 0, nil), message(2)}, true},
		{"one missing", [][]byte{message(7), message(9)}, false},
		{"one twice", [][]byte{message(7), message(7)}, false},
		{"two exchanged", [][]byte{message(7), message(9), message(8)}, false},
		{"pushes dropped", [][]byte{message(7), frame(wire.KindMissed, 0, 0, nil)}, false},
		{"no number", [][]byte{frame(chat.KindMessage, 0, 0, []byte{0xc0})}, false},
		{"refused", [][]byte{frame(chat.KindSend, wire.Reply|wire.Error, 1, lost.Append(nil))}, false},
	} {
		d := ThrongChat([]string{"r"})(4)
		var err error
		pushes := 0
		for _, b := range c.frames {
			if r, cut := d.Next(b[:len(b)-1]); r.Size != 0 || cut != nil {
				t.Errorf("%s, cut: %+v, %v", c.name, r, cut)
			}
			var r Reply
			if r, err = d.Next(b); err != nil {
				break
			}
			if r.Push {
				pushes++
			} else if !r.Aside {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
		if (err == nil) != c.ok || c.ok && pushes < 2 {
			t.Errorf("%s: %d pushes, %v", c.name, pushes, err)
		}
	}
	d := ThrongChat([]string{"r"})(4)
	if r, err := d.Next(frame(chat.KindSend, wire.Reply, 6, nil)); err != nil || r.Slot != 1 || r.Push {
		t.Errorf("the reply to the sixth request: %+v, %v", r, err)
	}
}

func TestSignalsAreCounted(t *testing.T) {
	one, other := frame(chat.KindSignaled, 0, 0, nil), frame(presence.KindChanged, 0, 0, nil)
	l := ThrongListener(1, "r")
	whole := append(append(append([]byte{}, one...), other...), one...)
	n, used, err := l.Count(append(whole, one[:3]...))
	if n != 2 || used != len(whole) || err != nil {
		t.Errorf("%d signals in %d bytes, want 2 in %d; %v", n, used, len(whole), err)
	}
	if _, _, err := l.Count(frame(wire.KindMissed, 0, 0, nil)); err == nil {
		t.Error("dropped pushes were passed over")
	}
	d := ThrongSignals("", "r")(4)
	if r, err := d.Next(frame(chat.KindSignal, wire.Reply, 6, nil)); err != nil || r.Slot != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := d.Next(frame(chat.KindSend, wire.Reply, 6, nil)); err == nil {
		t.Error("a reply to something else was taken")
	}
}

// A message can be told from all others, those of another load included, and by
// whom it is.
func TestContentsTellTheirSpeaker(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		next := speakers()
		for user := range 3 {
			s := next()
			for n := range uint64(4) {
				text := s.text(n)
				if got, ok := Speaker(text); !ok || got != user || len(text) != ContentBytes || seen[text] {
					t.Errorf("%q is of user %d, %v, said before %v; want %d", text, got, ok, seen[text], user)
				}
				seen[text] = true
			}
		}
	}
	for _, text := range []string{"", "hello", " user 1 message ", speakerText()[1:], "x user y message 1"} {
		if user, ok := Speaker(text); ok {
			t.Errorf("%q is of user %d", text, user)
		}
	}
}

func speakerText() string { s := speakers()(); return s.text(1) }
