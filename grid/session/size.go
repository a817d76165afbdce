package session

import "github.com/thronggrid/throng/grid"

// About what things take beside their texts, in bytes.
const (
	sessionBytes  = 108
	deadlineBytes = 68 // of a detached session, beside
	spentBytes    = 100
)

// Sizes returns how much memory the sessions take, and the used refresh tokens: it is O(1).
// Like Query it may run beside other queries.
func (s *Sessions) Sizes() (sessions, tokens grid.Size) {
	n, waiting, used := int64(s.rows.Len()), int64(s.waiting.Len()), int64(s.spent.byUser.Len())
	return grid.Size{Count: n, Bytes: n*sessionBytes + waiting*deadlineBytes + int64(s.texts)},
		grid.Size{Count: used, Bytes: used * spentBytes}
}
