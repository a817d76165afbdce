package leaderboard

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// InfoRequest asks for a board's settings and size: [board].
type InfoRequest struct {
	Board string
}

// Fields is the number of fields that Append appends.
func (r *InfoRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *InfoRequest) Append(b []byte) []byte { return pack.AppendString(b, r.Board) }

// PageRequest asks for the records from a rank on, or from where another page
// ended: [board, rank, limit, period, cursor or nil].
type PageRequest struct {
	Board  string
	Rank   int   // of the first record, from 1
	Limit  int   // 1 to PageRecordsMax
	Period int64 // its end in seconds since 1970; 0: the one that runs
	// Cursor is the Next or Previous of a PageReply about the same board. It says from
	// where on, and in which period; Rank and Period then do not count.
	Cursor []byte
}

// Fields is the number of fields that Append appends: those behind the third
// only as far as they are used.
func (r *PageRequest) Fields() int {
	switch {
	case len(r.Cursor) > 0:
		return 5
	case r.Period != 0:
		return 4
	}
	return 3
}

// Append appends the fields of the request.
func (r *PageRequest) Append(b []byte) []byte {
	b = pack.AppendString(b, r.Board)
	b = pack.AppendInt(b, int64(r.Rank))
	b = pack.AppendInt(b, int64(r.Limit))
	n := r.Fields()
	if n > 3 {
		b = pack.AppendInt(b, r.Period)
	}
	if n > 4 {
		b = pack.AppendBytes(b, r.Cursor)
	}
	return b
}

// AroundRequest asks for the records around an owner's:
// [board, owner or nil, limit, period].
type AroundRequest struct {
	Board  string
	Owner  grid.ID // zero: the caller
	Limit  int     // 1 to PageRecordsMax, the owner's record included
	Period int64   // its end in seconds since 1970; 0: the one that runs
}

// Fields is the number of fields that Append appends: the last only if it is
// used.
func (r *AroundRequest) Fields() int {
	if r.Period != 0 {
		return 4
	}
	return 3
}

// Append appends the fields of the request.
func (r *AroundRequest) Append(b []byte) []byte {
	b = appendOwner(pack.AppendString(b, r.Board), r.Owner)
	b = pack.AppendInt(b, int64(r.Limit))
	return appendPeriod(b, r.Period)
}

// OwnersRequest asks for the records of some owners: [board, [owner, …], period].
type OwnersRequest struct {
	Board  string
	Owners []grid.ID // 1 to OwnersMax
	Period int64     // its end in seconds since 1970; 0: the one that runs
}

// Fields is the number of fields that Append appends: the last only if it is
// used.
func (r *OwnersRequest) Fields() int {
	if r.Period != 0 {
		return 3
	}
	return 2
}

// Append appends the fields of the request.
func (r *OwnersRequest) Append(b []byte) []byte {
	b = pack.AppendArray(pack.AppendString(b, r.Board), len(r.Owners))
	for i := range r.Owners {
		b = pack.AppendBytes(b, r.Owners[i][:])
	}
	return appendPeriod(b, r.Period)
}

// appendPeriod appends a last field, or nothing for the period that runs.
func appendPeriod(b []byte, period int64) []byte {
	if period == 0 {
		return b
	}
	return pack.AppendInt(b, period)
}
