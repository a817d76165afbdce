package chat

import (
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
	more := in.Fields(2)
	r = SendReply{Seq: in.Uint(), Time: in.Int()}
	return r, in.End(more)
}

// DecodeChangeReply reads a ChangeReply.
func DecodeChangeReply(in *pack.Cursor) (r ChangeReply, err error) {
	more := in.Fields(1)
	r = ChangeReply{Revision: in.Uint()}
	return r, in.End(more)
}

// DecodeHistoryReply reads a HistoryReply.
func DecodeHistoryReply(in *pack.Cursor) (r HistoryReply, err error) {
	more := in.Fields(3)
	r.First, r.Last = in.Uint(), in.Uint()
	count := in.Array()
	r.Messages = make([]Message, 0, min(count, HistoryMessagesMax))
	for range count {
		m, err := decodeMessage(in)
		if err != nil {
			return r, err
		}
		r.Messages = append(r.Messages, m)
	}
	return r, in.End(more)
}

// DecodeInfoReply reads an InfoReply.
func DecodeInfoReply(in *pack.Cursor) (r InfoReply, err error) {
	more := in.Fields(2)
	r = InfoReply{First: in.Uint(), Last: in.Uint()}
	return r, in.End(more)
}
