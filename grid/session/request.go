package session

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of this feature's requests, commands and queries. It also takes
// presence.KindDropped.
const (
	KindList    grid.Kind = 0x0201
	KindTrack   grid.Kind = 0x0202
	KindUntrack grid.Kind = 0x0203
	KindEnd     grid.Kind = 0x0204

	// Commands of gateways for the slot of the user, who begins their bodies.
	KindOpen    grid.Kind = 0x0281
	KindResume  grid.Kind = 0x0282
	KindConfirm grid.Kind = 0x0283
	KindDetach  grid.Kind = 0x0284
	// KindBound is their query whether a session is still bound to a connection: the body
	// of a ConfirmRequest. The reply is [reason], as of KindEnded; Bound: it is.
	KindBound grid.Kind = 0x0285
)

// Every request has an Append, which appends its fields (not the array's head,
// which belongs to who knows what else stands in the array) and Fields, their
// number. The requests of gateways are bodies of commands; those of clients are
// made into bodies by Prepare.

// ListRequest asks for a user's sessions in order of their ids, which is the order
// in which they were opened: [user or nil, after or nil].
type ListRequest struct {
	User  grid.ID        // zero: the caller; only a server may name another
	After grid.SessionID // 0: from the first one on
}

// Fields is the number of fields that Append appends.
func (r *ListRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *ListRequest) Append(b []byte) []byte {
	return appendSession(appendUser(b, r.User), r.After)
}

// TrackRequest makes the session present on a stream, or gives its presence there
// another status: [stream, status].
type TrackRequest struct {
	Key    string // of the stream
	Status string // at most presence.StatusBytesMax bytes of UTF-8
}

// Fields is the number of fields that Append appends.
func (r *TrackRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *TrackRequest) Append(b []byte) []byte {
	return pack.AppendString(grid.AppendStream(b, r.Key), r.Status)
}

// UntrackRequest ends the session's presence on a stream, if it has one: [stream].
type UntrackRequest struct {
	Key string // of the stream
}

// Fields is the number of fields that Append appends.
func (r *UntrackRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *UntrackRequest) Append(b []byte) []byte { return grid.AppendStream(b, r.Key) }

// EndRequest ends a session: [session or nil, user or nil].
type EndRequest struct {
	Session grid.SessionID // 0: the one that asks
	User    grid.ID        // whose it is; zero: the caller; only a server may name another
}

// Fields is the number of fields that Append appends.
func (r *EndRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *EndRequest) Append(b []byte) []byte {
	return appendUser(appendSession(b, r.Session), r.User)
}

// Secret stands for the secret with which a session is resumed.
type Secret [16]byte

// SecretOf returns what stands for a secret: the first half of its SHA-256.
func SecretOf(secret []byte) Secret {
	sum := sha256.Sum256(secret)
	return Secret(sum[:])
}

// TokenID returns the id of a refresh token that is given out in a session: that of the
// session, and eight random bytes. To use the token shows that the client has what the
// session's welcome brought.
func TokenID(in grid.SessionID, random [8]byte) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(in))
	copy(id[8:], random[:])
	return id
}

// givenIn returns the session in which a refresh token was given out.
func givenIn(id *grid.ID) grid.SessionID {
	return grid.SessionID(binary.BigEndian.Uint64(id[:]))
}

// OpenRequest opens a session, or finds the one that was opened from the same
// connection: [user, origin, conn, secret, server, spend or nil, spend until].
type OpenRequest struct {
	User   grid.ID
	Origin grid.Origin // the gateway, and
	Conn   uint64      // its number for the connection
	Secret Secret      // resumes the session
	Server bool        // the user is all servers
	// Spend is the id of a refresh token (TokenID) that is used by this, and that
	// expires at SpendUntil, µs since 1970. Zero: none. If it has opened a session that
	// lives, and whose client has not shown that it has the welcome, that one ends.
	Spend      grid.ID
	SpendUntil int64
}

// Fields is the number of fields that Append appends.
func (r *OpenRequest) Fields() int { return 7 }

// Append appends the fields of the request.
func (r *OpenRequest) Append(b []byte) []byte {
	b = pack.AppendBytes(b, r.User[:])
	b = pack.AppendUint(b, uint64(r.Origin))
	b = pack.AppendUint(b, r.Conn)
	b = pack.AppendBytes(b, r.Secret[:])
	b = pack.AppendBool(b, r.Server)
	b = appendUser(b, r.Spend)
	return pack.AppendInt(b, r.SpendUntil)
}

// ResumeRequest binds a session to another connection:
// [user, session, origin, conn, secret, next, refresh or nil, refresh until]. The last
// two may be missing.
type ResumeRequest struct {
	User    grid.ID
	Session grid.SessionID
	Origin  grid.Origin // the gateway, and
	Conn    uint64      // its number for the connection
	Secret  Secret      // what the client showed
	Next    Secret      // resumes the session from now on
	// Refresh is the id of the refresh token that says who resumes, if it was one. It must
	// be good, and stays so. It expires at RefreshUntil, µs since 1970.
	Refresh      grid.ID
	RefreshUntil int64
}

// Fields is the number of fields that Append appends.
func (r *ResumeRequest) Fields() int { return 8 }

// Append appends the fields of the request.
func (r *ResumeRequest) Append(b []byte) []byte {
	b = grid.AppendSession(pack.AppendBytes(b, r.User[:]), r.Session)
	b = pack.AppendUint(b, uint64(r.Origin))
	b = pack.AppendUint(b, r.Conn)
	b = pack.AppendBytes(b, r.Secret[:])
	b = pack.AppendBytes(b, r.Next[:])
	return pack.AppendInt(appendUser(b, r.Refresh), r.RefreshUntil)
}

// ConfirmRequest says that the client has what the last welcome brought, so that the
// secret before is void, and the refresh token that opened the session:
// [user, session, origin, conn]. Its reply is empty.
type ConfirmRequest struct {
	User    grid.ID
	Session grid.SessionID
	Origin  grid.Origin // the gateway, and
	Conn    uint64      // its number for the connection
}

// Fields is the number of fields that Append appends.
func (r *ConfirmRequest) Fields() int { return 4 }

// Append appends the fields of the request.
func (r *ConfirmRequest) Append(b []byte) []byte {
	b = grid.AppendSession(pack.AppendBytes(b, r.User[:]), r.Session)
	b = pack.AppendUint(b, uint64(r.Origin))
	return pack.AppendUint(b, r.Conn)
}

// DetachRequest says that a connection has ended: [user, origin, conn, grace].
// The session that is bound to it, if there is one, may be resumed for a while.
// The reply is [whether there was one].
type DetachRequest struct {
	User   grid.ID
	Origin grid.Origin // the gateway, and
	Conn   uint64      // its number for the connection
	Grace  int64       // µs, up to GraceMax
}

// Fields is the number of fields that Append appends.
func (r *DetachRequest) Fields() int { return 4 }

// Append appends the fields of the request.
func (r *DetachRequest) Append(b []byte) []byte {
	b = pack.AppendBytes(b, r.User[:])
	b = pack.AppendUint(b, uint64(r.Origin))
	b = pack.AppendUint(b, r.Conn)
	return pack.AppendInt(b, r.Grace)
}

// appendUser appends a user's or token's id, nil for the zero one.
func appendUser(b []byte, id grid.ID) []byte {
	if id == (grid.ID{}) {
		return pack.AppendNil(b)
	}
	return pack.AppendBytes(b, id[:])
}

// appendSession appends a session's id, nil for none.
func appendSession(b []byte, id grid.SessionID) []byte {
	if id == 0 {
		return pack.AppendNil(b)
	}
	return grid.AppendSession(b, id)
}
