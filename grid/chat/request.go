package chat

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of this feature's requests, commands and queries.
const (
	KindSend    grid.Kind = 0x0401
	KindUpdate  grid.Kind = 0x0402
	KindRemove  grid.Kind = 0x0403
	KindSignal  grid.Kind = 0x0404 // relayed, never logged
	KindHistory grid.Kind = 0x0411
	KindInfo    grid.Kind = 0x0412

	KindArchived grid.Kind = 0x0491 // the archiver's: an ArchivedRequest
)

// The kinds of what is pushed to the sessions on a stream.
const (
	KindMessage  grid.Kind = 0x04E1 // a MessageEvent: a new message
	KindChanged  grid.Kind = 0x04E2 // a MessageEvent: one was updated or removed
	KindSignaled grid.Kind = 0x04E3 // a SignalEvent
	KindAt       grid.Kind = 0x04E4 // an AtEvent
)

// Every request has an Append, which appends its fields (not the array's head,
// which belongs to who knows what else stands in the array) and Fields, their
// number. Its Key is that of the channel's stream (grid.AppendKey), which clients
// see as [kind, name]; only rooms have channels.

// SendRequest sends a message to a channel: [stream, content]. A player's session
// must be present on the stream.
type SendRequest struct {
	Key     string
	Content string // 1 to ContentBytesMax bytes of UTF-8
}

// Fields is the number of fields that Append appends.
func (r *SendRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *SendRequest) Append(b []byte) []byte {
	return pack.AppendString(appendStream(b, r.Key), r.Content)
}

// UpdateRequest gives a message another content: [stream, seq, content]. Players
// may do so with their own messages, until the tail no longer has them; servers
// with all that are not gone.
type UpdateRequest struct {
	Key     string
	Seq     uint64
	Content string // as in a SendRequest
}

// Fields is the number of fields that Append appends.
func (r *UpdateRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *UpdateRequest) Append(b []byte) []byte {
	return pack.AppendString(pack.AppendUint(appendStream(b, r.Key), r.Seq), r.Content)
}

// RemoveRequest takes a message's content away for good: [stream, seq]. Who may
// update a message may remove it. Once more does nothing.
type RemoveRequest struct {
	Key string
	Seq uint64
}

// Fields is the number of fields that Append appends.
func (r *RemoveRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *RemoveRequest) Append(b []byte) []byte {
	return pack.AppendUint(appendStream(b, r.Key), r.Seq)
}

// SignalRequest shows something to all that are on the stream now, and is then
// forgotten: [stream, content]. The session must be present on the stream.
type SignalRequest struct {
	Key     string
	Content string // as in a SendRequest
}

// Fields is the number of fields that Append appends.
func (r *SignalRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *SignalRequest) Append(b []byte) []byte {
	return pack.AppendString(appendStream(b, r.Key), r.Content)
}

// HistoryRequest asks for messages of a channel: [stream, from, limit, backward].
type HistoryRequest struct {
	Key string
	// From is the first number wanted: the lowest, or backward the highest; 0 is
	// the end where the direction begins.
	From     uint64
	Limit    int // 1 to HistoryMessagesMax
	Backward bool
}

// Fields is the number of fields that Append appends.
func (r *HistoryRequest) Fields() int { return 4 }

// Append appends the fields of the request.
func (r *HistoryRequest) Append(b []byte) []byte {
	b = pack.AppendUint(appendStream(b, r.Key), r.From)
	b = pack.AppendInt(b, int64(r.Limit))
	return pack.AppendBool(b, r.Backward)
}

// InfoRequest asks which messages a channel has: [stream].
type InfoRequest struct {
	Key string
}

// Fields is the number of fields that Append appends.
func (r *InfoRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *InfoRequest) Append(b []byte) []byte { return appendStream(b, r.Key) }

// appendStream appends a stream as clients see it. Of the empty key it makes one
// that every server refuses.
func appendStream(b []byte, key string) []byte {
	if key == "" {
		return pack.AppendArray(b, 0)
	}
	return grid.AppendStream(b, key)
}
