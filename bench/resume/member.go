package resume

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/client"
)

// member is one session in a room.
type member struct {
	socket socket
	room   *room
	number int
	client *client.Client
	joined *client.Room
	at     atomic.Uint64 // the number of the last message given
	gaps   atomic.Int64  // messages that the server said were gone
}

// join connects and joins the room, from its first message on.
func (m *member) join(ctx context.Context, addr string) (err error) {
	m.client, err = client.Dial(ctx, addr, client.Options{
		Credential: client.Custom(fmt.Sprintf("resume-%06d", m.number)),
		Agent:      "throng-bench", Dial: m.socket.dial,
	})
	if err != nil {
		return fmt.Errorf("connect session %d: %w", m.number, err)
	}
	m.joined, err = m.client.Join(ctx, m.room.name, client.JoinOptions{FromStart: true})
	if err != nil {
		return fmt.Errorf("session %d joins: %w", m.number, err)
	}
	return nil
}

// listen takes events until the context ends.
func (m *member) listen(ctx context.Context) {
	for ctx.Err() == nil {
		e, err := m.joined.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && fault.Of(err).Retry == 0:
			m.room.problem("session %d hears no more: %v", m.number, err)
			return
		case e.Kind == client.MessagesGone:
			m.gaps.Add(int64(e.Gone))
			m.room.problem("session %d was told that %d messages are gone", m.number, e.Gone)
		case e.Kind == client.MessageSent:
			if want := m.at.Load() + 1; e.Message.Seq != want {
				m.room.problem("session %d was given number %d, not %d",
					m.number, e.Message.Seq, want)
			}
			m.room.give(e.Message.Seq, e.Message.Content)
			m.at.Store(e.Message.Seq)
		}
	}
}

// send sends one message and notes its acknowledgement. False: its outcome stayed
// unknown, or it was refused.
func (m *member) send(ctx context.Context, n int) bool {
	content := fmt.Sprintf("message %d of session %d at %d", n, m.number, time.Now().UnixMicro())
	reply, err := m.joined.Send(ctx, content)
	if err != nil {
		if ctx.Err() == nil {
			m.room.problem("session %d could not send: %v", m.number, err)
		}
		return false
	}
	m.room.ack(reply.Seq, content)
	return true
}
