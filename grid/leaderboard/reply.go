package leaderboard

import (
	"fmt"
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// CreateReply answers a CreateRequest: [created].
type CreateReply struct {
	Created bool // false: the board was there already, with the same settings
}

// DeleteReply answers a DeleteRequest: [deleted, records].
type DeleteReply struct {
	Deleted bool // false: there was no such board
	Records int  // that went with it
}

// SubmitReply answers a SubmitRequest: [score, subscore, changed].
type SubmitReply struct {
	Score, Subscore int64 // of the record as it is now
	Changed         bool
}

// RemoveReply answers a RemoveRequest: [removed].
type RemoveReply struct {
	Removed bool // false: the owner had no record
}

// InfoReply answers an InfoRequest: [sort, operator, records].
type InfoReply struct {
	Sort     Sort
	Operator Operator
	Records  int
}

// PageReply answers a PageRequest, an AroundRequest or an OwnersRequest:
// [total, [record, …]].
type PageReply struct {
	Total   int // records of the board
	Records []Record
}

// Record is one line of a board: [owner, score, subscore, stamp, rank].
type Record struct {
	Owner           grid.ID
	Score, Subscore int64
	Stamp           int64 // when the record got this score: µs since 1970, by the slot's clock
	Rank            int   // from 1
}

// DecodeCreateReply reads a CreateReply.
func DecodeCreateReply(in *pack.Cursor) (r CreateReply, err error) {
	n := in.Array()
	r = CreateReply{Created: in.Bool()}
	return r, finish(in, n, 1, "a reply to board.create")
}

// DecodeDeleteReply reads a DeleteReply.
func DecodeDeleteReply(in *pack.Cursor) (r DeleteReply, err error) {
	n := in.Array()
	r = DeleteReply{Deleted: in.Bool(), Records: size(in)}
	return r, finish(in, n, 2, "a reply to board.delete")
}

// DecodeSubmitReply reads a SubmitReply.
func DecodeSubmitReply(in *pack.Cursor) (r SubmitReply, err error) {
	n := in.Array()
	r = SubmitReply{Score: in.Int(), Subscore: in.Int(), Changed: in.Bool()}
	return r, finish(in, n, 3, "a reply to board.submit")
}

// DecodeRemoveReply reads a RemoveReply.
func DecodeRemoveReply(in *pack.Cursor) (r RemoveReply, err error) {
	n := in.Array()
	r = RemoveReply{Removed: in.Bool()}
	return r, finish(in, n, 1, "a reply to board.remove")
}

// DecodeInfoReply reads an InfoReply. Numbers that this version has no name for
// are kept.
func DecodeInfoReply(in *pack.Cursor) (r InfoReply, err error) {
	n := in.Array()
	r.Sort = Sort(min(in.Uint(), math.MaxUint8))
	r.Operator = Operator(min(in.Uint(), math.MaxUint8))
	r.Records = size(in)
	return r, finish(in, n, 3, "a reply to board.info")
}

// DecodePageReply reads a PageReply.
func DecodePageReply(in *pack.Cursor) (r PageReply, err error) {
	const what = "a page of records"
	n := in.Array()
	r.Total = size(in)
	records := in.Array()
	r.Records = make([]Record, 0, min(records, PageRecordsMax))
	for range records {
		rec, err := decodeRecord(in)
		if err != nil {
			return r, fmt.Errorf("decode %s: %w", what, err)
		}
		r.Records = append(r.Records, rec)
	}
	return r, finish(in, n, 2, what)
}

func decodeRecord(in *pack.Cursor) (r Record, err error) {
	n := in.Array()
	owner := in.Bytes()
	if len(owner) != len(r.Owner) && in.Err() == nil {
		return r, fmt.Errorf("an owner of %d bytes: want %d", len(owner), len(r.Owner))
	}
	copy(r.Owner[:], owner)
	r.Score, r.Subscore, r.Stamp = in.Int(), in.Int(), in.Int()
	r.Rank = size(in)
	return r, finish(in, n, 5, "a record")
}

// appendRecord appends a record as decodeRecord reads it.
func appendRecord(b []byte, r *Record) []byte {
	b = pack.AppendArray(b, 5)
	b = pack.AppendBytes(b, r.Owner[:])
	b = pack.AppendInt(b, r.Score)
	b = pack.AppendInt(b, r.Subscore)
	b = pack.AppendInt(b, r.Stamp)
	return pack.AppendUint(b, uint64(r.Rank))
}

// size reads a number of records, or a rank.
func size(in *pack.Cursor) int { return int(min(in.Uint(), math.MaxInt32)) }

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
