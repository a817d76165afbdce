package ratings

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// provider names the identities of the file's players, from which owners derive.
const provider = "fide"

// model is what the board must hold, computed from the file alone.
type model struct {
	file   *ssp.File
	owners []grid.ID         // by player
	player map[grid.ID]int32 // back
	state  []state           // by player
	rated  int               // players with a state
}

// state is a player's record.
type state struct {
	score   int32 // 0: none
	reached int32 // the list, by index, in which the record got this score
	last    int32 // the last list that the player is in
}

// newModel derives the owners, and fails when two players share one.
func newModel(f *ssp.File) (*model, error) {
	m := &model{
		file: f, owners: make([]grid.ID, len(f.Players)), state: make([]state, len(f.Players)),
		player: make(map[grid.ID]int32, len(f.Players)),
	}
	for i := range f.Players {
		id := grid.UserID(provider, f.Players[i].Key)
		if other, taken := m.player[id]; taken {
			return nil, fmt.Errorf("players %q and %q have the same owner id %v",
				f.Players[other].Key, f.Players[i].Key, id)
		}
		m.owners[i], m.player[id] = id, int32(i)
	}
	return m, nil
}

// set notes a rating: operator set, where an equal score keeps the old place.
func (m *model) set(list, player, rating int) {
	s := &m.state[player]
	if s.score == 0 {
		m.rated++
	}
	if s.score != int32(rating) {
		s.score, s.reached = int32(rating), int32(list)
	}
	s.last = int32(list)
}

// board is the server's board, read back in order of rank.
type board []leaderboard.Record

// compare returns in how many records the board differs from the model, and
// describes the first few.
func (m *model) compare(b board) (differences int, first []string) {
	differ := func(format string, args ...any) {
		if differences++; len(first) < 5 {
			first = append(first, fmt.Sprintf(format, args...))
		}
	}
	if len(b) != m.rated {
		differ("%d records, want %d", len(b), m.rated)
	}
	seen := make([]bool, len(m.state))
	known := make(board, 0, len(b))
	for i, r := range b {
		p, ok := m.player[r.Owner]
		switch {
		case !ok:
			differ("rank %d: owner %v is not in the file", i+1, r.Owner)
		case seen[p]:
			differ("rank %d: %s again", i+1, m.file.Players[p].Name)
		case int32(r.Score) != m.state[p].score || r.Subscore != 0:
			differ("rank %d: %s has %d, want %d",
				i+1, m.file.Players[p].Name, r.Score, m.state[p].score)
		default:
			known = append(known, r)
		}
		if ok {
			seen[p] = true
		}
	}
	for i, r := range m.sorted(known) {
		if r.Rank != i+1 {
			differ("%s has rank %d, want %d", m.name(r.Owner), r.Rank, i+1)
		}
	}
	return differences, first
}

// sorted puts records into the order in which they should be: score, the list in
// which it was reached, stamp.
func (m *model) sorted(b board) board {
	b = slices.Clone(b)
	slices.SortFunc(b, func(x, y leaderboard.Record) int {
		px, py := &m.state[m.player[x.Owner]], &m.state[m.player[y.Owner]]
		return cmp.Or(cmp.Compare(py.score, px.score), cmp.Compare(px.reached, py.reached),
			cmp.Compare(x.Stamp, y.Stamp))
	})
	return b
}

// stamps returns how many stamps are wrong: not distinct, or not later than all
// stamps of earlier lists.
func (m *model) stamps(b board) int {
	b = slices.Clone(b)
	slices.SortFunc(b, func(x, y leaderboard.Record) int { return cmp.Compare(x.Stamp, y.Stamp) })
	wrong, newest := 0, int32(0)
	for i, r := range b {
		p, ok := m.player[r.Owner]
		if !ok {
			continue // compare has named it
		}
		reached := m.state[p].reached
		if reached < newest || i > 0 && r.Stamp == b[i-1].Stamp {
			wrong++
		}
		newest = max(newest, reached)
	}
	return wrong
}

func (m *model) name(owner grid.ID) string {
	if p, ok := m.player[owner]; ok {
		return m.file.Players[p].Name
	}
	return owner.String()
}
