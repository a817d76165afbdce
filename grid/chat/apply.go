package chat

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// retryArchive is when to ask again after the archive was found lagging or failing.
const retryArchive = time.Second

var errLags = &fault.Error{Code: fault.ResourceExhausted, Retry: retryArchive,
	Message: "the room waits for its archive, which lags behind: do it again in a moment"}

// Apply carries out one command and appends its reply, one array, to out. On an
// error, which is a *fault.Error, it has changed nothing and returns out as it
// was. The same commands give the same replies and the same state everywhere.
// It keeps nothing of body. It must not run beside anything else on c.
func (c *Channels) Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = c.apply(t, kind, &in, n, out)
	}
	if err != nil {
		return out, fault.Of(err)
	}
	return reply, nil
}

func (c *Channels) apply(
	t *grid.Turn, kind grid.Kind, in *pack.Cursor, n int, out []byte,
) ([]byte, error) {
	switch kind {
	case KindSend:
		var r sendCommand
		if err := r.decode(in, n); err != nil {
			return out, err
		}
		return c.send(t, &r, out)
	case KindUpdate, KindRemove:
		var r changeCommand
		if err := r.decode(in, n); err != nil {
			return out, err
		}
		if r.removed != (kind == KindRemove) {
			return out, fault.New(fault.InvalidArgument,
				"an update has a content, and a removal has none")
		}
		return c.change(t, &r, out)
	case KindArchived:
		var r ArchivedRequest
		if err := r.decode(in, n); err != nil {
			return out, err
		}
		return c.archived(&r, out)
	}
	return out, fault.New(fault.Unimplemented, "chat has no command %#04x", uint16(kind))
}

func (c *Channels) send(t *grid.Turn, r *sendCommand, out []byte) ([]byte, error) {
	if !r.server && !t.Members.Present(r.key, r.session) {
		return out, fault.New(fault.FailedPrecondition,
			"this session is not in the room: join it, with presence.track, and then send")
	}
	x, found := c.byKey.Get(view(r.key))
	switch {
	case !found && r.most > 0:
		return out, grid.ChannelsBound.Exceeded(fault.ResourceExhausted, r.most+1, r.most)
	case !found:
		if err := c.admit(r.key); err != nil {
			return out, err
		}
		x = &channel{gen: c.gen, tailGen: c.gen, key: string(r.key)}
		c.byKey.Set(x.key, x)
	case r.archive && x.bytes+headBytesMax+len(r.content) > TailBytesMax:
		return out, errLags
	default:
		x = c.own(x)
	}
	x.keep = r.keep
	m := Message{Seq: x.last + 1, Time: t.Stamp,
		Sender: r.user, Session: r.session, Content: view(r.content)}
	message := m.encode()
	c.push(x, message)
	c.finish(x, r.archive)
	tell(t, r.key, KindMessage, message)
	return pack.AppendInt(pack.AppendUint(pack.AppendArray(out, 2), m.Seq), m.Time), nil
}

// admit says why there cannot be a channel with a key beside those there are.
func (c *Channels) admit(key []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if c.byKey.Len() >= ChannelsPerSlotMax {
		return fault.New(fault.ResourceExhausted,
			"the slot of room %q has %d channels, the most it may: use a room that has messages",
			key[1:], ChannelsPerSlotMax)
	}
	return nil
}

// finish ends a command that has changed a channel.
func (c *Channels) finish(x *channel, archive bool) {
	if archive {
		x.want()
	}
	c.trim(x, !archive)
	c.settle(x)
}

// tell pushes a message to all on the stream.
func tell(t *grid.Turn, key []byte, kind grid.Kind, message []byte) {
	if t.Effects == nil {
		return
	}
	b := grid.AppendStream(pack.AppendArray(t.Effects.Begin(), 2), key)
	t.Effects.Tell(t, key, kind, append(b, message...))
}

func (c *Channels) change(t *grid.Turn, r *changeCommand, out []byte) ([]byte, error) {
	x, found := c.byKey.Get(view(r.key))
	if !found || r.seq == 0 || r.seq > x.last {
		return out, fault.New(fault.NotFound, "the room has no message %d: was it sent?", r.seq)
	}
	if r.seq < x.first() {
		return c.amend(t, x, r, out)
	}
	i := int(r.seq - x.first())
	m, err := parse(x.tail[i])
	if err != nil {
		return out, err
	}
	switch {
	case m.Sender != r.user && !r.server:
		return out, fault.New(fault.PermissionDenied,
			"players may change only their own messages: let your server do it, with a server key")
	case m.Removed && !r.removed:
		return out, errRemoved(r.seq)
	case m.Removed:
		return appendRevision(out, m.Revision), nil
	}
	m.Revision, m.Content, m.Removed = x.changes+1, view(r.content), r.removed
	message := m.encode()
	grown := len(message) - len(x.tail[i])
	if r.archive && grown > 0 && x.bytes+grown > TailBytesMax {
		return out, errLags
	}
	x = c.own(x)
	c.ownTail(x)
	x.tail[i] = message
	x.bytes += grown
	x.changes++
	c.finish(x, r.archive)
	tell(t, r.key, KindChanged, message)
	return appendRevision(out, m.Revision), nil
}

// amend changes a message that only the archive has.
func (c *Channels) amend(
	t *grid.Turn, x *channel, r *changeCommand, out []byte,
) ([]byte, error) {
	switch {
	case !r.archive || x.oldest == 0 || r.seq < x.oldest || r.seq > x.messages.done:
		return out, fault.New(fault.NotFound,
			"message %d is gone: the room has only newer ones", r.seq)
	case !r.server:
		return out, fault.New(fault.FailedPrecondition,
			"message %d is too old for a player to change: let your server do it",
			r.seq)
	}
	size, amended := 0, make([][]byte, 0, len(x.amended)+1)
	for _, a := range x.amended {
		old, err := parse(a)
		switch {
		case err != nil:
			return out, err
		case old.Seq != r.seq:
			amended, size = append(amended, a), size+len(a)
		case old.Removed && r.removed:
			return appendRevision(out, old.Revision), nil
		case old.Removed:
			return out, errRemoved(r.seq)
		}
	}
	m := Message{Seq: r.seq, Revision: x.changes + 1, Content: view(r.content), Removed: r.removed}
	message := m.encode()
	if size+len(message) > AmendmentsBytesMax {
		return out, errLags
	}
	x = c.own(x)
	x.amended = append(amended, message)
	x.changes++
	c.finish(x, true)
	tell(t, r.key, KindChanged, message)
	return appendRevision(out, m.Revision), nil
}

// archived notes what is durable in the archive, and lets go of it where the tail
// has more than it should. A request that is behind in anything comes late, from
// an archiver that another one has overtaken: of the two, one may know of messages
// without the changes that the other one knows of. So it counts for nothing.
func (c *Channels) archived(r *ArchivedRequest, out []byte) ([]byte, error) {
	x, found := c.byKey.Get(r.Key)
	if !found || r.Seq > x.last || r.Change > x.changes {
		return out, fault.New(fault.InvalidArgument,
			"message %d and change %d cannot be archived: the channel has not given them out",
			r.Seq, r.Change)
	}
	c.turn = x.key
	if r.Seq >= x.messages.done && r.Change >= x.changed.done {
		x = c.own(x)
		lowest := max(x.messages.done+1, x.first())
		if x.oldest == 0 && lowest <= r.Seq {
			x.oldest = lowest
		}
		x.messages.done, x.changed.done = r.Seq, r.Change
		x.amended = after(x.amended, r.Change)
		c.trim(x, false)
		c.settle(x)
	}
	return pack.AppendArray(out, 0), nil
}

// after returns the amendments with a higher revision.
func after(amended [][]byte, revision uint64) [][]byte {
	for len(amended) > 0 && revisionOf(amended[0]) <= revision {
		amended = amended[1:]
	}
	if len(amended) == 0 {
		return nil
	}
	return amended
}

func appendRevision(out []byte, revision uint64) []byte {
	return pack.AppendUint(pack.AppendArray(out, 1), revision)
}

func errRemoved(seq uint64) error {
	return fault.New(fault.FailedPrecondition,
		"message %d was removed: send another, removed ones stay so", seq)
}
