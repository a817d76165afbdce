package resume

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/netio/client"
)

// member is one session in a room.
type member struct {
	socket socket
	room   *room
	number int
	client *client.Client
	joined *client.Room
	before int           // connections made when its socket was cut last; 0: it was not
	at     atomic.Uint64 // the number of the last message given
	gone   atomic.Int64  // messages that the server said were gone
}

// join connects and joins the room, from its first message on.
func (m *member) join(ctx context.Context, server *process.Throng) (err error) {
	m.client, err = server.Dial(ctx, client.Options{
		Credential: client.Custom(fmt.Sprintf("resume-%06d", m.number)), Dial: m.socket.dial,
	})
	if err != nil {
		return fmt.Errorf("session %d: %w", m.number, err)
	}
	m.joined, err = m.client.Join(ctx, m.room.name, client.JoinOptions{FromStart: true})
	if err != nil {
		return fmt.Errorf("session %d joins: %w", m.number, err)
	}
	return nil
}

// listen takes what the room brings until ctx ends.
func (m *member) listen(ctx context.Context) {
	if err := readback.Follow(ctx, m.joined, m.hear); err != nil {
		m.room.problem("session %d hears no more: %v", m.number, err)
	}
}

// hear takes one event: messages must come as 1, 2, 3 and so on.
func (m *member) hear(e client.Event) {
	switch e.Kind {
	case client.MessagesGone:
		m.gone.Add(int64(e.Gone))
		m.room.problem("session %d was told that %d messages are gone", m.number, e.Gone)
	case client.MessageSent:
		if want := m.at.Load() + 1; e.Message.Seq != want {
			m.room.problem("session %d was given number %d, not %d", m.number, e.Message.Seq, want)
		}
		m.room.give(e.Message.Seq, e.Message.Content)
		m.at.Store(e.Message.Seq)
	}
}

// behind says whether the member lacks messages that its room has.
func (m *member) behind() bool { return m.at.Load() < m.room.last() }

// cut cuts the socket, and says whether there was one.
func (m *member) cut() bool {
	made := m.client.Stats().Connects
	if !m.socket.cut() {
		return false
	}
	m.before = made
	return true
}

// away says whether the member has not connected again since its socket was cut.
func (m *member) away() bool { return m.client.Stats().Connects <= m.before }

// send sends a message like no other and notes its acknowledgement. False: its
// outcome stayed unknown, or it was refused.
func (m *member) send(ctx context.Context, n int64) bool {
	content := fmt.Sprintf("message %d of session %d", n, m.number)
	reply, err := m.joined.Send(ctx, content)
	if err != nil {
		m.room.problem("session %d could not send: %v", m.number, err)
		return false
	}
	m.room.ack(reply.Seq, content)
	return true
}
