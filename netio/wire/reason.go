package wire

import (
	"fmt"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Reason is why a server closes a connection. Its range says what the client
// does next: 1000 to 1999, connect again after the time that the goodbye names;
// 2000 to 2999, do not: the same client would be refused again.
type Reason uint16

// Entry is one line of the table of reasons.
type Entry struct {
	Reason Reason
	Name   string
	Code   fault.Code // of the error that a client reports that was turned away so
	Text   string     // what happened and what to do, for a game developer
}

// Reasons returns the table of all reasons, in order of their numbers. It is made
// from that in tools/errors, like docs/errors.md, which says more of each.
func Reasons() []Entry { return slices.Clone(reasons[:]) }

// ReasonOf returns the reason to close a connection whose hello met an error.
func ReasonOf(c fault.Code) Reason {
	if int(c) < len(refusals) {
		return refusals[c]
	}
	return Overloaded
}

// Reconnect says whether a client that was closed for this reason may connect
// again. Unknown numbers keep to their range.
func (r Reason) Reconnect() bool { return r < 2000 }

// Code returns the code of the error that a client reports that was turned away for
// this reason. Unknown numbers keep to their range.
func (r Reason) Code() fault.Code {
	switch e, ok := r.entry(); {
	case ok:
		return e.Code
	case r.Reconnect():
		return fault.Unavailable
	}
	return fault.FailedPrecondition
}

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
	for _, e := range &reasons {
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
