package session

import (
	"fmt"
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
	const what = "a reply to session.list"
	n := in.Array()
	count := in.Array()
	r.Sessions = make([]Session, 0, min(count, ListMax))
	for range count {
		x, err := decodeSession(in)
		if err != nil {
			return r, fmt.Errorf("decode %s: %w", what, err)
		}
		r.Sessions = append(r.Sessions, x)
	}
	return r, finish(in, n, 1, what)
}

func decodeSession(in *pack.Cursor) (x Session, err error) {
	n := in.Array()
	if x.ID, err = grid.ReadSession(in); err != nil {
		return x, err
	}
	x.Opened = int64(min(in.Uint(), math.MaxInt64))
	x.Attached = in.Bool()
	if x.Keys, err = decodeStreams(in); err != nil {
		return x, err
	}
	return x, finish(in, n, 4, "a session")
}

// DecodeTrackReply reads a TrackReply.
func DecodeTrackReply(in *pack.Cursor) (r TrackReply, err error) {
	const what = "a reply to presence.track or presence.untrack"
	n := in.Array()
	if r.Key, err = decodeStream(in); err != nil {
		return r, fmt.Errorf("decode %s: %w", what, err)
	}
	return r, finish(in, n, 1, what)
}

// DecodeEndReply reads an EndReply.
func DecodeEndReply(in *pack.Cursor) (r EndReply, err error) {
	n := in.Array()
	r = EndReply{Ended: in.Bool()}
	return r, finish(in, n, 1, "a reply to session.end")
}

// DecodeOpenReply reads an OpenReply.
func DecodeOpenReply(in *pack.Cursor) (r OpenReply, err error) {
	const what = "the reply to the opening of a session"
	n := in.Array()
	if r.Session, err = grid.ReadSession(in); err != nil {
		return r, fmt.Errorf("decode %s: %w", what, err)
	}
	return r, finish(in, n, 1, what)
}

// DecodeResumeReply reads a ResumeReply.
func DecodeResumeReply(in *pack.Cursor) (r ResumeReply, err error) {
	const what = "the reply to the resumption of a session"
	n := in.Array()
	if r.Keys, err = decodeStreams(in); err != nil {
		return r, fmt.Errorf("decode %s: %w", what, err)
	}
	return r, finish(in, n, 1, what)
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
