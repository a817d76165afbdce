package nemesis

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// ownersEach is how many owners a board has: few, so that their ranks change all the time.
const ownersEach = 5

// player asks one thing of one board at a time, and notes what it is told.
type player struct {
	client *client.Client
	random *rand.Rand
	watch  *watch
	round  *round
	names  []int // by board: the player's in its history
}

// run plays until stop, and finishes what it has begun.
func (p *player) run(ctx context.Context, stop *atomic.Bool) {
	for _, h := range p.round.boards {
		p.names = append(p.names, h.enter())
	}
	for !stop.Load() && ctx.Err() == nil {
		at := p.random.IntN(len(p.round.boards))
		p.ask(ctx, at)
		process.Pause(ctx, rest(p.random))
	}
}

// rest draws how long to rest.
func rest(random *rand.Rand) time.Duration { return time.Duration(random.Int64N(int64(restMax))) }

// draw makes up what to ask of a board. Only what keeps the last score is taken away: of
// sums and best scores the ledger can tell then what is lost.
func (p *player) draw(h *history) input {
	i := input{
		operator: h.operator, owner: p.random.IntN(ownersEach), score: 1 + p.random.Int64N(1000),
	}
	switch n := p.random.IntN(20); {
	case n < 11:
		i.action = submits
	case n < 13 && h.operator == leaderboard.Set:
		i.action = removes
	case n < 17:
		i.action = ranks
	default:
		i.action = pages
	}
	return i
}

// ask does one operation.
func (p *player) ask(ctx context.Context, at int) {
	h := p.round.boards[at]
	i := p.draw(h)
	waiting, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	begin, called := time.Now(), p.round.now()
	o, err := p.do(waiting, h.name, i)
	returned := p.round.now()
	writes := i.action == submits || i.action == removes
	switch {
	case err == nil:
		h.known(p.names[at], i, o, called, returned)
		if writes {
			p.watch.ack(h.name, begin)
		}
	case ctx.Err() != nil && !writes: // the run is over
	case p.watch.failed(h.name, err) && writes:
		p.names[at] = h.unknown(p.names[at], i, called)
	}
}

func (p *player) do(ctx context.Context, board string, i input) (o output, err error) {
	owner := p.round.owners[i.owner]
	level := client.Level(grid.Leader)
	if p.random.IntN(4) == 0 {
		level = client.Level(grid.Linearizable)
	}
	switch i.action {
	case submits:
		r, err := p.client.Submit(ctx, leaderboard.SubmitRequest{
			Board: board, Owner: owner, Score: i.score,
		})
		return output{score: r.Score, changed: r.Changed}, err
	case removes:
		r, err := p.client.Remove(ctx, leaderboard.RemoveRequest{Board: board, Owner: owner})
		return output{changed: r.Removed}, err
	case ranks:
		r, err := p.client.Owners(ctx,
			leaderboard.OwnersRequest{Board: board, Owners: []grid.ID{owner}}, level)
		return output{records: p.round.seen(r.Records)}, err
	default:
		r, err := p.client.Page(ctx, leaderboard.PageRequest{
			Board: board, Rank: 1, Limit: leaderboard.PageRecordsMax,
		}, level)
		return output{records: p.round.seen(r.Records)}, err
	}
}
