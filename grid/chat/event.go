package chat

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// MessageEvent says that there is a new message, or that one has changed:
// [stream, message]. The changed one may be an amendment.
type MessageEvent struct {
	Key     string // of the stream
	Message Message
}

// SignalEvent is a signal: [stream, session, sender, content].
type SignalEvent struct {
	Key     string // of the stream
	Session grid.SessionID
	Sender  grid.ID
	Content string
}

// AtEvent says which message of a channel is the last, to members that may have lost
// pushes: [stream, last].
type AtEvent struct {
	Key  string // of the stream
	Last uint64
}

// Append appends the event.
func (e *AtEvent) Append(b []byte) []byte {
	return pack.AppendUint(grid.AppendStream(pack.AppendArray(b, 2), e.Key), e.Last)
}

// DecodeAtEvent reads an AtEvent.
func DecodeAtEvent(in *pack.Cursor) (e AtEvent, err error) {
	more := in.Fields(2)
	if e.Key, err = readStream(in); err != nil {
		return e, err
	}
	e.Last = in.Uint()
	return e, in.End(more)
}

// DecodeMessageEvent reads a MessageEvent.
func DecodeMessageEvent(in *pack.Cursor) (e MessageEvent, err error) {
	more := in.Fields(2)
	if e.Key, err = readStream(in); err != nil {
		return e, err
	}
	if e.Message, err = decodeMessage(in); err != nil {
		return e, err
	}
	return e, in.End(more)
}

// DecodeSignalEvent reads a SignalEvent.
func DecodeSignalEvent(in *pack.Cursor) (e SignalEvent, err error) {
	more := in.Fields(4)
	if e.Key, err = readStream(in); err == nil {
		e.Session, err = grid.ReadSession(in)
	}
	if err == nil {
		e.Sender, err = grid.ReadUser(in)
	}
	if err != nil {
		return e, err
	}
	e.Content = string(in.String())
	return e, in.End(more)
}

func readStream(in *pack.Cursor) (string, error) {
	var buf [keyBytesMax]byte
	key, err := grid.ReadStream(in, buf[:0])
	return string(key), err
}
