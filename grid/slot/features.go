package slot

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// feature is what a slot asks of the state of one feature.
type feature interface {
	// Apply executes one command in its turn and appends its reply to out; on an
	// error it has changed nothing.
	Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error)
	// Query appends the reply to one query to out.
	Query(kind grid.Kind, body, out []byte) ([]byte, error)
}

// feature returns the state that a kind belongs to, nil when there is none.
// Each feature owns the kinds of one high byte.
func (s *Slot) feature(kind grid.Kind) feature {
	if kind>>8 == 0x01 {
		return s.boards
	}
	return nil
}

// Ops lists the requests of all features.
func Ops() []grid.Op {
	return leaderboard.Ops()
}
