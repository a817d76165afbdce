package slot

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// feature is what a slot asks of the state of one feature.
type feature interface {
	// Apply executes one command in its turn and appends its reply to out; on an
	// error it has changed nothing.
	Apply(t *grid.Turn, kind grid.Kind, body, out []byte) ([]byte, error)
	// Query appends the reply to one query to out.
	Query(kind grid.Kind, body, out []byte) ([]byte, error)
}

// timed is a feature that does something when its time has come.
type timed interface {
	// Due returns the stamp at which something is due next; math.MaxInt64: nothing.
	Due() int64
	// Tick does what is due at the turn's stamp, or a bounded part of it.
	Tick(t *grid.Turn)
}

// states are the features' states; nil until something is written to one. To add
// a feature is to add a line to each function of this file.
type states struct {
	boards *leaderboard.Boards
}

// The empty states answer queries before anything is written. They are never
// changed.
var emptyBoards = leaderboard.New()

// Ops lists the requests of all features.
func Ops() []grid.Op {
	return leaderboard.Ops()
}

// feature returns the state that a kind belongs to, to read; nil when there is
// none. Each feature owns the kinds of one high byte.
func (s *states) feature(kind grid.Kind) feature {
	if kind>>8 == 0x01 {
		return or(s.boards, emptyBoards)
	}
	return nil
}

// own is feature, to write.
func (s *states) own(kind grid.Kind) feature {
	if kind>>8 == 0x01 {
		return made(&s.boards, leaderboard.New)
	}
	return nil
}

// each calls f for all features that do something in time.
func (s *states) each(f func(timed)) {}

func (s *states) clone() states {
	var c states
	if s.boards != nil {
		c.boards = s.boards.Clone()
	}
	return c
}

func (s *states) encode(w *pack.ChunkWriter) error {
	return or(s.boards, emptyBoards).Encode(w)
}

func (s *states) decode(r *pack.ChunkReader) (err error) {
	s.boards, err = leaderboard.Decode(r)
	return err
}

// archives says whether something waits to be archived.
func (s *states) archives() bool { return false }

// Present says whether a session is present on a stream: grid.Members.
func (s *states) Present([]byte, grid.SessionID) bool { return false }

// sweep detaches the sessions of gateways that are dead.
func (s *states) sweep(t *grid.Turn, grace int64) {}

// or returns a state, or what stands for it while there is none.
func or[T any](state, empty *T) *T {
	if state == nil {
		return empty
	}
	return state
}

// made returns a state, made if there is none.
func made[T any](state **T, make func() *T) *T {
	if *state == nil {
		*state = make()
	}
	return *state
}
