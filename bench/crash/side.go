package crash

import (
	"context"
	"fmt"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// side is a board that one client creates and deletes.
type side struct {
	name    string
	exists  bool
	records int
}

// turn creates the board and puts records on it, or deletes it.
func (w *worker) turn(ctx context.Context, s *side) error {
	var done bool
	var records int
	var err error
	if s.exists {
		var r leaderboard.DeleteReply
		r, err = w.client.DeleteBoard(ctx, leaderboard.DeleteRequest{Board: s.name})
		done, records = r.Deleted, r.Records
	} else {
		var r leaderboard.CreateReply
		r, err = w.client.CreateBoard(ctx, leaderboard.CreateRequest{
			Board: s.name, Operator: leaderboard.Set,
		})
		done = r.Created
	}
	if err != nil {
		return w.settle(ctx, s, err)
	}
	w.acked.Add(1)
	if !done || records != s.records {
		w.faults.lost++
		w.faults.example("%s: created or deleted %v with %d records, want true with %d",
			s.name, done, records, s.records)
	}
	s.exists, s.records = !s.exists, 0
	if s.exists {
		return w.populate(ctx, s)
	}
	return nil
}

// populate puts a few records on a new board.
func (w *worker) populate(ctx context.Context, s *side) error {
	for i := range w.random.IntN(4) {
		_, err := w.client.Submit(ctx, leaderboard.SubmitRequest{
			Board: s.name, Owner: w.owners[i], Score: int64(i), Subscore: subscore(int64(i)),
		})
		if err != nil {
			return w.settle(ctx, s, err)
		}
		w.acked.Add(1)
		s.records++
	}
	return nil
}

// settle looks what became of a board after an answer that said unknown.
func (w *worker) settle(ctx context.Context, s *side, cause error) error {
	if !isUnknown(cause) || ctx.Err() != nil {
		return fmt.Errorf("change board %s: %w", s.name, cause)
	}
	w.unknown++
	var err error
	s.exists, s.records, err = w.look(ctx, s)
	return err
}

// look asks whether a board is there, and how many records it has.
func (w *worker) look(ctx context.Context, s *side) (exists bool, records int, err error) {
	info, err := w.client.BoardInfo(ctx, leaderboard.InfoRequest{Board: s.name})
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return false, 0, nil
	case err != nil:
		return false, 0, fmt.Errorf("look at board %s: %w", s.name, err)
	}
	return true, info.Records, nil
}

// verifySides compares the client's boards with what they must be.
func (w *worker) verifySides(ctx context.Context, f *faults) error {
	for i := range w.sides {
		s := &w.sides[i]
		exists, records, err := w.look(ctx, s)
		if err != nil {
			return err
		}
		if exists != s.exists || records != s.records {
			f.lost++
			f.example("%s: there %v with %d records, want %v with %d",
				s.name, exists, records, s.exists, s.records)
			s.exists, s.records = exists, records
		}
	}
	return nil
}
