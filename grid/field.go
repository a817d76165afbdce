package grid

import (
	"encoding/binary"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// CheckFields refuses a request, or a command, of n fields if it needs more.
func CheckFields(n, want int) error {
	if n < want {
		return fault.New(fault.InvalidArgument,
			"the request has %d fields and needs at least %d: see docs/protocol.md", n, want)
	}
	return nil
}

// AppendSession appends a session's id as it goes over the wire: 8 bytes, since
// JavaScript has no whole numbers of 64 bits.
func AppendSession(b []byte, s SessionID) []byte {
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], uint64(s))
	return pack.AppendBytes(b, id[:])
}

// ReadSession reads what AppendSession wrote. The zero id is no session's.
func ReadSession(in *pack.Cursor) (SessionID, error) {
	b := in.Bytes()
	if err := in.Err(); err != nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, fault.New(fault.InvalidArgument,
			"a session id of %d bytes: it has 8, as the server gave them", len(b))
	}
	s := SessionID(binary.BigEndian.Uint64(b))
	if s == 0 {
		return 0, fault.New(fault.InvalidArgument,
			"the session id of zeros is no session's: send one that the server gave")
	}
	return s, nil
}

// ReadUser reads the 16 bytes of a user's id. The zero id is nobody's.
func ReadUser(in *pack.Cursor) (id ID, err error) {
	b := in.Bytes()
	if err := in.Err(); err != nil {
		return id, err
	}
	if len(b) != len(id) {
		return id, fault.New(fault.InvalidArgument,
			"a user id of %d bytes: it is a UUID of %d", len(b), len(id))
	}
	copy(id[:], b)
	if id == (ID{}) {
		return id, fault.New(fault.InvalidArgument, "the zero UUID is no user's: name a user")
	}
	return id, nil
}

// CheckKey says what is wrong with the key of a stream, wherever it comes from.
func CheckKey(key []byte) error {
	if len(key) == 0 {
		return fault.New(fault.InvalidArgument, "a stream without a kind: send [kind, name]")
	}
	switch name := key[1:]; StreamKind(key[0]) {
	case StreamStatus:
		if len(name) != len(ID{}) {
			return fault.New(fault.InvalidArgument,
				"a status stream is named by the 16 bytes of a user's id, not by %d", len(name))
		}
		return nil
	case StreamRoom, StreamCustom:
		return checkStreamName(name)
	}
	return fault.New(fault.InvalidArgument,
		"there is no kind of stream %d: use %d (status), %d (room) or %d (custom)",
		key[0], StreamStatus, StreamRoom, StreamCustom)
}
