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
	more := in.Fields(1)
	r = CreateReply{Created: in.Bool()}
	return r, in.End(more)
}

// DecodeDeleteReply reads a DeleteReply.
func DecodeDeleteReply(in *pack.Cursor) (r DeleteReply, err error) {
	more := in.Fields(2)
	r = DeleteReply{Deleted: in.Bool(), Records: size(in)}
	return r, in.End(more)
}

// DecodeSubmitReply reads a SubmitReply.
func DecodeSubmitReply(in *pack.Cursor) (r SubmitReply, err error) {
	more := in.Fields(3)
	r = SubmitReply{Score: in.Int(), Subscore: in.Int(), Changed: in.Bool()}
	return r, in.End(more)
}

// DecodeRemoveReply reads a RemoveReply.
func DecodeRemoveReply(in *pack.Cursor) (r RemoveReply, err error) {
	more := in.Fields(1)
	r = RemoveReply{Removed: in.Bool()}
	return r, in.End(more)
}

// DecodeInfoReply reads an InfoReply. Numbers that this version has no name for
// are kept.
func DecodeInfoReply(in *pack.Cursor) (r InfoReply, err error) {
	more := in.Fields(infoFields)
	r.Sort, r.Operator = Sort(number(in)), Operator(number(in))
	r.Records = size(in)
	r.Authoritative = in.Bool()
	r.Schedule = string(in.String())
	r.Keep = time.Duration(min(in.Uint(), uint64(KeepMax/time.Second))) * time.Second
	r.Metadata = string(in.String())
	r.Stripes = size(in)
	r.End = in.Int()
	periods := in.Array()
	r.Periods = make([]Period, 0, min(periods, PeriodsMax))
	for range periods {
		more := in.Fields(2)
		r.Periods = append(r.Periods, Period{End: in.Int(), Records: size(in)})
		if err := in.End(more); err != nil {
			return r, err
		}
	}
	return r, in.End(more)
}

// DecodePageReply reads a PageReply.
func DecodePageReply(in *pack.Cursor) (r PageReply, err error) {
	more := in.Fields(2)
	r.Total = size(in)
	records := in.Array()
	r.Records = make([]Record, 0, min(records, PageRecordsMax))
	for range records {
		rec, err := decodeRecord(in)
		if err != nil {
			return r, err
		}
		r.Records = append(r.Records, rec)
	}
	for _, c := range []*[]byte{&r.Next, &r.Previous} {
		if more > 0 {
			if more--; !in.Nil() {
				*c = bytes.Clone(in.Bytes())
			}
		}
	}
	return r, in.End(more)
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
	more := in.Fields(5)
	owner := in.Bytes()
	if len(owner) != len(r.Owner) && in.Err() == nil {
		return r, fmt.Errorf("an owner of %d bytes: want %d", len(owner), len(r.Owner))
	}
	copy(r.Owner[:], owner)
	r.Score, r.Subscore, r.Stamp = in.Int(), in.Int(), in.Int()
	r.Rank = size(in)
	if more > 0 {
		if more--; !in.Nil() {
			r.Metadata = string(in.String())
		}
	}
	return r, in.End(more)
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
