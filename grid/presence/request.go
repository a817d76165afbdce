package presence

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of this feature's queries, which are its only requests of clients.
const (
	KindList  grid.Kind = 0x0301
	KindCount grid.Kind = 0x0302
)

// Every request has an Append, which appends its fields (not the array's head,
// which belongs to who knows what else stands in the array) and Fields, their
// number. The body of a query is an array of the same fields, but with the key of
// the stream in place of the stream.

// ListRequest asks for the presences on a stream, in order of sessions:
// [stream, after or nil, limit].
type ListRequest struct {
	Key   []byte         // of the stream
	After grid.SessionID // only sessions behind this one: Next of the page before, or zero
	Limit int            // 1 to PageMembersMax
}

// Fields is the number of fields that Append appends.
func (r *ListRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *ListRequest) Append(b []byte) []byte {
	return r.page(grid.AppendStream(b, r.Key))
}

// page appends the fields behind the stream.
func (r *ListRequest) page(b []byte) []byte {
	return pack.AppendInt(appendNext(b, r.After), int64(r.Limit))
}

// decode reads the fields behind the stream.
func (r *ListRequest) decode(in *pack.Cursor) (err error) {
	if !in.Nil() {
		if r.After, err = grid.ReadSession(in); err != nil {
			return err
		}
	}
	limit := in.Int()
	if in.Err() == nil && (limit < 1 || limit > PageMembersMax) {
		return fault.New(fault.InvalidArgument,
			"a limit of %d presences: ask for 1 to %d", limit, PageMembersMax)
	}
	r.Limit = int(limit)
	return in.Err()
}

// CountRequest asks how many presences are on a stream: [stream].
type CountRequest struct {
	Key []byte // of the stream
}

// Fields is the number of fields that Append appends.
func (r *CountRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *CountRequest) Append(b []byte) []byte { return grid.AppendStream(b, r.Key) }

// appendNext appends where a page ends, nil for nowhere.
func appendNext(b []byte, next grid.SessionID) []byte {
	if next == 0 {
		return pack.AppendNil(b)
	}
	return grid.AppendSession(b, next)
}
