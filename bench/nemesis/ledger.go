package nemesis

import (
	"slices"

	"github.com/thronggrid/throng/grid/leaderboard"
)

// ledger counts what was written for each owner of one board, beside the history and more
// simply: it says which writes were lost where the history only says that it cannot be.
type ledger map[int]*account

// account is what was written for one owner.
type account struct {
	removed    bool  // once at least: then nothing is known of the rest
	sum        int64 // of all acknowledged scores,
	doubtful   int64 // and of those of which nobody knows
	best, most int64 // the highest acknowledged score, and the highest of all
	acked      bool
	written    []int64 // all scores, on boards that keep the last
}

func (l ledger) of(owner int) *account {
	if l[owner] == nil {
		l[owner] = &account{}
	}
	return l[owner]
}

func (l ledger) answered(i input) {
	a := l.of(i.owner)
	if i.action == removes {
		a.removed = true
		return
	}
	if a.sum += i.score; !a.acked || i.score > a.best {
		a.best = i.score
	}
	a.acked = true
	a.note(i.score)
}

func (l ledger) doubted(i input) {
	a := l.of(i.owner)
	if i.action == removes {
		a.removed = true
		return
	}
	a.doubtful += i.score
	a.note(i.score)
}

func (a *account) note(score int64) {
	a.most = max(a.most, score)
	a.written = append(a.written, score)
}

// check compares the ledger with the records of the board.
func (l ledger) check(name string, o leaderboard.Operator, final []seen) (v verdict) {
	there := map[int]int64{}
	for _, s := range final {
		if _, twice := there[s.owner]; twice || l[s.owner] == nil {
			v.doubled++
			v.say("%s: owner %d is there twice, or nobody wrote for it", name, s.owner)
		}
		there[s.owner] = s.score
	}
	for owner, a := range l {
		got, present := there[owner]
		switch {
		case a.removed || !a.acked && !present:
		case !present:
			v.lost++
			v.say("%s: owner %d is not there, whose writes were acknowledged", name, owner)
		case o == leaderboard.Incr && got < a.sum, o == leaderboard.Best && got < a.best,
			o == leaderboard.Set && !slices.Contains(a.written, got):
			v.lost++
			v.say("%s: owner %d has %d; acknowledged were %d in all, %d at the most",
				name, owner, got, a.sum, a.best)
		case o == leaderboard.Incr && got > a.sum+a.doubtful, o == leaderboard.Best && got > a.most:
			v.doubled++
			v.say("%s: owner %d has %d; at most %d were written, %d at once",
				name, owner, got, a.sum+a.doubtful, a.most)
		}
	}
	return v
}
