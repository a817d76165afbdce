package chat

import (
	"testing"

	"github.com/thronggrid/throng/grid"
)

func TestWaiting(t *testing.T) {
	c, s := New(), newShelf()
	first := send(t, c, s, lobby, "one").Time
	send(t, c, s, lobby, "two")
	send(t, c, nil, roomKey("b"), "not archived")
	send(t, c, s, roomKey("c"), "three")
	waiting, since := c.Waiting()
	if waiting.Count != 3 || since != first {
		t.Errorf("%+v since %d, want 3 since %d", waiting, since, first)
	}
	channels, messages := c.Sizes()
	if channels.Count != 3 || messages.Count != 4 || waiting.Bytes >= messages.Bytes || waiting.Bytes == 0 {
		t.Errorf("%+v, %+v, of which wait %+v", channels, messages, waiting)
	}
	_, done := c.Backlog(1 << 20)
	if err := acknowledge(c, done); err != nil {
		t.Fatal(err)
	}
	if waiting, since := c.Waiting(); waiting != (grid.Size{}) || since != 0 {
		t.Errorf("archived: %+v since %d", waiting, since)
	}
	if _, now := c.Sizes(); now != messages {
		t.Errorf("archived, the tails have %+v, before %+v", now, messages)
	}
}
