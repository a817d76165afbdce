package chat

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// These are the bodies of commands and queries: what a client asked for, who it
// is, and whether the cluster has an archive, so that the state needs to know
// neither. What was decoded are views of the body.

// sendCommand is [key, content, user, session, server, archive], and then most, if it
// is not 0 or something follows, and keep, if it is not TailBytes.
type sendCommand struct {
	key     []byte
	content []byte
	user    grid.ID
	session grid.SessionID
	server  bool
	archive bool
	most    int // channels that there may be, if there are as many; else 0
	keep    int // bytes that the channel's tail is to keep; 0: TailBytes
}

func (c *sendCommand) append(b []byte) []byte {
	n := 6
	switch {
	case c.keep != 0 && c.keep != TailBytes:
		n = 8
	case c.most > 0:
		n = 7
	}
	b = pack.AppendBytes(pack.AppendArray(b, n), c.key)
	b = pack.AppendString(b, c.content)
	b = pack.AppendBytes(b, c.user[:])
	b = grid.AppendSession(b, c.session)
	b = pack.AppendBool(b, c.server)
	b = pack.AppendBool(b, c.archive)
	if n > 6 {
		b = pack.AppendUint(b, uint64(c.most))
	}
	if n > 7 {
		b = pack.AppendUint(b, uint64(c.keep))
	}
	return b
}

func (c *sendCommand) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 6); err != nil {
		return err
	}
	c.key, c.content = in.Bytes(), in.String()
	if c.user, err = grid.ReadUser(in); err != nil {
		return err
	}
	if c.session, err = grid.ReadSession(in); err != nil {
		return err
	}
	c.server, c.archive = in.Bool(), in.Bool()
	if n > 6 {
		c.most = int(in.Uint())
	}
	if c.keep = TailBytes; n > 7 {
		c.keep = int(in.Uint())
	}
	if in.Err() != nil {
		return in.Err()
	}
	if err = checkKeep(c.keep); err != nil {
		return err
	}
	return checkContent(view(c.content))
}

// checkKeep says what is wrong with what a tail is to keep.
func checkKeep(bytes int) error {
	if bytes < KeepBytesMin || bytes > KeepBytesMax {
		return fault.New(fault.InvalidArgument, "a tail of %d bytes: use %d to %d",
			bytes, KeepBytesMin, KeepBytesMax)
	}
	return nil
}

// changeCommand updates or removes a message:
// [key, seq, content or nil, user, server, archive].
type changeCommand struct {
	key     []byte
	seq     uint64
	content []byte
	removed bool // in place of the content
	user    grid.ID
	server  bool
	archive bool
}

func (c *changeCommand) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 6), c.key)
	b = pack.AppendUint(b, c.seq)
	if c.removed {
		b = pack.AppendNil(b)
	} else {
		b = pack.AppendString(b, c.content)
	}
	b = pack.AppendBytes(b, c.user[:])
	b = pack.AppendBool(b, c.server)
	return pack.AppendBool(b, c.archive)
}

func (c *changeCommand) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 6); err != nil {
		return err
	}
	c.key, c.seq = in.Bytes(), in.Uint()
	if c.removed = in.Nil(); !c.removed {
		c.content = in.String()
	}
	if c.user, err = grid.ReadUser(in); err != nil {
		return err
	}
	c.server, c.archive = in.Bool(), in.Bool()
	if in.Err() != nil || c.removed {
		return in.Err()
	}
	return checkContent(view(c.content))
}

// historyQuery is [key, from, limit, backward, archive].
type historyQuery struct {
	key      []byte
	from     uint64
	limit    int
	backward bool
	archive  bool
}

func (q *historyQuery) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 5), q.key)
	b = pack.AppendUint(b, q.from)
	b = pack.AppendUint(b, uint64(q.limit))
	b = pack.AppendBool(b, q.backward)
	return pack.AppendBool(b, q.archive)
}

func (q *historyQuery) decode(in *pack.Cursor, n int) (err error) {
	if err = grid.CheckFields(n, 5); err != nil {
		return err
	}
	q.key, q.from = in.Bytes(), in.Uint()
	if q.limit, err = readLimit(in); err != nil {
		return err
	}
	q.backward, q.archive = in.Bool(), in.Bool()
	return in.Err()
}

// infoQuery is [key, archive].
type infoQuery struct {
	key     []byte
	archive bool
}

func (q *infoQuery) append(b []byte) []byte {
	return pack.AppendBool(pack.AppendBytes(pack.AppendArray(b, 2), q.key), q.archive)
}

func (q *infoQuery) decode(in *pack.Cursor, n int) error {
	if err := grid.CheckFields(n, 2); err != nil {
		return err
	}
	q.key, q.archive = in.Bytes(), in.Bool()
	return in.Err()
}

// ArchivedRequest says that rows which Backlog gave are durable in the archive:
// [key, seq, change]. The host's archiver commits it; it has no reply.
type ArchivedRequest struct {
	Key    string // of the stream
	Seq    uint64 // all messages up to it are stored,
	Change uint64 // with all changes to them up to this one
}

// Fields is the number of fields that Append appends.
func (r *ArchivedRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *ArchivedRequest) Append(b []byte) []byte {
	b = pack.AppendBytes(b, []byte(r.Key))
	b = pack.AppendUint(b, r.Seq)
	return pack.AppendUint(b, r.Change)
}

// decode reads what Append appended; the key is a view.
func (r *ArchivedRequest) decode(in *pack.Cursor, n int) error {
	if err := grid.CheckFields(n, 3); err != nil {
		return err
	}
	r.Key = view(in.Bytes())
	r.Seq, r.Change = in.Uint(), in.Uint()
	return in.Err()
}

func readLimit(in *pack.Cursor) (int, error) {
	n := in.Int()
	if in.Err() == nil && (n < 1 || n > HistoryMessagesMax) {
		return 0, fault.New(fault.InvalidArgument,
			"a limit of %d messages: ask for 1 to %d", n, HistoryMessagesMax)
	}
	return int(n), in.Err()
}

// checkKey says what is wrong with the key of a channel.
func checkKey(key []byte) error {
	if err := grid.CheckKey(key); err != nil {
		return err
	}
	return checkKind(key)
}

// checkKind says whether streams of a key's kind have channels.
func checkKind(key []byte) error {
	if kind := grid.StreamKind(key[0]); kind != grid.StreamRoom {
		return fault.New(fault.InvalidArgument,
			"there is no chat on streams of kind %d: use rooms, which are of kind %d",
			kind, grid.StreamRoom)
	}
	return nil
}
