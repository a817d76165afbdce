package cluster

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// A start that reads its log meets topologies from before the node joined: none of them
// says that it was removed, while the newest may.
func TestAnOldTopologyRemovesNobody(t *testing.T) {
	h, err := host.Open(host.Options{FS: vfs.NewMem(), Dir: "d", Clock: clock.Real(),
		Logger: slog.New(slog.DiscardHandler), Meta: meta.NewMachine(nil),
		Fatal: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	h.SetNode(2)
	n := &Node{host: h, peers: peer.Nobody{}, log: slog.New(slog.DiscardHandler),
		is: standing{number: 2}}
	if err := n.comply(&meta.Topology{Version: 9}); err != nil {
		t.Error("before this start is registered:", err)
	}
	n.life.since.Store(5)
	n.life.registered.Store(true)
	if err := n.comply(&meta.Topology{Version: 4}); err != nil {
		t.Error("of before it was registered:", err)
	}
	if err := n.comply(&meta.Topology{Version: 5}); !errors.Is(err, ErrRemoved) {
		t.Errorf("of afterwards: %v, want ErrRemoved", err)
	}
}
