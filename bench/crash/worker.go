package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

const (
	// ownersEach is how many owners a client writes for: few enough that records
	// are written again and again, and removed.
	ownersEach = 200
	// batchMax is the most writes a client sends at once.
	batchMax = 48
	// sidesEach is how many boards a client creates and deletes.
	sidesEach = 4
)

// worker is one client with its model. Between run's start and its end it belongs
// to run's goroutine.
type worker struct {
	client *client.Client
	random *rand.Rand
	boards []board
	owners []grid.ID
	model  model
	sides  []side
	faults faults

	acked   atomic.Int64 // writes
	unknown int          // answers that said so
}

func newWorker(c *client.Client, number int, seed uint64) *worker {
	w := &worker{
		client: c, random: rand.New(rand.NewPCG(seed, uint64(number))), boards: boards(),
		model: model{},
	}
	for i := range ownersEach {
		w.owners = append(w.owners, grid.UserID("bench", fmt.Sprintf("crash-%d-%d", number, i)))
	}
	for i := range sidesEach {
		w.sides = append(w.sides, side{name: fmt.Sprintf("crash/side/%d/%d", number, i)})
	}
	return w
}

// run writes until stop, and finishes what it has begun.
func (w *worker) run(ctx context.Context, stop *atomic.Bool) error {
	for !stop.Load() {
		if err := w.batch(ctx); err != nil {
			return err
		}
		if w.random.IntN(4) == 0 {
			if err := w.turn(ctx, &w.sides[w.random.IntN(len(w.sides))]); err != nil {
				return err
			}
		}
	}
	return nil
}

// write is an op under way.
type write struct {
	board  *board
	key    key
	op     op
	submit client.Result[leaderboard.SubmitReply]
	remove client.Result[leaderboard.RemoveReply]
}

// batch sends some writes, each to another record, because retries may change
// their order.
func (w *worker) batch(ctx context.Context) error {
	b := w.client.Batch()
	taken := map[key]bool{}
	var writes []write
	for range 1 + w.random.IntN(batchMax) {
		x := w.draw()
		if taken[x.key] {
			continue
		}
		taken[x.key] = true
		if x.op.remove {
			x.remove = b.Remove(leaderboard.RemoveRequest{Board: x.key.board, Owner: x.key.owner})
		} else {
			x.submit = b.Submit(leaderboard.SubmitRequest{
				Board: x.key.board, Owner: x.key.owner, Score: x.op.score, Subscore: x.op.sub,
			})
		}
		writes = append(writes, x)
	}
	// Errors come with the results, one for each write.
	_ = b.Do(ctx)
	for i := range writes {
		if err := w.take(&writes[i]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// draw makes up a write.
func (w *worker) draw() write {
	b := &w.boards[w.random.IntN(len(w.boards))]
	score := 1 + w.random.Int64N(1000)
	return write{
		board: b,
		key:   key{b.name, w.owners[w.random.IntN(len(w.owners))]},
		op:    op{remove: w.random.IntN(10) == 0, score: score, sub: subscore(score)},
	}
}

// take takes the answer to a write into the model.
func (w *worker) take(x *write) error {
	var got value
	var removed bool
	var err error
	if x.op.remove {
		var r leaderboard.RemoveReply
		r, err = x.remove.Get()
		removed = r.Removed
	} else {
		var r leaderboard.SubmitReply
		r, err = x.submit.Get()
		got = value{present: true, score: r.Score, sub: r.Subscore}
	}
	if err != nil {
		if !isUnknown(err) {
			return fmt.Errorf("write to %s: %w", x.key.board, err)
		}
		w.unknown++
		w.model.unknown(x.board, x.key, x.op)
		return nil
	}
	w.acked.Add(1)
	possible := w.model.possible(x.key)
	if err := w.model.answered(x.board, x.key, x.op, got, removed); err != nil {
		if x.op.remove {
			w.faults.lost++ // what the removal should have met was not there, or the reverse
			w.faults.example("%v", err)
			return nil
		}
		var want []value
		for _, v := range possible {
			want = append(want, x.board.apply(v, x.op))
		}
		w.faults.wrong(x.board, x.key, got, want)
	}
	return nil
}

func isUnknown(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Unknown
}
