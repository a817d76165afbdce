package chat

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// TestContentBound: a content up to what the server was told is taken, by every
// request that has one, and a longer one is refused with the key's name.
func TestContentBound(t *testing.T) {
	c := caller(1)
	c.Limits = &grid.Limits{grid.ContentBytesBound: 10}
	lobby := roomKey("lobby")
	for kind, r := range map[grid.Kind]func(content string) request{
		KindSend:   func(s string) request { return &SendRequest{lobby, s} },
		KindUpdate: func(s string) request { return &UpdateRequest{lobby, 1, s} },
		KindSignal: func(s string) request { return &SignalRequest{lobby, s} },
	} {
		if _, _, err := prepare(nil, &c, kind, r("0123456789")); err != nil {
			t.Errorf("%#04x: 10 of 10 bytes: %v", uint16(kind), err)
		}
		_, _, err := prepare(nil, &c, kind, r("0123456789a"))
		if fault.CodeOf(err) != fault.InvalidArgument ||
			!strings.Contains(err.Error(), "chat_content_bytes_max") {
			t.Errorf("%#04x: 11 of 10 bytes: %v", uint16(kind), err)
		}
	}
}

// TestChannelsBound: while there are as many channels as may be, rooms that have
// messages take more, and no other room its first.
func TestChannelsBound(t *testing.T) {
	c := server
	w := New()
	send := func(room string) error {
		_, body, err := prepare(nil, &c, KindSend, &SendRequest{roomKey(room), "hello"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Apply(&grid.Turn{Stamp: 1, Members: everyone{}}, KindSend, body, nil)
		return err
	}
	if err := send("old"); err != nil {
		t.Fatal(err)
	}
	c.Limits = &grid.Limits{grid.ChannelsBound: 1}
	if err := send("old"); err != nil {
		t.Errorf("a room that has messages: %v", err)
	}
	if err := send("new"); fault.CodeOf(err) != fault.ResourceExhausted ||
		!strings.Contains(err.Error(), "channels_max") {
		t.Errorf("a room without messages: %v", err)
	}
	c.Limits = nil
	if err := send("new"); err != nil {
		t.Error(err)
	}
}
