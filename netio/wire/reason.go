package wire

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/grid/pack"
)

// Reason is why a server closes a connection. Its range says what the client
// does next: 1000 to 1999, connect again after the time that the goodbye names;
// 2000 to 2999, do not: the same client would be refused again.
type Reason uint16

// The reasons. Numbers are never reused.
const (
	Shutdown     Reason = 1000
	Overloaded   Reason = 1001
	SlowReader   Reason = 1002
	InternalFail Reason = 1003
	HelloLate    Reason = 1004

	BadFrame           Reason = 2000
	HelloExpected      Reason = 2001
	Unauthenticated    Reason = 2002
	UnsupportedVersion Reason = 2003
	BadHello           Reason = 2004
	SessionEnded       Reason = 2005
	SessionReplaced    Reason = 2006
)

// Entry is one line of the table of reasons.
type Entry struct {
	Reason Reason
	Name   string
	Text   string // what happened and what to do, for a game developer
}

// Reasons returns the table of all reasons, in order of their numbers.
func Reasons() []Entry {
	return []Entry{
		{Shutdown, "shutdown",
			"the server shuts down: connect again, to any node"},
		{Overloaded, "overloaded",
			"the server has no room for this connection at the moment: connect again later"},
		{SlowReader, "slow reader",
			"replies waited too long or took too many bytes: read them, and ask for less at once"},
		{InternalFail, "internal",
			"a fault in the server, which its log names: connect again"},
		{HelloLate, "hello late",
			"no hello came in time: send it as soon as the connection is up"},
		{BadFrame, "bad frame",
			"a frame's length is out of bounds: see docs/protocol.md for the head of a frame"},
		{HelloExpected, "hello expected",
			"the first frame must be hello"},
		{Unauthenticated, "unauthenticated",
			"the credential was refused: check provider and credential"},
		{UnsupportedVersion, "unsupported version",
			"the server speaks none of the versions that hello offered: update the client"},
		{BadHello, "bad hello",
			"the hello cannot be decoded or breaks a limit: see docs/protocol.md for its fields"},
		{SessionEnded, "session ended",
			"the session was ended: say hello anew if the player is to stay"},
		{SessionReplaced, "session replaced",
			"another connection has resumed this session: use that one"},
	}
}

// Reconnect says whether a client that was closed for this reason may connect
// again. Unknown numbers keep to their range.
func (r Reason) Reconnect() bool { return r < 2000 }

// String returns the reason's name.
func (r Reason) String() string {
	if e, ok := r.entry(); ok {
		return e.Name
	}
	return fmt.Sprintf("reason %d", uint16(r))
}

// Text returns the reason's sentence.
func (r Reason) Text() string {
	if e, ok := r.entry(); ok {
		return e.Text
	}
	return r.String()
}

func (r Reason) entry() (Entry, bool) {
	for _, e := range Reasons() {
		if e.Reason == r {
			return e, true
		}
	}
	return Entry{}, false
}

// Goodbye is the server's last frame but for replies that were under way.
type Goodbye struct {
	Reason Reason
	Text   string
	After  time.Duration // connect again after this, in whole milliseconds
}

// Append appends the goodbye's array.
func (g *Goodbye) Append(b []byte) []byte {
	b = pack.AppendArray(b, 3)
	b = pack.AppendUint(b, uint64(g.Reason))
	b = pack.AppendString(b, g.Text)
	return pack.AppendUint(b, uint64(max(0, g.After.Milliseconds())))
}

// Decode reads a goodbye's array.
func (g *Goodbye) Decode(c *pack.Cursor) error {
	n, err := fields(c, 3, "goodbye")
	if err != nil {
		return err
	}
	g.Reason = Reason(small(c, 16))
	g.Text = string(c.String())
	g.After = time.Duration(small(c, 32)) * time.Millisecond
	return rest(c, n-3, "goodbye")
}
