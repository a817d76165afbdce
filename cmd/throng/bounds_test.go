package main

import (
	"io"
	"testing"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio"
)

// TestBoundsInForce: the number of boards and channels is bounded only while there are
// as many, over all shards; all other limits count always.
func TestBoundsInForce(t *testing.T) {
	var shards [2]slot.Sizes
	var got grid.Limits
	b := startBounds(grid.Limits{grid.StripesBound: 2, grid.BoardsBound: 3, grid.ChannelsBound: 1},
		func() []slot.Sizes { return shards[:] }, func(l grid.Limits) { got = l })
	b.close()
	for _, tc := range []struct {
		boards, channels         int64
		wantBoards, wantChannels int
	}{{0, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 3, 0}, {9, 1, 3, 1}, {2, 1, 0, 1}} {
		shards[0].Boards.Count, shards[1].Boards.Count = tc.boards/2, tc.boards-tc.boards/2
		shards[1].Channels.Count = tc.channels
		b.look()
		want := grid.Limits{grid.StripesBound: 2, grid.BoardsBound: tc.wantBoards,
			grid.ChannelsBound: tc.wantChannels}
		if got != want {
			t.Errorf("%d boards, %d channels: %v, want %v", tc.boards, tc.channels, got, want)
		}
	}
	b.set(grid.Limits{})
	if got != (grid.Limits{}) {
		t.Errorf("without limits: %v", got)
	}
}

// TestReloadBounds: a limit on how many boards there are that comes by a reload refuses
// none as long as there are fewer.
func TestReloadBounds(t *testing.T) {
	var got grid.Limits
	is := config.Default()
	n := &node{logs: newLogs(io.Discard, &is.Logs), edge: new(netio.Server)}
	n.bounds = startBounds(grid.Limits{}, func() []slot.Sizes { return nil },
		func(l grid.Limits) { got = l })
	defer n.bounds.close()
	is.State.BoardsMax, is.State.StripesMax = 5, 2
	n.reload(config.Default(), is)
	if got[grid.BoardsBound] != 0 || got[grid.StripesBound] != 2 {
		t.Errorf("in force is %v", got)
	}
}
