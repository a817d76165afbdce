package ratings

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// askOwners asks for the record of every owner on the board by name, and returns
// how many answers differ from the page it was on.
func askOwners(ctx context.Context, c *client.Client, name string, b board) (int, error) {
	differences := 0
	for len(b) > 0 {
		part := b[:min(leaderboard.OwnersMax, len(b))]
		b = b[len(part):]
		r := leaderboard.OwnersRequest{Board: name}
		for i := range part {
			r.Owners = append(r.Owners, part[i].Owner)
		}
		p, err := c.Owners(ctx, r)
		if err != nil {
			return 0, fmt.Errorf("ask for ranks by owner: %w", err)
		}
		byOwner := map[[16]byte]leaderboard.Record{}
		for _, rec := range p.Records {
			byOwner[rec.Owner] = rec
		}
		for _, want := range part {
			if byOwner[want.Owner] != want {
				differences++
			}
		}
	}
	return differences, nil
}

// dump writes the board as tab-separated lines.
func (m *model) dump(to io.Writer, b board) error {
	w := bufio.NewWriter(to)
	fmt.Fprintln(w, "rank\tscore\tfide_id\tname\tlast_list\treached_in\towner")
	lists := m.file.Lists()
	for _, r := range b {
		p, ok := m.player[r.Owner]
		if !ok {
			fmt.Fprintf(w, "%d\t%d\t\t\t\t\t%v\n", r.Rank, r.Score, r.Owner)
			continue
		}
		player, s := &m.file.Players[p], &m.state[p]
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%v\t%v\t%v\n", r.Rank, r.Score, player.FIDE, player.Name,
			lists[s.last], lists[s.reached], r.Owner)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("dump the board: %w", err)
	}
	return nil
}
