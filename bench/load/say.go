package load

import (
	"errors"
	"fmt"
	"net"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// ContentBytes is the size of every message of a chat load.
const ContentBytes = 128

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

// ThrongChat returns the dialect of a chat on Throng: connection i is user i, in
// room i modulo their number. An operation sends a message to that room; everything
// that the room's members send comes back as pushes, whose numbers are checked.
func ThrongChat(rooms []string) func(depth int) Dialect {
	conns := 0
	return func(depth int) Dialect {
		conns++
		return &throngChat{user: conns, key: roomKey(rooms[(conns-1)%len(rooms)]), depth: depth}
	}
}

type throngChat struct {
	user    int
	key     string
	depth   int
	last    uint64 // number of the newest message seen
	content [ContentBytes]byte
}

// Open logs in, joins the room and waits until it is entered.
func (t *throngChat) Open(conn net.Conn) error {
	if _, err := Greet(conn, wire.ProviderCustom, fmt.Sprintf("chat-user-%d", t.user)); err != nil {
		return err
	}
	return Enter(conn, t.key)
}

// Enter makes the session of a connection present on a stream, and returns once
// it is.
func Enter(conn net.Conn, key string) error {
	r := session.TrackRequest{Key: key}
	if err := Ask(conn, session.KindTrack, 1, r.Fields(), r.Append); err != nil {
		return err
	}
	asked, entered := false, false
	for !asked || !entered {
		f, err := ReadFrame(conn)
		if err != nil {
			return fmt.Errorf("enter a stream: %w", err)
		}
		asked = asked || f.Kind == session.KindTrack
		entered = entered || f.Kind == presence.KindEntered
	}
	return nil
}

func (t *throngChat) Append(b []byte, n, low uint64, _ Op) []byte {
	start := len(b)
	r := chat.SendRequest{Key: t.key, Content: t.text(n)}
	b = pack.AppendArray(wire.Begin(b, chat.KindSend, 0, uint32(n+1)), r.Fields()+2)
	b = pack.AppendUint(pack.AppendUint(b, n+1), low+1)
	return wire.End(r.Append(b), start)
}

// text makes the content of the n-th message of this user.
func (t *throngChat) text(n uint64) string {
	b := fmt.Appendf(t.content[:0], "user %d message %d ", t.user, n)
	for len(b) < ContentBytes {
		b = append(b, '.')
	}
	return string(b[:ContentBytes])
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
