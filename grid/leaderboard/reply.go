package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"time"

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
	Records int  // that went with it; of a board with stripes, those of the first
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

// InfoReply answers an InfoRequest: [sort, operator, records, authoritative,
// schedule, keep, metadata, stripes, end, [[end, records], …]].
type InfoReply struct {
	Sort          Sort
	Operator      Operator
	Records       int // of the period that runs
	Authoritative bool
	Schedule      string        // empty: the board is never reset
	Keep          time.Duration // in whole seconds
	Metadata      string
	Stripes       int      // 1: the board is not spread
	End           int64    // of the period that runs: seconds since 1970; 0: never
	Periods       []Period // those that are over and have records, the oldest first
}

// infoFields is the length of an InfoReply's array.
const infoFields = 10

// append appends the reply.
func (r *InfoReply) append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, infoFields), uint64(r.Sort))
	b = pack.AppendUint(b, uint64(r.Operator))
	b = pack.AppendUint(b, uint64(r.Records))
	b = pack.AppendBool(b, r.Authoritative)
	b = pack.AppendString(b, r.Schedule)
	b = pack.AppendInt(b, int64(r.Keep/time.Second))
	b = pack.AppendString(b, r.Metadata)
	b = pack.AppendUint(b, uint64(r.Stripes))
	b = pack.AppendInt(b, r.End)
	b = pack.AppendArray(b, len(r.Periods))
	for _, p := range r.Periods {
		b = pack.AppendInt(pack.AppendArray(b, 2), p.End)
		b = pack.AppendUint(b, uint64(p.Records))
	}
	return b
}

// Period is one that is over.
type Period struct {
	End     int64 // seconds since 1970: its name in requests
	Records int
}

// PageReply answers a PageRequest, an AroundRequest or an OwnersRequest:
// [total, [record, …], next or nil, previous or nil].
type PageReply struct {
	Total   int // records of the period
	Records []Record
	// Next and Previous are cursors for a PageRequest, to go on behind the last of
	// these records and before the first; nil where nothing follows.
	Next, Previous []byte
}

// Record is one line of a board:
// [owner, score, subscore, stamp, rank, metadata].
type Record struct {
	Owner           grid.ID
	Score, Subscore int64
	Stamp           int64 // when the record got this score: µs since 1970, by the slot's clock
	Rank            int   // from 1
	Metadata        string
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
	const what = "a reply to board.info"
	n := in.Array()
	r.Sort, r.Operator = Sort(number(in)), Operator(number(in))
	r.Records = size(in)
	if n < infoFields {
		return r, finish(in, n, 3, what) // of a server that knows no more
	}
	r.Authoritative = in.Bool()
	r.Schedule = string(in.String())
	r.Keep = time.Duration(min(in.Uint(), uint64(KeepMax/time.Second))) * time.Second
	r.Metadata = string(in.String())
	r.Stripes = size(in)
	r.End = in.Int()
	periods := in.Array()
	r.Periods = make([]Period, 0, min(periods, PeriodsMax))
	for range periods {
		n := in.Array()
		p := Period{End: in.Int(), Records: size(in)}
		if err := finish(in, n, 2, what); err != nil {
			return r, err
		}
		r.Periods = append(r.Periods, p)
	}
	return r, finish(in, n, infoFields, what)
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
	known := 2
	for _, c := range []*[]byte{&r.Next, &r.Previous} {
		if n > known && !in.Nil() {
			*c = bytes.Clone(in.Bytes())
		}
		known = min(n, known+1)
	}
	return r, finish(in, n, max(2, known), what)
}

// pageFields is the length of a PageReply's array.
func pageFields(next, previous bool) int {
	switch {
	case previous:
		return 4
	case next:
		return 3
	}
	return 2
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
	if n <= 5 {
		return r, finish(in, n, 5, "a record")
	}
	if !in.Nil() {
		r.Metadata = string(in.String())
	}
	return r, finish(in, n, 6, "a record")
}

// appendRecord appends a record as decodeRecord reads it. Without metadata it is
// one field shorter.
func appendRecord(
	b []byte, owner *grid.ID, score, sub, stamp int64, rank int, note string,
) []byte {
	n := 5
	if note != "" {
		n = 6
	}
	b = pack.AppendBytes(pack.AppendArray(b, n), owner[:])
	b = pack.AppendInt(b, score)
	b = pack.AppendInt(b, sub)
	b = pack.AppendInt(b, stamp)
	b = pack.AppendUint(b, uint64(rank))
	if n > 5 {
		b = pack.AppendString(b, note)
	}
	return b
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
