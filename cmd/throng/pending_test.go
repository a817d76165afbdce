package main

import (
	"strconv"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// TestPendingRequests: however few requests a server lets a client leave unanswered, all
// that are made at once are done, for the SDK waits with those that would be too many.
func TestPendingRequests(t *testing.T) {
	for _, most := range []int{1, grid.RequestsMax} {
		t.Run(strconv.Itoa(most), func(t *testing.T) {
			dir := t.TempDir()
			addr := startServer(t, dir, "--pending-requests-max", strconv.Itoa(most))
			c := dialServer(t, addr, dir)
			if _, err := c.CreateBoard(t.Context(),
				leaderboard.CreateRequest{Board: "b", Sort: leaderboard.Descending}); err != nil {
				t.Fatal(err)
			}
			askAtOnce(t, c, 2*grid.RequestsMax)
		})
	}
}

// askAtOnce makes n writes, reads of the leader's lease and signals at once.
func askAtOnce(t *testing.T, c *client.Client, n int) {
	room, err := c.Join(t.Context(), "lobby", client.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	var all sync.WaitGroup
	try := func(ask func() error) {
		all.Go(func() {
			if err := ask(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range n {
		try(func() error {
			_, err := c.Submit(ctx, leaderboard.SubmitRequest{
				Board: "b", Owner: grid.ID{byte(i + 1), 1}, Score: int64(i)})
			return err
		})
		try(func() error {
			_, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: "b"}, client.Level(grid.Linearizable))
			return err
		})
		try(func() error { return room.Signal(ctx, "here") })
	}
	all.Wait()
	info, err := c.BoardInfo(t.Context(), leaderboard.InfoRequest{Board: "b"})
	if err != nil || info.Records != n {
		t.Errorf("the board has %+v, %v, want %d records", info, err, n)
	}
}
