package ratings

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// batchCalls is how many submits a connection hands to the client at once.
const batchCalls = 1024

// entry is one rating of a list.
type entry struct{ player, rating int32 }

// submitter sends lists over all connections.
type submitter struct {
	clients []*client.Client
	board   string
	model   *model
	acked   atomic.Int64

	half    int64         // the count at which halfway is told
	halfway chan struct{} // closed then
	once    sync.Once
}

// list sends one list and returns once all of it is acknowledged.
func (s *submitter) list(ctx context.Context, index int, l ssp.List) error {
	entries := make([]entry, 0, s.model.file.Len(l))
	for player, rating := range s.model.file.In(l) {
		s.model.set(index, player, rating)
		entries = append(entries, entry{int32(player), int32(rating)})
	}
	errs := make([]error, len(s.clients))
	var wg sync.WaitGroup
	for i, c := range s.clients {
		from, to := i*len(entries)/len(s.clients), (i+1)*len(entries)/len(s.clients)
		wg.Go(func() { errs[i] = s.share(ctx, c, entries[from:to]) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("submit the list of %v: %w", l, err)
	}
	return nil
}

// share sends one connection's part of a list.
func (s *submitter) share(ctx context.Context, c *client.Client, entries []entry) error {
	batch := c.Batch()
	results := make([]client.Result[leaderboard.SubmitReply], 0, batchCalls)
	for len(entries) > 0 {
		part := entries[:min(batchCalls, len(entries))]
		entries = entries[len(part):]
		batch.Reset()
		results = results[:0]
		for _, e := range part {
			results = append(results, batch.Submit(leaderboard.SubmitRequest{
				Board: s.board, Owner: s.model.owners[e.player], Score: int64(e.rating),
			}))
		}
		if err := batch.Do(ctx); err != nil {
			return err
		}
		for i, r := range results {
			reply, err := r.Get()
			if err != nil {
				return err
			}
			if reply.Score != int64(part[i].rating) {
				return fmt.Errorf("%s was set to %d and has %d",
					s.model.file.Players[part[i].player].Name, part[i].rating, reply.Score)
			}
		}
		if n := s.acked.Add(int64(len(part))); n >= s.half {
			s.once.Do(func() { close(s.halfway) })
		}
	}
	return nil
}

// restarted is what a restart did.
type restarted struct {
	acked int64 // ratings acknowledged when the server was killed
	took  time.Duration
}
