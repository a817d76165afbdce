package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/durable/disk"
	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/chat/history"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/shard/cluster"
	"github.com/thronggrid/throng/shard/courier"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/memory"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
	"github.com/thronggrid/throng/shard/peer/mesh"
	"github.com/thronggrid/throng/shard/raftnet"
	"github.com/thronggrid/throng/shard/router"
)

// nodeOptions are what a node is made of.
type nodeOptions struct {
	config     *config.Config // its data directory is there already
	cores      int
	serverKey  string // 64 hexadecimal digits
	adminToken string // likewise
	tokens     *credential.Tokens
	studio     *credential.Studio // nil: none
	logs       *nodeLogs
	log        *slog.Logger // of logs
}

// node is one running node: the record tables, the shards, and the edge in front
// of them.
type node struct {
	gate    gate.Gate // closed while disk or memory run short
	space   *disk.Space
	memory  *memory.Watcher
	records *records.Store // nil: there are none, of several nodes
	shards  *host.Host

	clustered bool
	topology  *meta.Machine
	changed   chan struct{} // a token: the topology has changed
	peers     peer.Peers
	mesh      *mesh.Mesh // nil: the node is alone
	rafts     *raftnet.Net
	router    *router.Router
	courier   *courier.Courier
	cluster   *cluster.Node

	edge   *netio.Server
	bounds *bounds
	admin  *admin.Server // nil: there is none

	logs    *nodeLogs
	started time.Time
	serves  atomic.Bool // all parts above are there
	stops   atomic.Bool
}

// startNode joins the parts and returns once clients are served.
func startNode(ctx context.Context, o nodeOptions) (_ *node, err error) {
	c := o.config
	n := &node{started: time.Now(), logs: o.logs}
	if err := n.startAdmin(o); err != nil { // first, for it says what the start waits for
		return nil, err
	}
	real := clock.Real()
	if err := n.watchRoom(ctx, &o, real); err != nil {
		return nil, errors.Join(err, n.stop(ctx))
	}
	if err := n.openShards(&o, real); err != nil {
		return nil, errors.Join(err, n.stop(ctx))
	}
	archive, err := n.openRecords(&o, real)
	if err != nil {
		return nil, errors.Join(err, n.stop(ctx))
	}
	if err := n.join(ctx, &o, real); err != nil {
		return nil, errors.Join(err, n.stop(ctx))
	}
	n.edge, err = netio.Start(o.edge(n, archive))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serve clients: %w", err), n.stop(ctx))
	}
	n.bounds = startBounds(c.State.Bounds(), n.shards.Sizes, n.edge.SetBounds)
	n.serves.Store(true)
	return n, nil
}

// openRecords opens the record tables of a node alone, and returns the archive of chat over
// them; nil where there is none. Several nodes have no record tables yet.
func (n *node) openRecords(o *nodeOptions, real clock.Clock) (chat.Archive, error) {
	if n.clustered {
		return nil, nil
	}
	var err error
	n.records, err = records.Open(records.Options{
		FS: vfs.Default, Dir: o.config.Node.DataDir, Tables: []*record.Table{history.Table},
		Clock: real, Fatal: n.fatal, Logger: o.log, Space: n.space,
	})
	if err != nil {
		return nil, fmt.Errorf("open the record tables: %w", err)
	}
	archive := history.New(n.records)
	n.shards.UseArchive(archive)
	return archive, nil
}

// edge returns how clients are served.
func (o *nodeOptions) edge(n *node, archive chat.Archive) netio.Options {
	c := o.config
	limits := c.Edge()
	return netio.Options{
		Limits: &limits,
		Addr:   c.Clients.Addr, Loops: o.cores, Ops: slot.Ops(archive),
		Shards: world{n.router, n.courier}, Relays: n.courier, ShardOf: n.shards.ShardOf,
		Logger: o.log, Agent: "throng/" + readVersion().Version,
		ServerKey: o.serverKey, Tokens: o.tokens, Studio: o.studio,
		Origins: c.Clients.WebsocketOrigins, Grace: c.Clients.SessionGrace,
		FrameBytesMax:  c.Limits.FrameBytesMax,
		ConnectionsMax: c.Limits.ConnectionsMax,
		FreshMax:       c.Limits.UnauthenticatedMax,
		HelloTimeout:   c.Limits.HelloTimeout,
		OutBytesMax:    c.Limits.OutgoingBytesMax,
		PendingMax:     c.Limits.PendingRequestsMax,
	}
}

// die ends the process at once: its disk failed or its log cannot be
// understood, so nothing may be acknowledged any more, and cleaning up would
// only write to what cannot be trusted.
func die(log *slog.Logger, err error) {
	log.Error("the node stops at once: what it would write or say cannot be trusted any more",
		"error", err)
	os.Exit(exitDisk)
}

// readyLine says where the node is to be found, with the ports that were chosen.
func (n *node) readyLine() string {
	line := "ready client=" + n.edge.Addr().String()
	if n.admin != nil {
		line += " http=" + n.admin.Addr().String()
	}
	return line
}

// failed is closed when clients can no longer be served; err says why.
func (n *node) failed() <-chan struct{} { return n.edge.Done() }

// reload takes over what has changed from one configuration to the next, as far as it
// is reloadable.
func (n *node) reload(was, is *config.Config) {
	n.logs.reload(&was.Logs, &is.Logs)
	n.bounds.set(is.State.Bounds())
	if err := n.edge.SetLimits(is.Edge()); err != nil {
		n.logs.Error("the limits of clients were not reloaded", "error", err)
	}
}

// handOverTimeout is how long a stopping node waits for others to lead in its place, and
// leaveTimeout for them to note that it has left.
const (
	handOverTimeout = 3 * time.Second
	leaveTimeout    = 2 * time.Second
)

// handOver lets other nodes lead what this one leads, while it still serves its clients:
// they notice nothing.
func (n *node) handOver(ctx context.Context) {
	if n.shards == nil || !n.clustered {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, handOverTimeout)
	defer cancel()
	if err := n.shards.HandOver(ctx); err != nil {
		n.logs.Warn("some shards wait for an election, for their leadership was not handed over",
			"error", err)
	}
}

// leave ends this node's part among others, whom it tells.
func (n *node) leave(ctx context.Context) error {
	if n.cluster == nil {
		return nil
	}
	if n.clustered {
		ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
		defer cancel()
		if err := n.cluster.Leave(ctx); err != nil {
			n.logs.Warn("the cluster was not told that this node stops", "error", err)
		}
	}
	return n.cluster.Close()
}

// stop ends the node cleanly: first the edge, so that what was asked is answered,
// and the record tables last, because the shards archive to them. The HTTP port ends
// with the edge: it asks all parts. What waits for space on the disk, which may be for
// ever, is given up before.
func (n *node) stop(ctx context.Context) error {
	n.stops.Store(true)
	n.space.GiveUp()
	n.handOver(ctx)
	var errs []error
	if n.edge != nil {
		errs = append(errs, n.edge.Shutdown(ctx))
	}
	if n.admin != nil {
		errs = append(errs, n.admin.Shutdown(ctx))
	}
	n.leaveRoom()
	n.bounds.close()
	errs = append(errs, n.leave(ctx))
	if n.courier != nil {
		n.courier.Close()
	}
	if n.router != nil {
		n.router.Close()
	}
	if n.shards != nil {
		errs = append(errs, forgive(n.shards.Close()))
	}
	if n.mesh != nil {
		n.mesh.Close()
	}
	if n.records != nil {
		errs = append(errs, forgive(n.records.Close()))
	}
	return errors.Join(errs...)
}
