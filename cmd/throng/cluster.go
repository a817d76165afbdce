package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/cmd/throng/network"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/cluster"
	"github.com/thronggrid/throng/shard/courier"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
	"github.com/thronggrid/throng/shard/peer/mesh"
	"github.com/thronggrid/throng/shard/raftnet"
	"github.com/thronggrid/throng/shard/router"
)

// founders is how many shards a new cluster has at the least, so that each of three nodes
// leads one.
const founders = 3

// openShards opens the data directory and what this node is part of.
func (n *node) openShards(o *nodeOptions, real clock.Clock) (err error) {
	c := o.config
	n.changed = make(chan struct{}, 1)
	n.topology = meta.NewMachine(func(*meta.Topology) {
		select {
		case n.changed <- struct{}{}:
		default:
		}
	})
	n.shards, err = host.Open(host.Options{
		FS: vfs.Default, Dir: c.Node.DataDir, Clock: real, Logger: o.log, Trim: debug.FreeOSMemory,
		SessionGrace: c.Clients.SessionGrace, Fatal: n.fatal,
		Space: n.space, Gate: &n.gate, Meta: n.topology, MayLead: n.mayLead, Reign: n.reign,
		Transport: func(group uint32) raft.Transport {
			return n.rafts.Transport(n.shards.Origin().Node(), group)
		},
	})
	if err != nil {
		return err
	}
	known, alone, err := cluster.Stands(n.shards)
	if err != nil {
		return err
	}
	n.clustered = c.Cluster.Clustered() || known && !alone
	n.peers = peer.Nobody{}
	if n.clustered {
		if err := n.openMesh(o, real, known); err != nil {
			return err
		}
	}
	n.rafts = raftnet.New(raftnet.Options{Peers: n.peers, Clock: real, Random: mathrand.Int64N})
	n.router = router.New(router.Options{
		Host: n.shards, Peers: n.peers, Clock: real, Again: repeatable(), Replicas: n.replicas,
		Moved: n.moved,
	})
	n.peers.Watch(n.happened)
	n.shards.UseLanes(n.router.OpenOwn)
	return nil
}

// replicas appends the nodes that serve a shard's replicas.
func (n *node) replicas(number int, out []uint32) []uint32 {
	if t := n.topology.Topology(); t != nil && number < len(t.Shards) {
		out = append(out, t.Shards[number].Voters...)
	}
	return out
}

// repeatable returns what says which commands without a request id may be repeated: what
// they do is done once however often they come.
func repeatable() func(grid.Kind) bool {
	kinds := map[grid.Kind]bool{
		slot.KindDeliver: true, slot.KindCarried: true, slot.KindDue: true, slot.KindSweep: true,
		session.KindDetach: true, chat.KindArchived: true,
	}
	for _, op := range slot.Ops(nil) {
		if op.Again {
			kinds[op.Kind] = true
		}
	}
	return func(k grid.Kind) bool { return kinds[k] }
}

// openMesh opens the peer port.
func (n *node) openMesh(o *nodeOptions, real clock.Clock, known bool) error {
	c := &o.config.Cluster
	if err := checkFree("serve other nodes", "--peer-addr", c.PeerAddr); err != nil {
		return err
	}
	tls, err := peerTLS(c)
	if err != nil {
		return err
	}
	secret, err := o.clusterSecret(known)
	if err != nil && tls == nil {
		return err
	}
	n.mesh, err = mesh.Open(mesh.Options{
		Network: network.TCP{}, Random: func(b []byte) { rand.Read(b) }, Clock: real, Logger: o.log,
		Listen: c.PeerAddr, Address: c.AdvertisePeer, Incarnation: n.shards.Incarnation(),
		LevelMin: 1, LevelMax: shard.Level, Secret: secret, TLS: tls,
	})
	if err != nil {
		return fmt.Errorf("serve other nodes: %w", err)
	}
	n.peers = n.mesh
	return nil
}

// clusterSecret reads what all nodes of the cluster know. Only who founds a cluster makes
// one.
func (o *nodeOptions) clusterSecret(known bool) ([]byte, error) {
	c := o.config
	var text string
	var err error
	if c.Cluster.SecretFile == "" && (known || len(c.Cluster.Join) > 0) {
		file := clusterSecret.in("", c.Node.DataDir)
		text, err = clusterSecret.read(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("this node lacks the cluster's secret: copy cluster.secret " +
				"from the data directory of the first node, and name the copy with " +
				"--cluster-secret-file")
		}
	} else {
		text, err = clusterSecret.open(o.log, c.Cluster.SecretFile, c.Node.DataDir)
	}
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// join lets the node live among others, or alone.
func (n *node) join(ctx context.Context, o *nodeOptions, real clock.Clock) error {
	c := o.config
	table, err := n.firstTable(cmp.Or(c.Node.Shards, o.freshShards()))
	if err != nil {
		return err
	}
	begin := func(id cluster.Identity) {
		n.courier = courier.New(courier.Options{
			Self: id.Origin, Peers: n.peers, State: n.shards, Clock: real, Logger: o.log,
			Leader: func(s grid.Slot) uint32 { return n.router.Leader(n.shards.ShardOf(s)) },
		})
		n.shards.Listen(n.courier.Hints)
		if n.mesh != nil {
			n.mesh.SetSelf(id.Origin.Node(), id.Cluster)
			n.mesh.Start()
		}
	}
	n.cluster, err = cluster.Open(ctx, cluster.Options{
		Host: n.shards, Meta: n.topology, Changed: n.changed, Peers: n.peers, Begin: begin,
		Clock: real, Logger: o.log, Random: func(b []byte) { rand.Read(b) },
		Bootstrap: c.Cluster.Bootstrap, Join: c.Cluster.Join,
		Addresses: n.addresses(o), Zone: c.Cluster.Zone, Records: n.holdsRecords(c.Node.DataDir),
		Table: table, Replicas: c.Cluster.Replicas, Keys: o.firstKeys(),
		DeadAfter: c.Cluster.DeadAfter, Leader: n.router.Leader, Cut: n.cut,
		Sessions: n.sessions,
	})
	if err != nil {
		return err
	}
	if err := n.cluster.Ready(ctx); err != nil {
		return err
	}
	t := n.topology.Topology()
	if want, has := c.Node.Shards, t.Table.Shards(); want != 0 && want != has {
		return fmt.Errorf("the data directory %s has %d shards, not %d: leave --shards out",
			c.Node.DataDir, has, want)
	}
	if n.clustered {
		return o.adoptKeys(&t.Keys)
	}
	if err := keepTable(n.shards, t.Table); err != nil {
		return err
	}
	return n.shards.Ready(ctx)
}

// freshShards is how many shards a new cluster gets unless it is told.
func (o *nodeOptions) freshShards() int {
	if o.config.Cluster.Bootstrap {
		return max(founders, o.cores)
	}
	return o.cores
}

// firstTable returns the slot table of a cluster that this node would found: that which an
// older version kept in the data directory, or a new one.
func (n *node) firstTable(shards int) (*shard.Table, error) {
	t, err := tableOf(n.shards)
	if err != nil || t != nil {
		return t, err
	}
	return shard.NewTable(shards), nil
}

// joins says whether this data directory may be that of a joiner, whose keys the cluster has.
func (o *nodeOptions) joins() bool {
	_, err := os.Stat(serverSecret.in("", o.config.Node.DataDir))
	return len(o.config.Cluster.Join) > 0 && err != nil
}

// adoptKeys takes over the keys that all nodes of the cluster share, but for those that this
// node was told, and keeps them where those of a node alone are.
func (o *nodeOptions) adoptKeys(k *meta.Keys) error {
	c := o.config
	if c.Node.ServerKeyFile == "" {
		if err := keepSecret(serverSecret.in("", c.Node.DataDir), string(k.Server)); err != nil {
			return fmt.Errorf("keep the cluster's server key: %w", err)
		}
	}
	if c.Tokens.KeysFile == "" {
		text := string(bytes.Join(k.Tokens, []byte("\n")))
		if err := keepSecret(filepath.Join(c.Node.DataDir, tokenKeysFile), text); err != nil {
			return fmt.Errorf("keep the cluster's keys of tokens: %w", err)
		}
	}
	var err error
	o.serverKey, err = serverSecret.open(o.log, c.Node.ServerKeyFile, c.Node.DataDir)
	if err != nil {
		return err
	}
	o.tokens, err = openTokens(o.log, c)
	return err
}

// keepSecret writes a file with a secret unless it has that.
func keepSecret(file, text string) error {
	was, err := os.ReadFile(file)
	if err == nil && strings.TrimSpace(string(was)) == text {
		return nil
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = makeSecret(file, text+"\n")
	return err
}

// firstKeys are the secrets that all nodes of a cluster share which this node would found.
func (o *nodeOptions) firstKeys() meta.Keys {
	k := meta.Keys{Server: []byte(o.serverKey)}
	file := o.config.Tokens.KeysFile
	text, _ := readTokenKeys(o.log, &file, o.config.Node.DataDir) // it was read before
	for _, line := range strings.Fields(string(text)) {
		k.Tokens = append(k.Tokens, []byte(line))
	}
	return k
}

// addresses are where others, and people, find this node.
func (n *node) addresses(o *nodeOptions) cluster.Addresses {
	c := o.config
	a := cluster.Addresses{Client: cmp.Or(c.Cluster.AdvertiseClient, c.Clients.Addr),
		Peer: c.Cluster.PeerAddr}
	if n.admin != nil {
		a.HTTP = n.admin.Addr().String()
	}
	if n.mesh != nil {
		a.Peer = cmp.Or(c.Cluster.AdvertisePeer, n.mesh.Addr().String())
	}
	return a
}

// holdsRecords says whether the data directory has record tables of a node alone.
func (n *node) holdsRecords(dataDir string) bool {
	_, err := os.Stat(filepath.Join(dataDir, "records"))
	return err == nil
}

// reign hears that this node begins to lead a group, or no longer does.
func (n *node) reign(group int, term uint64, leads bool) {
	if group == host.MetaGroup {
		return
	}
	n.router.Reign(group, term, leads)
	n.courier.Reign(group, term, leads)
}

// moved hears that a shard has another leader: what the one before has hinted to sessions
// here may be lost.
func (n *node) moved(number int) {
	if n.clustered && n.serves.Load() {
		n.edge.Recheck(func(s grid.Slot) bool { return n.shards.ShardOf(s) == number })
	}
}

// happened hears that another node has come up: what it has hinted to sessions here while
// it could not be reached is lost.
func (n *node) happened(e peer.Event) {
	if e.State != peer.Up || !n.serves.Load() {
		return
	}
	n.edge.Recheck(func(s grid.Slot) bool {
		return n.router.Leader(n.shards.ShardOf(s)) == e.Node.Node()
	})
}

// world is all shards, wherever they are led, for the edge.
type world struct {
	*router.Router
	courier *courier.Courier
}

var _ grid.Shards = world{}

// Listen takes the hints that other nodes send, too.
func (w world) Listen(hints func(*grid.Effects)) { w.courier.Listen(hints) }

// mayLead says whether this node may lead groups: not while it drains.
func (n *node) mayLead() bool { return !n.stops.Load() }

// cut closes all sessions, or serves again.
func (n *node) cut(off bool) {
	if n.serves.Load() {
		n.edge.Cut(off)
	}
}

// sessions counts connections of clients.
func (n *node) sessions() int {
	if !n.serves.Load() {
		return 0
	}
	return int(n.edge.Stats().Connections)
}
