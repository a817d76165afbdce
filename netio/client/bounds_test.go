package client

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// TestBoundsChangeWhileServing: what the server is told while it runs counts from the
// next request on.
func TestBoundsChangeWhileServing(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	studio := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, studio, leaderboard.Set)
	submit := func() error {
		_, err := studio.Submit(ctx, leaderboard.SubmitRequest{
			Board: "b", Owner: owner(1), Score: 1, Metadata: "12345"})
		return err
	}
	if err := submit(); err != nil {
		t.Fatal(err)
	}
	n.server.SetBounds(grid.Limits{grid.RecordMetadataBytesBound: 4})
	err := submit()
	if fault.CodeOf(err) != fault.InvalidArgument ||
		!strings.Contains(err.Error(), "record_metadata_bytes_max") {
		t.Errorf("5 of 4 bytes: %v", err)
	}
	n.server.SetBounds(grid.Limits{})
	if err := submit(); err != nil {
		t.Error(err)
	}
}
