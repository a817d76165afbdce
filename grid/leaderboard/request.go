package leaderboard

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// The kinds of this feature's requests, commands and queries.
const (
	KindCreate grid.Kind = 0x0101
	KindDelete grid.Kind = 0x0102
	KindSubmit grid.Kind = 0x0103
	KindRemove grid.Kind = 0x0104
	KindInfo   grid.Kind = 0x0110
	KindPage   grid.Kind = 0x0111
	KindAround grid.Kind = 0x0112
	KindOwners grid.Kind = 0x0113
)

// Every request has an Append, which appends its fields (not the array's head,
// which belongs to who knows what else stands in the array) and Fields, their
// number. The body of a command or query is an array of the same fields; there
// the owner is always named.

// CreateRequest makes a board: [board, sort, operator]. Only a server may.
type CreateRequest struct {
	Board    string
	Sort     Sort
	Operator Operator
}

// Fields is the number of fields that Append appends.
func (r *CreateRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *CreateRequest) Append(b []byte) []byte {
	b = pack.AppendString(b, r.Board)
	b = pack.AppendUint(b, uint64(r.Sort))
	return pack.AppendUint(b, uint64(r.Operator))
}

// DeleteRequest deletes a board with its records: [board]. Only a server may.
type DeleteRequest struct {
	Board string
}

// Fields is the number of fields that Append appends.
func (r *DeleteRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *DeleteRequest) Append(b []byte) []byte { return pack.AppendString(b, r.Board) }

// SubmitRequest submits a score: [board, owner or nil, score, subscore].
type SubmitRequest struct {
	Board           string
	Owner           grid.ID // zero: the caller; only a server may name another
	Score, Subscore int64   // any but math.MinInt64
}

// Fields is the number of fields that Append appends.
func (r *SubmitRequest) Fields() int { return 4 }

// Append appends the fields of the request.
func (r *SubmitRequest) Append(b []byte) []byte {
	b = pack.AppendString(b, r.Board)
	b = appendOwner(b, r.Owner)
	b = pack.AppendInt(b, r.Score)
	return pack.AppendInt(b, r.Subscore)
}

// RemoveRequest takes an owner's record off a board: [board, owner or nil].
type RemoveRequest struct {
	Board string
	Owner grid.ID // zero: the caller; only a server may name another
}

// Fields is the number of fields that Append appends.
func (r *RemoveRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *RemoveRequest) Append(b []byte) []byte {
	return appendOwner(pack.AppendString(b, r.Board), r.Owner)
}

// InfoRequest asks for a board's settings and size: [board].
type InfoRequest struct {
	Board string
}

// Fields is the number of fields that Append appends.
func (r *InfoRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *InfoRequest) Append(b []byte) []byte { return pack.AppendString(b, r.Board) }

// PageRequest asks for the records from a rank on: [board, rank, limit].
type PageRequest struct {
	Board string
	Rank  int // of the first record, from 1
	Limit int // 1 to PageRecordsMax
}

// Fields is the number of fields that Append appends.
func (r *PageRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *PageRequest) Append(b []byte) []byte {
	b = pack.AppendString(b, r.Board)
	b = pack.AppendInt(b, int64(r.Rank))
	return pack.AppendInt(b, int64(r.Limit))
}

// AroundRequest asks for the records around an owner's:
// [board, owner or nil, limit].
type AroundRequest struct {
	Board string
	Owner grid.ID // zero: the caller
	Limit int     // 1 to PageRecordsMax, the owner's record included
}

// Fields is the number of fields that Append appends.
func (r *AroundRequest) Fields() int { return 3 }

// Append appends the fields of the request.
func (r *AroundRequest) Append(b []byte) []byte {
	b = appendOwner(pack.AppendString(b, r.Board), r.Owner)
	return pack.AppendInt(b, int64(r.Limit))
}

// OwnersRequest asks for the records of some owners: [board, [owner, …]].
type OwnersRequest struct {
	Board  string
	Owners []grid.ID // 1 to OwnersMax
}

// Fields is the number of fields that Append appends.
func (r *OwnersRequest) Fields() int { return 2 }

// Append appends the fields of the request.
func (r *OwnersRequest) Append(b []byte) []byte {
	b = pack.AppendArray(pack.AppendString(b, r.Board), len(r.Owners))
	for i := range r.Owners {
		b = pack.AppendBytes(b, r.Owners[i][:])
	}
	return b
}

// appendOwner appends an owner, nil for the caller.
func appendOwner(b []byte, owner grid.ID) []byte {
	if owner == (grid.ID{}) {
		return pack.AppendNil(b)
	}
	return pack.AppendBytes(b, owner[:])
}
