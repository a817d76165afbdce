package chat

import (
	"bytes"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Ops returns all requests of this feature. The archive is nil in a cluster that
// keeps no more of a channel than its tail; every node must have the same
// setting, because the commands carry it.
func Ops(archive Archive) []grid.Op {
	p := preparer{archive: archive != nil}
	history := grid.Op{Kind: KindHistory, Name: "chat.history", Prepare: p.history}
	if archive != nil {
		history.Complete = completer{archive}.history
	}
	return []grid.Op{
		{Kind: KindSend, Name: "chat.send", Write: true, Prepare: p.send},
		{Kind: KindUpdate, Name: "chat.update", Write: true, Prepare: p.update},
		{Kind: KindRemove, Name: "chat.remove", Write: true, Frees: true, Prepare: p.remove},
		{Kind: KindSignal, Name: "chat.signal", Relay: KindSignaled, Prepare: p.signal},
		history,
		{Kind: KindInfo, Name: "chat.info", Prepare: p.info},
	}
}

// preparer checks requests and writes the bodies of commands and queries.
type preparer struct {
	archive bool // there is one
}

// keyBytesMax bounds a key.
const keyBytesMax = 1 + grid.StreamNameBytesMax

func (p preparer) send(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var buf [keyBytesMax]byte
	r := sendCommand{user: c.User, session: c.Session, server: c.Server, archive: p.archive,
		most: c.Limits.Of(grid.ChannelsBound), keep: keepOf(c.Limits)}
	if r.key, err = ownRoom(c, in, n, 2, buf[:0]); err == nil {
		r.content, err = readContent(c, in)
	}
	if err != nil {
		return nil, out, err
	}
	body = r.append(out)
	return keyIn(body, len(out), len(r.key)), body, nil
}

func (p preparer) update(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	return p.change(c, in, n, out, false)
}

func (p preparer) remove(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	return p.change(c, in, n, out, true)
}

// change is update or remove, which needs no content.
func (p preparer) change(
	c *grid.Caller, in *pack.Cursor, n int, out []byte, removed bool,
) (key, body []byte, err error) {
	want := 3
	if removed {
		want = 2
	}
	var buf [keyBytesMax]byte
	r := changeCommand{removed: removed, user: c.User, server: c.Server, archive: p.archive}
	if r.key, err = ownRoom(c, in, n, want, buf[:0]); err == nil {
		r.seq, err = in.Uint(), in.Err()
	}
	if err == nil && !removed {
		r.content, err = readContent(c, in)
	}
	if err != nil {
		return nil, out, err
	}
	body = r.append(out)
	return keyIn(body, len(out), len(r.key)), body, nil
}

// signal makes a SignalEvent: that is what is pushed.
func (p preparer) signal(
	c *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var buf [keyBytesMax]byte
	var content []byte
	stream, err := ownRoom(c, in, n, 2, buf[:0])
	if err == nil {
		content, err = readContent(c, in)
	}
	if err != nil {
		return nil, out, err
	}
	body = grid.AppendStream(pack.AppendArray(out, 4), stream)
	body = grid.AppendSession(body, c.Session)
	body = pack.AppendBytes(body, c.User[:])
	body = pack.AppendString(body, content)
	return bytes.Clone(stream), body, nil // no message has the key in one piece
}

func (p preparer) history(
	_ *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var buf [keyBytesMax]byte
	q := historyQuery{archive: p.archive}
	if q.key, err = room(in, n, 3, buf[:0]); err == nil {
		q.from = in.Uint()
		q.limit, err = readLimit(in)
	}
	if err == nil && n > 3 {
		q.backward, err = in.Bool(), in.Err()
	}
	if err != nil {
		return nil, out, err
	}
	body = q.append(out)
	return keyIn(body, len(out), len(q.key)), body, nil
}

func (p preparer) info(
	_ *grid.Caller, in *pack.Cursor, n int, out []byte,
) (key, body []byte, err error) {
	var buf [keyBytesMax]byte
	q := infoQuery{archive: p.archive}
	if q.key, err = room(in, n, 1, buf[:0]); err != nil {
		return nil, out, err
	}
	body = q.append(out)
	return keyIn(body, len(out), len(q.key)), body, nil
}

// ownRoom is room for a caller who has a session: that is what messages come from.
func ownRoom(c *grid.Caller, in *pack.Cursor, n, want int, buf []byte) ([]byte, error) {
	if err := c.CheckSession(); err != nil {
		return nil, err
	}
	return room(in, n, want, buf)
}

// room reads the first field of every request, which must have at least want
// fields, and appends the stream's key to buf.
func room(in *pack.Cursor, n, want int, buf []byte) ([]byte, error) {
	if err := grid.CheckFields(n, want); err != nil {
		return nil, err
	}
	key, err := grid.ReadStream(in, buf)
	if err != nil {
		return nil, err
	}
	return key, checkKind(key) // the rest of it ReadStream has checked
}

// keyIn returns the key as it stands in a body, which is an array that begins
// with it.
func keyIn(body []byte, from, n int) []byte {
	const heads = 1 + 2 // of an array of less than 16, and of less than 256 bytes
	from += heads
	return body[from : from+n : from+n]
}

// keepOf returns what a sendCommand tells the tail to keep.
func keepOf(l *grid.Limits) int {
	if keep := l.Of(grid.TailBytesBound); keep > 0 {
		return min(max(keep, KeepBytesMin), KeepBytesMax)
	}
	return TailBytes
}

func readContent(c *grid.Caller, in *pack.Cursor) ([]byte, error) {
	content := in.String()
	if err := in.Err(); err != nil {
		return nil, err
	}
	if err := c.Limits.Check(grid.ContentBytesBound, len(content)); err != nil {
		return nil, err
	}
	return content, checkContent(view(content))
}
