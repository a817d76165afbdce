package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// The chat that is measured, alone and beside Redis.
const (
	Talkers      = 64  // connections that send,
	RoomTalkers  = 4   // so many in each room,
	TalkerWindow = 8   // each with so many messages in flight in a closed loop,
	ContentBytes = 128 // of this size
)

// Talk returns sources of operations that send messages, without end.
func Talk(int, *rand.Rand) Source {
	return func() (Op, bool) { return Op{Kind: Say}, true }
}

// Rooms returns names for n rooms that begin with a prefix, spread as Boards are.
func Rooms(prefix string, n int) []string {
	var names []string
	for k := 0; len(names) < n; k++ {
		name := fmt.Sprintf("%s-%d", prefix, k)
		if int(grid.SlotOf(roomKey(name)))*n/grid.Slots == len(names) {
			names = append(names, name)
		}
	}
	return names
}

func roomKey(name string) string { return string(grid.AppendKey(nil, grid.StreamRoom, name)) }

// speaker makes up the messages of one user.
type speaker struct {
	load    uint32 // names the load, so that no two messages ever are the same
	user    int    // from 0; its room is that modulo their number
	content [ContentBytes]byte
}

// speakers returns a function that makes one user after the other.
func speakers() func() speaker {
	next := speaker{load: rand.Uint32(), user: -1}
	return func() speaker {
		next.user++
		return next
	}
}

// text makes the content of the n-th message.
func (s *speaker) text(n uint64) string {
	b := fmt.Appendf(s.content[:0], "%08x user %d message %d ", s.load, s.user, n)
	for len(b) < ContentBytes {
		b = append(b, '.')
	}
	return string(b[:ContentBytes])
}

// Speaker returns which user of a chat load said a message, from 0; false: none.
func Speaker(content string) (user int, ok bool) {
	_, rest, _ := strings.Cut(content, " user ")
	number, _, ok := strings.Cut(rest, " message ")
	user, err := strconv.Atoi(number)
	return user, ok && err == nil && len(content) == ContentBytes
}

// ThrongChat returns the dialect of a chat on Throng: each connection is a user of
// its own, in one of the rooms by turns. An operation sends a message to that room,
// whose content no other message has; all that the room's members send comes back
// as pushes, whose numbers are checked.
func ThrongChat(rooms []string) func(depth int) Dialect {
	next := speakers()
	return func(depth int) Dialect {
		s := next()
		return &throngChat{speaker: s, key: roomKey(rooms[s.user%len(rooms)]), depth: depth}
	}
}

type throngChat struct {
	speaker
	key   string
	depth int
	last  uint64 // number of the newest message seen
}

// Open logs in, joins the room and waits until it is entered.
func (t *throngChat) Open(conn net.Conn) error {
	if _, err := Greet(conn, wire.ProviderCustom, fmt.Sprintf("chat-user-%d", t.user)); err != nil {
		return err
	}
	return Enter(conn, t.key, "")
}

func (t *throngChat) Append(b []byte, n, low uint64, _ Op) []byte {
	start := len(b)
	r := chat.SendRequest{Key: t.key, Content: t.text(n)}
	b = pack.AppendArray(wire.Begin(b, chat.KindSend, 0, uint32(n+1)), r.Fields()+2)
	b = pack.AppendUint(pack.AppendUint(b, n+1), low+1)
	return wire.End(r.Append(b), start)
}

func (t *throngChat) Again(b []byte, _ int) []byte { return b }

func (t *throngChat) Next(b []byte) (Reply, error) {
	f, size, err := wire.Next(b, ReplyBytesMax)
	if err != nil || size > len(b) {
		return Reply{}, err
	}
	switch {
	case f.Kind == wire.KindGoodbye || f.Flags&wire.Error != 0:
		return Reply{}, refusal(f)
	case f.Kind == chat.KindSend && f.Flags&wire.Reply != 0:
		return Reply{Size: size, Slot: int((f.ID - 1) % uint32(t.depth))}, nil
	case f.Kind == wire.KindMissed:
		return Reply{}, errors.New("pushes were dropped")
	case f.Kind == chat.KindMessage:
		return Reply{Size: size, Push: true}, t.verify(f.Body)
	}
	return Reply{Size: size, Aside: true}, nil
}

// verify says whether a pushed message is the next one of the room.
func (t *throngChat) verify(body []byte) error {
	c := pack.NewCursor(body)
	c.Array()
	c.Skip()
	c.Array()
	seq := c.Uint()
	if c.Err() != nil {
		return c.Err()
	}
	if t.last != 0 && seq != t.last+1 {
		return fmt.Errorf("message %d came behind message %d of its room", seq, t.last)
	}
	t.last = seq
	return nil
}
