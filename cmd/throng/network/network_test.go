package network_test

import (
	"context"
	"errors"
	"testing"

	"github.com/thronggrid/throng/cmd/throng/network"
	"github.com/thronggrid/throng/shard/peer/mesh"
)

// TestDial: an address is reached while somebody listens there, and then it is refused by
// the name that a mesh knows; a dial that is given up is not.
func TestDial(t *testing.T) {
	l, err := network.TCP{}.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := network.TCP{}.Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err = network.TCP{}.Dial(ctx, l.Addr().String())
	if err == nil || c != nil || errors.Is(err, mesh.ErrRefused) {
		t.Errorf("a dial that was given up: %v, %v", c, err)
	}
	l.Close()
	if c, err := (network.TCP{}).Dial(t.Context(), l.Addr().String()); !errors.Is(err, mesh.ErrRefused) || c != nil {
		t.Errorf("a dial of a port that is closed: %v, %v", c, err)
	}
}
