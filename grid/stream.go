package grid

import (
	"unicode"
	"unicode/utf8"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// StreamKind is the sort of a stream. The numbers go over the wire.
type StreamKind uint8

// The sorts of streams.
const (
	StreamStatus StreamKind = 1  // a user's own; its name is the user's id
	StreamRoom   StreamKind = 2  // a chat room
	StreamCustom StreamKind = 16 // whatever the game makes of it
)

// StreamNameBytesMax bounds the name of a stream.
const StreamNameBytesMax = 128

// A stream's key is its kind, one byte, and its name. It is the routing key of
// all that belongs to the stream: presences and the channel share a slot.

// AppendKey appends the key of a stream.
func AppendKey[T string | []byte](b []byte, kind StreamKind, name T) []byte {
	return append(append(b, byte(kind)), name...)
}

// StatusKey appends the key of a user's status stream.
func StatusKey(b []byte, user ID) []byte { return AppendKey(b, StreamStatus, user[:]) }

// AppendStream appends a stream as clients see it: [kind, name]. The name is
// text, but the 16 bytes of a user's id on a status stream.
func AppendStream[T string | []byte](b []byte, key T) []byte {
	b = pack.AppendArray(b, 2)
	b = pack.AppendUint(b, uint64(key[0]))
	if StreamKind(key[0]) == StreamStatus {
		return pack.AppendBytes(b, []byte(key[1:]))
	}
	return pack.AppendString(b, key[1:])
}

// ReadStream reads what a client sent for a stream and appends its key to b. It
// does not look at whether the caller may be there. The error is a client's.
func ReadStream(in *pack.Cursor, b []byte) ([]byte, error) {
	n := in.Array()
	kind := in.Uint()
	if err := in.Err(); err != nil {
		return b, err
	}
	if n < 2 {
		return b, fault.New(fault.InvalidArgument, "a stream of %d fields: want [kind, name]", n)
	}
	var name []byte
	switch {
	case kind == uint64(StreamStatus):
		if name = in.Bytes(); in.Err() == nil && len(name) != len(ID{}) {
			return b, fault.New(fault.InvalidArgument,
				"a status stream is named by the 16 bytes of a user's id, not by %d", len(name))
		}
	case kind == uint64(StreamRoom), kind == uint64(StreamCustom):
		if name = in.String(); in.Err() == nil {
			if err := checkStreamName(name); err != nil {
				return b, err
			}
		}
	default:
		return b, fault.New(fault.InvalidArgument,
			"there is no kind of stream %d: use %d (status), %d (room) or %d (custom)",
			kind, StreamStatus, StreamRoom, StreamCustom)
	}
	for range n - 2 {
		in.Skip()
	}
	return AppendKey(b, StreamKind(kind), name), in.Err()
}

func checkStreamName(name []byte) error {
	if len(name) == 0 || len(name) > StreamNameBytesMax {
		return fault.New(fault.InvalidArgument,
			"a stream's name of %d bytes: use 1 to %d", len(name), StreamNameBytesMax)
	}
	for rest := name; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			return fault.New(fault.InvalidArgument,
				"the stream's name %q is not UTF-8: send text", name)
		}
		if unicode.IsControl(r) {
			return fault.New(fault.InvalidArgument,
				"the stream's name %q has the control character %U: leave it out", name, r)
		}
		rest = rest[n:]
	}
	return nil
}
