package leaderboard

import (
	"math"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
	"github.com/thronggrid/throng/grid/pack"
)

// cursor is a place in the order of a board's period, from where a page goes on.
// It is that of a record, in full, and not a rank: whatever else changes in
// between, the page goes on where the last one ended. The record itself may be
// gone or elsewhere.
type cursor struct {
	back   bool  // up to the place and not from it on
	period int64 // its end, 0 on a board that is never reset
	at     ranking.Record
}

// placeFields is the number of fields that say where a record stands:
// score, subscore, stamp, owner.
const placeFields = 4

// appendPlace appends where a stored record stands, with scores as clients see
// them.
func (s Sort) appendPlace(b []byte, at *ranking.Record) []byte {
	b = pack.AppendInt(b, s.key(at.Score))
	b = pack.AppendInt(b, s.key(at.Sub))
	b = pack.AppendInt(b, at.Stamp)
	return pack.AppendBytes(b, at.Owner[:])
}

// readPlace reads what appendPlace appended.
func (s Sort) readPlace(in *pack.Cursor) (at ranking.Record, ok bool) {
	score, sub := in.Int(), in.Int()
	at.Stamp = in.Int()
	owner := in.Bytes()
	if in.Err() != nil || len(owner) != len(at.Owner) ||
		score == math.MinInt64 || sub == math.MinInt64 {
		return at, false
	}
	at.Score, at.Sub = s.key(score), s.key(sub)
	copy(at.Owner[:], owner)
	return at, true
}

// cursor appends the bytes of a cursor: [back, period, place].
func (s Sort) cursor(b []byte, back bool, period int64, at *ranking.Record) []byte {
	b = pack.AppendBool(pack.AppendArray(b, 2+placeFields), back)
	return s.appendPlace(pack.AppendInt(b, period), at)
}

// appendCursor appends a cursor as a byte field.
func (s Sort) appendCursor(b []byte, back bool, period int64, at *ranking.Record) []byte {
	var room [CursorBytesMax]byte
	return pack.AppendBytes(b, s.cursor(room[:0], back, period, at))
}

var errCursor = fault.New(fault.InvalidArgument,
	"the cursor is none that a page came with: send its bytes as they were, or leave it out")

// readCursor reads a cursor's bytes.
func (s Sort) readCursor(b []byte) (c cursor, err error) {
	in := pack.NewCursor(b)
	n := in.Array()
	c.back, c.period = in.Bool(), in.Int()
	at, ok := s.readPlace(&in)
	c.at = at
	if !ok || len(b) > CursorBytesMax || in.Done() != nil || n != 2+placeFields || c.period < 0 {
		return c, errCursor
	}
	return c, nil
}

// seek returns the position and the number of the records, limit of them at the
// most, that a cursor stands before.
func (p *period) seek(c *cursor, limit int) (from, count int) {
	from, there := p.set.Seek(&c.at)
	if c.back {
		return max(0, from-limit), min(from, limit)
	}
	if there {
		from++
	}
	return from, limit
}
