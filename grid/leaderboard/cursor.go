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

// cursorFields is the length of the array in a cursor's bytes:
// [back, period, score, subscore, stamp, owner].
const cursorFields = 6

// appendCursor appends a cursor for a stored record, as bytes.
func (x *board) appendCursor(b []byte, back bool, period int64, at *ranking.Record) []byte {
	var room [CursorBytesMax]byte
	c := pack.AppendBool(pack.AppendArray(room[:0], cursorFields), back)
	c = pack.AppendInt(c, period)
	c = pack.AppendInt(c, x.key(at.Score))
	c = pack.AppendInt(c, x.key(at.Sub))
	c = pack.AppendInt(c, at.Stamp)
	return pack.AppendBytes(b, pack.AppendBytes(c, at.Owner[:]))
}

var errCursor = fault.New(fault.InvalidArgument,
	"the cursor is none that a page came with: send its bytes as they were, or leave it out")

// readCursor reads a cursor's bytes; the record in it has scores as clients see
// them.
func readCursor(b []byte) (c cursor, err error) {
	in := pack.NewCursor(b)
	n := in.Array()
	c.back, c.period = in.Bool(), in.Int()
	c.at.Score, c.at.Sub, c.at.Stamp = in.Int(), in.Int(), in.Int()
	owner := in.Bytes()
	if len(b) > CursorBytesMax || in.Done() != nil || n != cursorFields || c.period < 0 ||
		len(owner) != len(c.at.Owner) || c.at.Score == math.MinInt64 || c.at.Sub == math.MinInt64 {
		return c, errCursor
	}
	copy(c.at.Owner[:], owner)
	return c, nil
}

// seek returns the position and the number of the records, limit of them at the
// most, that a cursor stands before.
func (x *board) seek(p *period, c *cursor, limit int) (from, count int) {
	at := c.at
	at.Score, at.Sub = x.key(at.Score), x.key(at.Sub)
	from, there := p.set.Seek(&at)
	if c.back {
		return max(0, from-limit), min(from, limit)
	}
	if there {
		from++
	}
	return from, limit
}
