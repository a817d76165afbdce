package main

import (
	"fmt"

	"github.com/thronggrid/throng/netio/admin"
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
	h.LoopsStuck = n.edge.Stats().LoopsStuck
	space := n.space.Stats()
	h.DiskFull = space.Low || space.Full
	h.MemoryFull = n.memory.Stats().High
	for i, g := range n.shards.Groups() {
		h.Shards = append(h.Shards, admin.ShardHealth{Shard: i, Served: g.Serving()})
	}
	return h
}
