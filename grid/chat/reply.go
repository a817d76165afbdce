package chat

import (
	"fmt"

	"github.com/thronggrid/throng/grid/pack"
)

// SendReply answers a SendRequest: [seq, time].
type SendReply struct {
	Seq  uint64 // the message's number
	Time int64  // as in the message
}

// ChangeReply answers an UpdateRequest or a RemoveRequest: [revision].
type ChangeReply struct {
	Revision uint64 // of the message as it is now
}

// HistoryReply answers a HistoryRequest: [first, last, [message, …]]. A message of
// the range that is not among them, up to where they end, is gone.
type HistoryReply struct {
	First    uint64    // the lowest number that there is anywhere; 0: no message was ever sent
	Last     uint64    // the number that was given out last
	Messages []Message // by rising numbers, whatever the direction
}

// InfoReply answers an InfoRequest: [first, last], as in a HistoryReply.
type InfoReply struct {
	First, Last uint64
}

// DecodeSendReply reads a SendReply.
func DecodeSendReply(in *pack.Cursor) (r SendReply, err error) {
	n := in.Array()
	r = SendReply{Seq: in.Uint(), Time: in.Int()}
	return r, finish(in, n, 2, "a reply to chat.send")
}

// DecodeChangeReply reads a ChangeReply.
func DecodeChangeReply(in *pack.Cursor) (r ChangeReply, err error) {
	n := in.Array()
	r = ChangeReply{Revision: in.Uint()}
	return r, finish(in, n, 1, "a reply to a change of a message")
}

// DecodeHistoryReply reads a HistoryReply.
func DecodeHistoryReply(in *pack.Cursor) (r HistoryReply, err error) {
	const what = "a page of messages"
	n := in.Array()
	r.First, r.Last = in.Uint(), in.Uint()
	count := in.Array()
	r.Messages = make([]Message, 0, min(count, HistoryMessagesMax))
	for range count {
		m, err := decodeMessage(in)
		if err != nil {
			return r, fmt.Errorf("decode %s: %w", what, err)
		}
		r.Messages = append(r.Messages, m)
	}
	return r, finish(in, n, 3, what)
}

// DecodeInfoReply reads an InfoReply.
func DecodeInfoReply(in *pack.Cursor) (r InfoReply, err error) {
	n := in.Array()
	r = InfoReply{First: in.Uint(), Last: in.Uint()}
	return r, finish(in, n, 2, "a reply to chat.info")
}

// finish ends an array of n elements of which known have been read: it passes
// over those that a later version has appended.
func finish(in *pack.Cursor, n, known int, what string) error {
	for range n - known {
		in.Skip()
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("decode %s: %w", what, err)
	}
	if n < known {
		return fmt.Errorf("decode %s: %d fields, want at least %d", what, n, known)
	}
	return nil
}
