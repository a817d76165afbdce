package slot

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// Subject is what sort of thing a command is about.
type Subject uint8

// The sorts of things.
const (
	NoSubject Subject = iota // the slot itself, or nothing that this program knows
	Board
	User
	Channel
	Subjects // how many there are
)

// Subject returns what the command is about: the sort of it, and its routing key, a view
// of the body, with which all bodies of features begin. A board that is spread over
// slots is one and the same in all of them.
func (c *Command) Subject() (Subject, []byte) {
	in := pack.NewCursor(c.Body)
	in.Array()
	sort, key := NoSubject, []byte(nil)
	switch c.Kind >> 8 {
	case 0x01:
		sort, key = Board, leaderboard.NameOf(in.String())
	case 0x02:
		sort, key = User, in.Bytes()
	case 0x04:
		sort, key = Channel, in.Bytes()
	}
	if in.Err() != nil || len(key) == 0 {
		return NoSubject, nil
	}
	return sort, key
}

// Name returns what people call the thing with a routing key.
func (s Subject) Name(key string) string {
	switch s {
	case User:
		var id grid.ID
		copy(id[:], key)
		return id.String()
	case Channel:
		return key[1:] // behind the kind of its stream
	}
	return key
}
