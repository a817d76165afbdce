package leaderboard

import (
	"time"

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

// What slots and edges tell and ask each other: clients cannot.
const (
	kindStripe    grid.Kind = 0x0181 // a duty: make a stripe
	kindUnstripe  grid.Kind = 0x0182 // a duty: drop one
	kindUnstriped grid.Kind = 0x0183 // the duty that follows: tell the root
	kindTally     grid.Kind = 0x0190 // a query: how many records rank before others
)

// Every request has an Append, which appends its fields (not the array's head,
// which belongs to who knows what else stands in the array) and Fields, their
// number. The body of a command or query is an array of the same fields; there
// the owner is always named.

// CreateRequest makes a board:
// [board, sort, operator, authoritative, schedule, keep, metadata, stripes].
// Only a server may.
type CreateRequest struct {
	Board         string
	Sort          Sort
	Operator      Operator
	Authoritative bool // only servers may submit and remove
	// Schedule says when the board is reset, in UTC: cron's five fields, or @daily and
	// its like (package cron). Empty: never.
	Schedule string
	// Keep is how long a period can be read once it is over, in whole seconds; the
	// latest PeriodsMax at the most are kept.
	Keep     time.Duration
	Metadata string // the game's own, JSON say
	// Stripes is over how many slots the owners are spread, for a board that is too
	// large or too busy for one. Ranks are then exact only while nothing is written.
	// 0 is 1.
	Stripes int
}

// Fields is the number of fields that Append appends: those behind the third
// only as far as they are used.
func (r *CreateRequest) Fields() int {
	switch {
	case r.Stripes != 0:
		return createFields
	case r.Metadata != "":
		return 7
	case r.Keep != 0:
		return 6
	case r.Schedule != "":
		return 5
	case r.Authoritative:
		return 4
	}
	return 3
}

// Append appends the fields of the request.
func (r *CreateRequest) Append(b []byte) []byte { return r.append(b, r.Fields()) }

// createFields is how many fields there are.
const createFields = 8

// append appends the first n fields.
func (r *CreateRequest) append(b []byte, n int) []byte {
	b = pack.AppendString(b, r.Board)
	b = pack.AppendUint(b, uint64(r.Sort))
	b = pack.AppendUint(b, uint64(r.Operator))
	if n > 3 {
		b = pack.AppendBool(b, r.Authoritative)
	}
	if n > 4 {
		b = pack.AppendString(b, r.Schedule)
	}
	if n > 5 {
		b = pack.AppendInt(b, int64(r.Keep/time.Second))
	}
	if n > 6 {
		b = pack.AppendString(b, r.Metadata)
	}
	if n > 7 {
		b = pack.AppendInt(b, int64(r.Stripes))
	}
	return b
}

// DeleteRequest deletes a board with its records: [board]. Only a server may.
type DeleteRequest struct {
	Board string
}

// Fields is the number of fields that Append appends.
func (r *DeleteRequest) Fields() int { return 1 }

// Append appends the fields of the request.
func (r *DeleteRequest) Append(b []byte) []byte { return pack.AppendString(b, r.Board) }

// SubmitRequest submits a score: [board, owner or nil, score, subscore,
// metadata].
type SubmitRequest struct {
	Board           string
	Owner           grid.ID // zero: the caller; only a server may name another
	Score, Subscore int64   // any but math.MinInt64
	Metadata        string  // the game's own, JSON say; empty: what the record has is kept
}

// Fields is the number of fields that Append appends: the last only if it is
// used.
func (r *SubmitRequest) Fields() int {
	if r.Metadata != "" {
		return 5
	}
	return 4
}

// Append appends the fields of the request.
func (r *SubmitRequest) Append(b []byte) []byte {
	b = pack.AppendString(b, r.Board)
	b = appendOwner(b, r.Owner)
	b = pack.AppendInt(b, r.Score)
	b = pack.AppendInt(b, r.Subscore)
	if r.Metadata != "" {
		b = pack.AppendString(b, r.Metadata)
	}
	return b
}

// submitFields is the length of the longest request's array.
const submitFields = 5

// appendBody appends the command that the request is, from a sender: all fields,
// if any must follow.
func (r *SubmitRequest) appendBody(b []byte, by sender) []byte {
	extra := by.fields()
	if extra == 0 {
		return r.Append(pack.AppendArray(b, r.Fields()))
	}
	b = r.Append(pack.AppendArray(b, submitFields+extra))
	if r.Metadata == "" {
		b = pack.AppendNil(b)
	}
	return by.append(b)
}

func (r *SubmitRequest) board() string     { return r.Board }
func (r *SubmitRequest) rename(key string) { r.Board = key }

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

// appendBody appends the command that the request is, from a sender.
func (r *RemoveRequest) appendBody(b []byte, by sender) []byte {
	return by.append(r.Append(pack.AppendArray(b, r.Fields()+by.fields())))
}

func (r *RemoveRequest) board() string     { return r.Board }
func (r *RemoveRequest) rename(key string) { r.Board = key }

// appendOwner appends an owner, nil for the caller.
func appendOwner(b []byte, owner grid.ID) []byte {
	if owner == (grid.ID{}) {
		return pack.AppendNil(b)
	}
	return pack.AppendBytes(b, owner[:])
}
