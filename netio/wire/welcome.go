package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// StreamsMax bounds the streams that a welcome names.
const StreamsMax = 128

// Welcome is the reply to hello.
type Welcome struct {
	Version       uint16
	User          grid.ID
	RequestsMax   uint32 // how many writes, and linearizable reads, may be unanswered
	FrameBytesMax uint32 // bounds a frame from the client, head included
	Agent         string
	Session       grid.SessionID
	Resume        ResumeToken // takes this session up again; the one before is void
	Resumed       bool        // the session that hello named goes on; else it is a new one
	Streams       []string    // keys of the streams that a resumed session is on
	Tokens        *Tokens     // in place of the refresh token that was used; nil: none was
	Trace         uint64      // names the connection; 0: the server does not say
}

// Append appends the welcome's array.
func (w *Welcome) Append(b []byte) []byte {
	b = pack.AppendArray(b, 11)
	b = pack.AppendUint(b, uint64(w.Version))
	b = pack.AppendBytes(b, w.User[:])
	b = pack.AppendUint(b, uint64(w.RequestsMax))
	b = pack.AppendUint(b, uint64(w.FrameBytesMax))
	b = pack.AppendString(b, w.Agent)
	b = appendEight(b, uint64(w.Session))
	b = w.Resume.append(b)
	b = pack.AppendBool(b, w.Resumed)
	b = pack.AppendArray(b, len(w.Streams))
	for _, key := range w.Streams {
		b = grid.AppendStream(b, key)
	}
	if w.Tokens == nil {
		b = pack.AppendNil(b)
	} else {
		b = w.Tokens.Append(b)
	}
	return appendEight(b, w.Trace)
}

// Decode reads a welcome's array.
func (w *Welcome) Decode(c *pack.Cursor) error {
	n, err := fields(c, 9, "welcome")
	if err != nil {
		return err
	}
	w.Version = uint16(small(c, 16))
	user := c.Bytes()
	if len(user) != len(w.User) && c.Err() == nil {
		return bad("a user id of %d bytes: want %d", len(user), len(w.User))
	}
	copy(w.User[:], user)
	w.RequestsMax = uint32(small(c, 32))
	w.FrameBytesMax = uint32(small(c, 32))
	w.Agent = string(c.String())
	session, err := decodeEight(c, "session id")
	if err != nil {
		return err
	}
	w.Session = grid.SessionID(session)
	if err := w.Resume.decode(c); err != nil {
		return err
	}
	w.Resumed = c.Bool()
	if err := w.decodeStreams(c); err != nil {
		return err
	}
	w.Tokens, w.Trace = nil, 0
	if n == 9 { // from a server that lets clients ask for tokens
		return rest(c, 0, "welcome")
	}
	if !c.Nil() {
		w.Tokens = new(Tokens)
		if err := w.Tokens.Decode(c); err != nil {
			return err
		}
	}
	if n == 10 { // from a server that does not name connections
		return rest(c, 0, "welcome")
	}
	if w.Trace, err = decodeEight(c, "trace"); err != nil {
		return err
	}
	return rest(c, n-11, "welcome")
}

func (w *Welcome) decodeStreams(c *pack.Cursor) error {
	w.Streams = nil
	n := c.Array()
	if n > StreamsMax {
		return bad("a welcome to %d streams: a session is on at most %d", n, StreamsMax)
	}
	for range n {
		key, err := grid.ReadStream(c, nil)
		if err != nil {
			return err
		}
		w.Streams = append(w.Streams, string(key))
	}
	return nil
}

// appendEight appends a number of 64 bits as bytes, for not all languages have such
// numbers.
func appendEight(b []byte, v uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], v)
	return pack.AppendBytes(b, raw[:])
}

func decodeEight(c *pack.Cursor, what string) (uint64, error) {
	raw := c.Bytes()
	if c.Err() != nil {
		return 0, nil // told by rest
	}
	if len(raw) != 8 {
		return 0, bad("a %s of %d bytes: want 8", what, len(raw))
	}
	return binary.BigEndian.Uint64(raw), nil
}

// TraceText returns the trace of a connection as people read it.
func TraceText(trace uint64) string { return fmt.Sprintf("%016x", trace) }

// RequestTrace returns what names a request: the trace of its connection, and the id of
// its frame.
func RequestTrace(trace uint64, id uint32) string { return fmt.Sprintf("%016x-%d", trace, id) }
