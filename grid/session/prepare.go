package session

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

// Ops returns all requests of this feature that clients may send.
func Ops() []grid.Op {
	return []grid.Op{
		{Kind: KindList, Name: "session.list", Prepare: prepareList},
		{Kind: KindTrack, Name: "presence.track", Write: true, Again: true, Prepare: prepareTrack},
		{Kind: KindUntrack, Name: "presence.untrack", Write: true, Again: true, Frees: true,
			Prepare: prepareUntrack},
		{Kind: KindEnd, Name: "session.end", Write: true, Again: true, Frees: true,
			Prepare: prepareEnd},
	}
}

func prepareList(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r ListRequest
	if err = r.decode(in, n); err == nil {
		err = onlyOwn(c, &r.User, "list")
	}
	if err != nil {
		return nil, out, err
	}
	body = r.Append(pack.AppendArray(out, r.Fields()))
	return userOf(body, len(out)), body, nil
}

func prepareTrack(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	fields, most := 6, c.Limits.Of(grid.StreamsPerSessionBound)
	if most > 0 {
		fields = 7
	}
	body, err = prepareStream(c, in, n, out, fields)
	if err != nil {
		return nil, out, err
	}
	var status []byte
	if n > 1 {
		if status, err = presence.ReadStatus(in); err != nil {
			return nil, out, err
		}
		if err = c.Limits.Check(grid.StatusBytesBound, len(status)); err != nil {
			return nil, out, err
		}
	}
	body = pack.AppendString(body, status)
	if most > 0 {
		body = pack.AppendUint(body, uint64(most))
	}
	return userOf(body, len(out)), body, nil
}

func prepareUntrack(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	body, err = prepareStream(c, in, n, out, 5)
	if err != nil {
		return nil, out, err
	}
	return userOf(body, len(out)), body, nil
}

// prepareStream appends the first five of a body's fields: who asks, and the
// stream that is the first field of the request.
func prepareStream(
	c *grid.Caller, in *pack.Cursor, n int, out []byte, fields int,
) ([]byte, error) {
	if err := grid.CheckFields(n, 1); err != nil {
		return nil, err
	}
	var room [1 + grid.StreamNameBytesMax]byte
	key, err := grid.ReadStream(in, room[:0])
	if err != nil {
		return nil, err
	}
	if err := c.CheckSession(); err != nil {
		return nil, err
	}
	if !c.Server && grid.StreamKind(key[0]) == grid.StreamStatus &&
		grid.ID(key[1:]) != c.User {
		return nil, fault.New(fault.PermissionDenied,
			"players may be on no status stream but their own: use a server key for others")
	}
	by := ConfirmRequest{c.User, c.Session, c.Origin, c.Conn}
	return pack.AppendBytes(by.Append(pack.AppendArray(out, fields)), key), nil
}

func prepareEnd(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var r EndRequest
	if err = r.decode(in, n); err == nil {
		err = c.CheckSession()
	}
	if err == nil {
		err = onlyOwn(c, &r.User, "end")
	}
	if err != nil {
		return nil, out, err
	}
	by := c.Session
	switch {
	case r.User != c.User && r.Session == 0:
		return nil, out, fault.New(fault.InvalidArgument,
			"a session of another user to end must be named: see session.list")
	case r.User != c.User:
		by = 0
	case r.Session == 0:
		r.Session = c.Session
	}
	body = pack.AppendBytes(pack.AppendArray(out, 5), r.User[:])
	body = appendSession(grid.AppendSession(body, r.Session), by)
	body = pack.AppendUint(body, uint64(c.Origin))
	body = pack.AppendUint(body, c.Conn)
	return userOf(body, len(out)), body, nil
}

// userOf returns the user with whom a body begins, which stands at from in b: it
// is the routing key.
func userOf(b []byte, from int) []byte {
	in := pack.NewCursor(b[from:])
	in.Array()
	return in.Bytes()
}

// onlyOwn puts the caller where no user was named, and lets all but servers name
// nobody else.
func onlyOwn(c *grid.Caller, user *grid.ID, what string) error {
	if *user == (grid.ID{}) {
		*user = c.User
	}
	if *user == (grid.ID{}) {
		return fault.New(fault.InvalidArgument, "this connection has no user: name one")
	}
	if *user != c.User && !c.Server {
		return fault.New(fault.PermissionDenied,
			"players may %s only their own sessions: connect with a server key for others", what)
	}
	return nil
}
