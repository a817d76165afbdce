package session

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// The slot knows of each connection that a session ever had whether it is the one, and why
// it is not.
func TestBound(t *testing.T) {
	w := newWorld()
	id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0)})
	check := func(o grid.Origin, conn uint64, why Reason) {
		t.Helper()
		out, err := w.Query(KindBound, bodyOf(&ConfirmRequest{alice, id, o, conn}), nil)
		want(t, "bound", err, fault.OK)
		if got := gridtest.Whole(out, DecodeEnded); got != why {
			t.Errorf("connection %d of %d: %d, want %d", conn, o, got, why)
		}
	}
	check(gateway, 1, Bound)
	check(gateway, 2, Replaced)
	want(t, "resume", w.resume(id, gateway2, 1, 0, 1), fault.OK)
	check(gateway, 1, Replaced)
	check(gateway2, 1, Bound)
	w.detachConn(t, gateway2, 1, second)
	check(gateway2, 1, Detached)
	w.tick(t, w.stamp+2*second)
	check(gateway2, 1, Ended)
}
