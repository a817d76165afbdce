package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/client"
)

// chatRooms is how many rooms all talkers are in.
const chatRooms = 2

func roomName(i int) string { return fmt.Sprintf("crash/room/%d", i) }

// talker is one player who chats in all rooms. Between run's start and its end it
// belongs to run's goroutine, but for ears.
type talker struct {
	number int
	user   grid.ID
	client *client.Client
	random *rand.Rand
	rooms  []*client.Room
	said   []said // by room
	count  int    // messages made up
	faults faults

	acked   atomic.Int64 // writes
	unknown int          // answers that said so
	ears    []*ear       // by room
}

// said is what one talker knows of its messages in one room.
type said struct {
	messages map[uint64][]string // by number: the contents possible, "" when removed
	doubtful map[string]bool     // contents of which nobody knows whether they were sent
	own      []uint64            // numbers of the newest, to be changed
}

// ownMax is how many of its newest messages a talker changes.
const ownMax = 20

func newTalker(number int, seed uint64) *talker {
	t := &talker{number: number, random: rand.New(rand.NewPCG(seed, uint64(number)<<32))}
	for range chatRooms {
		t.said = append(t.said, said{messages: map[uint64][]string{}, doubtful: map[string]bool{}})
		t.ears = append(t.ears, &ear{})
	}
	return t
}

// join connects and joins all rooms.
func (t *talker) join(ctx context.Context, server *process.Throng) (err error) {
	t.client, err = server.Dial(ctx, client.Options{
		Credential: client.Custom(fmt.Sprintf("crash-talker-%d", t.number)), BackoffMax: backoffMax,
	})
	if err != nil {
		return err
	}
	t.user = t.client.User()
	for i, e := range t.ears {
		e.room, err = t.client.Join(ctx, roomName(i), client.JoinOptions{FromStart: true})
		if err != nil {
			return fmt.Errorf("talker %d joins: %w", t.number, err)
		}
		t.rooms = append(t.rooms, e.room)
	}
	return nil
}

// run talks until stop, and finishes what it has begun.
func (t *talker) run(ctx context.Context, stop *atomic.Bool) error {
	for !stop.Load() {
		i := t.random.IntN(chatRooms)
		var err error
		switch n := t.random.IntN(10); {
		case n == 0:
			err = t.rooms[i].SetStatus(ctx, fmt.Sprint("status ", t.random.IntN(100)))
		case n == 1 && len(t.said[i].own) > 0:
			err = t.change(ctx, i)
		default:
			err = t.send(ctx, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// send sends a message.
func (t *talker) send(ctx context.Context, room int) error {
	t.count++
	content := fmt.Sprintf("talker %d, message %d", t.number, t.count)
	s := &t.said[room]
	reply, err := t.rooms[room].Send(ctx, content)
	if err != nil {
		s.doubtful[content] = true
		return t.settle(ctx, err)
	}
	t.acked.Add(1)
	if _, twice := s.messages[reply.Seq]; twice {
		t.faults.other++
		t.faults.example("room %d: number %d was acknowledged twice", room, reply.Seq)
	}
	s.messages[reply.Seq] = []string{content}
	if s.own = append(s.own, reply.Seq); len(s.own) > ownMax {
		s.own = s.own[1:]
	}
	return nil
}

// change updates or removes one of its newest messages.
func (t *talker) change(ctx context.Context, room int) error {
	s := &t.said[room]
	at := t.random.IntN(len(s.own))
	seq, content := s.own[at], ""
	var err error
	if t.random.IntN(3) == 0 {
		s.own = append(s.own[:at], s.own[at+1:]...)
		_, err = t.rooms[room].Remove(ctx, seq)
	} else {
		t.count++
		content = fmt.Sprintf("talker %d, change %d", t.number, t.count)
		_, err = t.rooms[room].Update(ctx, seq, content)
	}
	switch {
	case fault.CodeOf(err) == fault.FailedPrecondition: // it is no longer in the tail
		s.own = nil
		return nil
	case err != nil:
		s.messages[seq] = append(s.messages[seq], content)
		return t.settle(ctx, err)
	}
	t.acked.Add(1)
	s.messages[seq] = []string{content}
	return nil
}

// settle says whether an answer may be: only one that says unknown.
func (t *talker) settle(ctx context.Context, err error) error {
	if !isUnknown(err) || ctx.Err() != nil {
		return fmt.Errorf("talker %d: %w", t.number, err)
	}
	t.unknown++
	return nil
}

// ear takes what a talker is given in one room.
type ear struct {
	room *client.Room

	mu     sync.Mutex
	last   uint64 // the number of the last message given
	faults faults
}

// listen takes events until the context ends.
func (e *ear) listen(ctx context.Context) {
	err := readback.Follow(ctx, e.room, func(event client.Event) {
		switch event.Kind {
		case client.MessagesGone:
			e.note("%d messages are gone", event.Gone)
		case client.MessageSent:
			e.heard(event.Message.Seq)
		}
	})
	if err != nil {
		e.note("a talker hears no more: %v", err)
	}
}

func (e *ear) note(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults.other++
	e.faults.example(format, args...)
}

func (e *ear) heard(seq uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case seq <= e.last:
		e.faults.doubled++
		e.faults.example("number %d was given after number %d", seq, e.last)
	case seq > e.last+1:
		e.faults.lost++
		e.faults.example("number %d was given behind number %d", seq, e.last)
	}
	e.last = seq
}

// at returns the number of the last message given.
func (e *ear) at() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// take returns the faults since the last call.
func (e *ear) take() faults {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.faults
	e.faults = faults{}
	return f
}
