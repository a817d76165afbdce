package mesh

import (
	"errors"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// TestAsk: a stranger asks on channel Members and is answered there alone; a node asks as
// itself, and on any channel once it is in the topology.
func TestAsk(t *testing.T) {
	asked := open(t, options(1))
	from := make(chan grid.Origin, 1)
	handler := func(o grid.Origin, body []byte, answer func([]byte)) {
		from <- o
		echo(o, body, answer)
	}
	asked.Serve(peer.Members, handler)
	asked.Serve(peer.Requests, handler)
	heard := watch(asked)
	asked.Start()
	address := asked.Addr().String()

	o := options(0)
	o.Cluster = grid.ID{}
	stranger := open(t, o)
	stranger.Start()
	if got := ask(stranger, address, peer.Members, "may I"); got != (outcome{"echo may I", nil}) {
		t.Errorf("a stranger's question: %+v", got)
	}
	if got := <-from; got != 0 {
		t.Errorf("a stranger is taken for %v", got)
	}
	if got := ask(stranger, address, peer.Requests, "x"); !errors.Is(got.err, peer.ErrUnreachable) {
		t.Errorf("a stranger's request: %+v", got)
	}

	stranger.SetSelf(7, testCluster)
	if got := ask(stranger, address, peer.Members, "and now"); got.err != nil || <-from != grid.OriginOf(7, 1) {
		t.Errorf("a node's question: %+v", got)
	}
	if got := ask(stranger, address, peer.Requests, "x"); !errors.Is(got.err, peer.ErrUnreachable) {
		t.Errorf("the request of a node that is not in the topology: %+v", got)
	}
	if events := heard.take(); len(events) > 0 {
		t.Errorf("questions are no connections of nodes, but: %v", events)
	}
}
