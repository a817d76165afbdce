package chatter

import (
	"context"
	"fmt"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/netio/client"
)

// transcript says whether a room's history is right, message by message.
type transcript struct {
	room, rooms int // which room this is, of how many
	count       uint64
	said        map[string]bool // contents; nil when read is done
	wrong       error           // the first thing that is
}

// read reads a room's history.
func (t *transcript) read(ctx context.Context, c *client.Client, name string) error {
	room, err := c.Join(ctx, name, client.JoinOptions{})
	if err != nil {
		return err
	}
	last, err := readback.Messages(ctx, room, t.take)
	if err != nil {
		return err
	}
	t.end(last)
	return room.Leave(ctx)
}

// take takes the next message.
func (t *transcript) take(m chat.Message) {
	if t.said == nil {
		t.said = map[string]bool{}
	}
	t.count++
	user, ok := load.Speaker(m.Content)
	switch {
	case m.Seq != t.count:
		t.fail("number %d stands where %d should", m.Seq, t.count)
	case !ok || user%t.rooms != t.room:
		t.fail("number %d, %q, is of nobody who sends there", m.Seq, m.Content)
	case t.said[m.Content]:
		t.fail("number %d, %q, is there twice", m.Seq, m.Content)
	}
	t.said[m.Content] = true
}

// end ends the history, of which the server says that its last number is this.
func (t *transcript) end(last uint64) {
	t.said = nil
	if last != t.count {
		t.fail("%d messages were read, the last is said to be number %d", t.count, last)
	}
}

func (t *transcript) fail(format string, args ...any) {
	if t.wrong == nil {
		t.wrong = fmt.Errorf("room %d: "+format, append([]any{t.room}, args...)...)
	}
}

// noteHistories checks that all rooms' histories together are what was sent, and
// returns how many messages they have.
func noteHistories(r *report.Report, read []transcript, sent int64) (n int64) {
	right, examples := true, ""
	for i := range read {
		n += int64(read[i].count)
		if err := read[i].wrong; err != nil {
			right = false
			examples += "; " + err.Error()
		}
	}
	r.Check("every message is in its room's history, once and in order", n == sent && right,
		"%d messages were acknowledged, %d read%s", sent, n, examples)
	return n
}
