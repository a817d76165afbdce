package nemesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/netio/client"
)

// silenceMax is the longest that a talker says nothing: so slow that what is said while a
// member is away fits a room's tail, for nothing else has it.
const silenceMax = 600 * time.Millisecond

// talker is a player who is in all rooms of a round.
type talker struct {
	number int
	client *client.Client
	said   int // messages made up
}

// speak sends messages until stop, and finishes what it has begun.
func (t *talker) speak(
	ctx context.Context, random *rand.Rand, r *round, w *watch, stop *atomic.Bool,
) {
	for !stop.Load() && ctx.Err() == nil {
		at := random.IntN(len(r.rooms))
		t.said++
		content := fmt.Sprintf("talker %d, message %d", t.number, t.said)
		waiting, cancel := context.WithTimeout(ctx, answerIn)
		begin := time.Now()
		reply, err := r.seats[t.number][at].room.Send(waiting, content)
		cancel()
		switch {
		case err == nil:
			r.rooms[at].ack(reply.Seq, content)
			w.ack(r.rooms[at].name, begin)
		case w.failed(r.rooms[at].name, err):
			r.rooms[at].doubt(content)
		}
		process.Pause(ctx, time.Duration(random.Int64N(int64(silenceMax))))
	}
}

// seat is a talker's place in one room, where it is given what others say.
type seat struct {
	who  string
	room *client.Room
	text *transcript
	last atomic.Uint64 // the number of the last message given
}

// take takes one room, from its first message on.
func (t *talker) take(ctx context.Context, text *transcript) (*seat, error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	room, err := t.client.Join(ctx, text.name, client.JoinOptions{FromStart: true})
	if err != nil {
		return nil, fmt.Errorf("talker %d joins %s: %w", t.number, text.name, err)
	}
	return &seat{who: fmt.Sprintf("talker %d", t.number), room: room, text: text}, nil
}

// listen takes what the room brings, until ctx ends.
func (s *seat) listen(ctx context.Context, w *watch) {
	err := readback.Follow(ctx, s.room, func(e client.Event) {
		switch e.Kind {
		case client.MessagesGone:
			s.text.gone(s.who, e.Gone)
		case client.MessageSent:
			s.text.given(s.who, s.last.Load(), e.Message.Seq, e.Message.Content)
			s.last.Store(e.Message.Seq)
		}
	})
	if err != nil {
		w.strange("%s hears no more in %s: %v", s.who, s.text.name, err)
	}
}

// read reads the whole room from the server.
func (s *seat) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	var all []message
	last, err := readback.Messages(ctx, s.room, func(m chat.Message) {
		all = append(all, message{m.Seq, m.Content})
	})
	if err != nil {
		return fmt.Errorf("%s reads %s: %w", s.who, s.text.name, err)
	}
	s.text.read("as "+s.who+" reads it", all, last)
	return nil
}
