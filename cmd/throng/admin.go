package main

import (
	"fmt"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// startAdmin starts the HTTP port, if there is to be one.
func (n *node) startAdmin(o nodeOptions) (err error) {
	c := o.config
	if c.HTTP.Addr == "" {
		return nil
	}
	n.admin, err = admin.Start(admin.Options{
		Addr: c.HTTP.Addr, Token: o.adminToken,
		TokenFile: adminSecret.in(c.HTTP.AdminTokenFile, c.Node.DataDir),
		Level:     o.logs.level, Logger: o.log,
		Node: admin.Node{Health: n.health, Sample: n.sample, Hot: n.hot,
			Backup: n.backupTo(c.Node.DataDir)},
	})
	if err != nil {
		return fmt.Errorf("serve HTTP: %w; choose another --http-addr, "+
			"or stop what listens there", err)
	}
	return nil
}

// health says how the node is, while it starts and stops, too.
func (n *node) health() admin.Health {
	h := admin.Health{Starting: !n.serves.Load(), Stopping: n.stops.Load()}
	if h.Starting {
		return h
	}
	select {
	case <-n.edge.Done():
		h.EdgeEnded = true
	default:
	}
	edge, space, shards := n.edge.Stats(), n.space.Stats(), n.shards.Health()
	healthOf(&h, &edge, &space, &shards)
	h.MemoryFull = n.memory.Stats().High
	return h
}

// healthOf fills in what the parts of a node that serves say of themselves.
func healthOf(h *admin.Health, edge *netio.Stats, space *disk.SpaceStats, shards *host.Health) {
	h.LoopsStuck, h.EdgeFull = edge.LoopsStuck, edge.Full()
	h.DiskFailed, h.DiskFull = shards.Failed, space.Low || space.Full
	for i := range shards.Shards {
		s := &shards.Shards[i]
		h.Shards = append(h.Shards,
			admin.ShardHealth{Shard: s.Shard, Served: s.Led, Lag: s.Lag})
	}
}
