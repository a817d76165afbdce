package readback

import (
	"context"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/netio/client"
)

// Board returns all records of a board, from its first rank on. A board that does
// not exist has none.
func Board(ctx context.Context, c *client.Client, name string) ([]leaderboard.Record, error) {
	var all []leaderboard.Record
	for {
		p, err := c.Page(ctx, leaderboard.PageRequest{
			Board: name, Rank: len(all) + 1, Limit: leaderboard.PageRecordsMax,
		})
		if fault.CodeOf(err) == fault.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read board %s from rank %d: %w", name, len(all)+1, err)
		}
		all = append(all, p.Records...)
		if len(p.Records) < leaderboard.PageRecordsMax {
			return all, nil
		}
	}
}

// Messages hands over all messages that a room has, rising by number, and returns
// the number that the server says is the last.
func Messages(
	ctx context.Context, room *client.Room, take func(chat.Message),
) (last uint64, err error) {
	for next := uint64(1); ; {
		p, err := room.History(ctx, next, chat.HistoryMessagesMax, false)
		if err != nil {
			return 0, fmt.Errorf("read messages from number %d on: %w", next, err)
		}
		from := next
		for _, m := range p.Messages {
			take(m)
			next = max(next, m.Seq+1)
		}
		if next == from { // no more, or none that belongs there
			return p.Last, nil
		}
	}
}

// Sessions returns the sessions that are present on a stream, rising.
func Sessions(ctx context.Context, s *client.Stream) ([]grid.SessionID, error) {
	var all []grid.SessionID
	for after := grid.SessionID(0); ; {
		p, err := s.Presences(ctx, after, presence.PageMembersMax)
		if err != nil {
			return nil, fmt.Errorf("read who is present: %w", err)
		}
		for _, m := range p.Members {
			all = append(all, m.Session)
		}
		if p.Next <= after { // 0: there is no next page
			return all, nil
		}
		after = p.Next
	}
}

// Follow hands over what a room brings, until ctx ends; an error says that nothing
// more will come before.
func Follow(ctx context.Context, room *client.Room, take func(client.Event)) error {
	for {
		e, err := room.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			take(e)
		case fault.Of(err).Retry == 0:
			return err
		}
	}
}
