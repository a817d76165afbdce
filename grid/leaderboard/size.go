package leaderboard

import "github.com/thronggrid/throng/grid"

// About what things take beside their texts, in bytes.
const (
	boardBytes  = 1600 // one with few records
	recordBytes = 66
	noteBytes   = 48
)

// Sizes returns how much memory the boards and their records take: it is O(1). Like Query
// it may run beside other queries.
func (b *Boards) Sizes() (boards, records grid.Size) {
	n := int64(b.byName.Len())
	return grid.Size{Count: n, Bytes: n*boardBytes + int64(b.texts)},
		grid.Size{Count: int64(b.records), Bytes: int64(b.records)*recordBytes + int64(b.noted)}
}

// noted is the bytes of the metadata of a board's records, in all periods.
func (x *board) noted() int {
	n := x.now.noted
	for i := range x.past {
		n += x.past[i].noted
	}
	return n
}

// texts is the bytes of a board's own texts.
func (x *board) texts() int { return len(x.name) + len(x.schedule) + len(x.metadata) }
