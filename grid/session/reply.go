package session

import (
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// Reply decoders skip fields that a later version has appended.

// ListReply answers a ListRequest: [[session, …]], at most ListMax of them, each
// [id, opened, attached, [stream, …]]. Fewer than ListMax are the last ones; else
// ask for those after the last.
type ListReply struct {
	Sessions []Session
}

// Session is one session of a ListReply.
type Session struct {
	ID       grid.SessionID
	Opened   int64 // µs since 1970, by the slot's clock
	Attached bool  // false: its connection was lost, and it waits to be resumed
	Keys     []string
}

// TrackReply answers a TrackRequest or an UntrackRequest: [stream].
type TrackReply struct {
	Key string // of the stream
}

// EndReply answers an EndRequest: [ended].
type EndReply struct {
	Ended bool // false: there was no such session
}

// OpenReply answers an OpenRequest: [session].
type OpenReply struct {
	Session grid.SessionID
}

// ResumeReply answers a ResumeRequest: [[stream, …]].
type ResumeReply struct {
	Keys []string // of the streams that the session is on
}

// DecodeListReply reads a ListReply.
func DecodeListReply(in *pack.Cursor) (r ListReply, err error) {
	more := in.Fields(1)
	count := in.Array()
	r.Sessions = make([]Session, 0, min(count, ListMax))
	for range count {
		x, err := decodeSession(in)
		if err != nil {
			return r, err
		}
		r.Sessions = append(r.Sessions, x)
	}
	return r, in.End(more)
}

func decodeSession(in *pack.Cursor) (x Session, err error) {
	more := in.Fields(4)
	if x.ID, err = grid.ReadSession(in); err != nil {
		return x, err
	}
	x.Opened = int64(min(in.Uint(), math.MaxInt64))
	x.Attached = in.Bool()
	if x.Keys, err = decodeStreams(in); err != nil {
		return x, err
	}
	return x, in.End(more)
}

// DecodeTrackReply reads a TrackReply.
func DecodeTrackReply(in *pack.Cursor) (r TrackReply, err error) {
	more := in.Fields(1)
	if r.Key, err = decodeStream(in); err != nil {
		return r, err
	}
	return r, in.End(more)
}

// DecodeEndReply reads an EndReply.
func DecodeEndReply(in *pack.Cursor) (r EndReply, err error) {
	more := in.Fields(1)
	r = EndReply{Ended: in.Bool()}
	return r, in.End(more)
}

// DecodeOpenReply reads an OpenReply.
func DecodeOpenReply(in *pack.Cursor) (r OpenReply, err error) {
	more := in.Fields(1)
	if r.Session, err = grid.ReadSession(in); err != nil {
		return r, err
	}
	return r, in.End(more)
}

// DecodeResumeReply reads a ResumeReply.
func DecodeResumeReply(in *pack.Cursor) (r ResumeReply, err error) {
	more := in.Fields(1)
	if r.Keys, err = decodeStreams(in); err != nil {
		return r, err
	}
	return r, in.End(more)
}

func decodeStreams(in *pack.Cursor) ([]string, error) {
	n := in.Array()
	keys := make([]string, 0, min(n, StreamsMax))
	for range n {
		key, err := decodeStream(in)
		if err != nil {
			return keys, err
		}
		keys = append(keys, key)
	}
	return keys, in.Err()
}

func decodeStream(in *pack.Cursor) (string, error) {
	var room [1 + grid.StreamNameBytesMax]byte
	key, err := grid.ReadStream(in, room[:0])
	return string(key), err
}
