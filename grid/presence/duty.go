package presence

import (
	"unicode/utf8"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of the duties between a user's slot, where grid/session keeps the
// sessions, and the slots of the streams that these are on.
const (
	KindEnter grid.Kind = 0x0381 // to the stream's slot: an EnterRequest
	KindLeave grid.Kind = 0x0382 // to the stream's slot: a LeaveRequest
	// KindDropped goes back to the user's slot, to grid/session: a DroppedRequest.
	KindDropped grid.Kind = 0x0291
)

// Every duty has an Append and Fields like any request, and a Decode, which
// reads its fields from an array of n and checks them. Keys and statuses that
// were decoded are views of the body.

// EnterRequest makes a session present on a stream, or changes what is known of
// its presence: [key, session, user, origin, conn, status or nil].
type EnterRequest struct {
	Key     []byte // of the stream
	Session grid.SessionID
	User    grid.ID
	Origin  grid.Origin // the gateway, and
	Conn    uint64      // its number for the connection: where the event of entering goes
	Status  []byte
	// HasStatus is not set when the session was only bound to another gateway: the
	// presence keeps its status, and nobody is told. There it must be known: a
	// presence never begins so.
	HasStatus bool
}

// Fields is the number of fields that Append appends.
func (r *EnterRequest) Fields() int { return 6 }

// Append appends the fields of the request.
func (r *EnterRequest) Append(b []byte) []byte {
	b = pack.AppendBytes(b, r.Key)
	b = grid.AppendSession(b, r.Session)
	b = pack.AppendBytes(b, r.User[:])
	b = pack.AppendUint(b, uint64(r.Origin))
	b = pack.AppendUint(b, r.Conn)
	if !r.HasStatus {
		return pack.AppendNil(b)
	}
	return pack.AppendString(b, r.Status)
}

// Decode reads what Append appended.
func (r *EnterRequest) Decode(in *pack.Cursor, n int) (err error) {
	*r = EnterRequest{}
	if err = grid.CheckFields(n, 6); err != nil {
		return err
	}
	if r.Key, err = readKey(in); err != nil {
		return err
	}
	if r.Session, err = grid.ReadSession(in); err != nil {
		return err
	}
	if r.User, err = grid.ReadUser(in); err != nil {
		return err
	}
	r.Origin, r.Conn = grid.Origin(in.Uint()), in.Uint()
	if r.HasStatus = !in.Nil(); r.HasStatus {
		r.Status, err = ReadStatus(in)
	}
	return end(in, n-6, err)
}

// LeaveRequest ends a session's presence on a stream, if it has one:
// [key, session].
type LeaveRequest struct {
	Key     []byte // of the stream
	Session grid.SessionID
}

// Fields is the number of fields that Append appends.
func (r *LeaveRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *LeaveRequest) Append(b []byte) []byte {
	return grid.AppendSession(pack.AppendBytes(b, r.Key), r.Session)
}

// Decode reads what Append appended.
func (r *LeaveRequest) Decode(in *pack.Cursor, n int) (err error) {
	*r = LeaveRequest{}
	if err = grid.CheckFields(n, 2); err != nil {
		return err
	}
	if r.Key, err = readKey(in); err != nil {
		return err
	}
	r.Session, err = grid.ReadSession(in)
	return end(in, n-2, err)
}

// DroppedRequest says that a session could not enter a stream:
// [user, session, key, code, message].
//
// While it is under way the user's slot may send other duties for the same
// stream, one of which may make the session present after all. So who takes it
// off the session's list must answer with a LeaveRequest, which does nothing
// where there is no presence: else one would be left that nobody ends.
type DroppedRequest struct {
	User    grid.ID
	Session grid.SessionID
	Key     []byte // of the stream
	Code    fault.Code
	Message string // what a client is told
}

// Fields is the number of fields that Append appends.
func (r *DroppedRequest) Fields() int { return 5 }

// Append appends the fields of the request.
func (r *DroppedRequest) Append(b []byte) []byte {
	b = pack.AppendBytes(b, r.User[:])
	b = grid.AppendSession(b, r.Session)
	b = pack.AppendBytes(b, r.Key)
	b = pack.AppendUint(b, uint64(r.Code))
	return pack.AppendString(b, r.Message)
}

// Decode reads what Append appended.
func (r *DroppedRequest) Decode(in *pack.Cursor, n int) (err error) {
	*r = DroppedRequest{}
	if err = grid.CheckFields(n, 5); err != nil {
		return err
	}
	if r.User, err = grid.ReadUser(in); err != nil {
		return err
	}
	if r.Session, err = grid.ReadSession(in); err != nil {
		return err
	}
	if r.Key, err = readKey(in); err != nil {
		return err
	}
	code := in.Uint()
	if code == 0 || code > uint64(fault.Unauthenticated) {
		err = fault.New(fault.InvalidArgument, "there is no error code %d: use 1 to %d",
			code, fault.Unauthenticated)
	}
	r.Code, r.Message = fault.Code(code), string(in.String())
	return end(in, n-5, err)
}

// end passes over the fields that a later version has appended. An undecodable
// message goes before err, which is about what was read from it.
func end(in *pack.Cursor, extra int, err error) error {
	for range extra {
		in.Skip()
	}
	if in.Err() != nil {
		return in.Err()
	}
	return err
}

// ReadStatus reads the status of a presence, a view, and checks it.
func ReadStatus(in *pack.Cursor) ([]byte, error) {
	status := in.String()
	switch {
	case in.Err() != nil:
		return nil, in.Err()
	case len(status) > StatusBytesMax:
		return nil, fault.New(fault.InvalidArgument,
			"a status of %d bytes: use up to %d", len(status), StatusBytesMax)
	case !utf8.Valid(status):
		return nil, fault.New(fault.InvalidArgument,
			"the status %q is not UTF-8: send text", status)
	}
	return status, nil
}

// readKey reads the key of a stream as duties and bodies carry it.
func readKey(in *pack.Cursor) ([]byte, error) {
	key := in.Bytes()
	if err := in.Err(); err != nil {
		return nil, err
	}
	return key, grid.CheckKey(key)
}
