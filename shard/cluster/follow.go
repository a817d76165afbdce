package cluster

import (
	"fmt"
	"slices"

	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// follow does what each new topology asks of this node, until the node is closed. It may
// take long: a replica that is started reads its snapshot and log.
func (n *Node) follow() {
	for {
		select {
		case <-n.options.Changed:
		case <-n.again:
		case <-n.stop:
			return
		}
		t := n.meta.Topology()
		if t.Version == 0 {
			continue // not heard of yet
		}
		if err := n.comply(t); err != nil {
			n.end(err)
			return
		}
		n.ready.look(n, t)
	}
}

// comply brings this node to where a topology wants it.
func (n *Node) comply(t *meta.Topology) error {
	me, current := t.Node(n.is.number), n.current(t)
	if me != nil && me.Identity != n.is.identity || me == nil && current {
		return ErrRemoved
	}
	if err := n.remember(t); err != nil {
		return err
	}
	n.host.SetTable(t.Table)
	n.host.SetLevel(t.Level)
	n.host.SetFloors(t.Floors())
	voters, learners := meta.Voters(t)
	n.host.Steer(host.MetaGroup, voters, learners)
	for i := range t.Shards {
		if err := n.complyShard(i, &t.Shards[i], current); err != nil {
			return err
		}
	}
	return nil
}

// current says whether a topology is no older than this start. A start that reads its log
// comes by all topologies that ever were: from before this node joined, and with shards that
// it had no part in yet.
func (n *Node) current(t *meta.Topology) bool {
	return n.life.registered.Load() && t.Version >= n.life.since.Load()
}

// complyShard starts, steers or drops this node's replica of a shard. Only a current topology
// can say that a replica is to go.
func (n *Node) complyShard(number int, s *meta.Shard, current bool) error {
	wanted := slices.Contains(s.Replicas, n.is.number)
	part := wanted || slices.Contains(s.Voters, n.is.number) ||
		slices.Contains(s.Learners, n.is.number)
	_, running := n.host.Status(number)
	switch {
	case part && !running:
		var founders []uint32
		if s.Index == 0 && n.founder() { // I2
			founders = []uint32{n.is.number}
		}
		if err := n.host.Start(number, founders); err != nil {
			return fmt.Errorf("start the replica of shard %d: %w", number, err)
		}
	case !part && running && current: // I3
		n.log.Info("this node has no part in the shard any more", "shard", number)
		if err := n.host.Drop(number); err != nil {
			return fmt.Errorf("drop the replica of shard %d: %w", number, err)
		}
		return nil
	}
	if part {
		n.host.Steer(number, s.Replicas, nil)
	}
	return nil
}

// remember keeps where the others are, for this node's next start.
func (n *Node) remember(t *meta.Topology) error {
	peers := nodesOf(t, n.is.number)
	if slices.Equal(peers, n.is.peers) {
		return nil
	}
	n.reach(peers)
	n.is.peers = peers
	return n.storeStanding()
}

// reach lets messages go to these nodes from now on.
func (n *Node) reach(peers []peer.Node) {
	n.others.Store(&peers)
	n.peers.SetNodes(peers)
}

// nodesOf returns where the nodes of a topology are, but for one.
func nodesOf(t *meta.Topology, but uint32) (out []peer.Node) {
	for i := range t.Nodes {
		if at := &t.Nodes[i]; at.Number != but {
			out = append(out, peer.Node{Number: at.Number, Address: at.Peer})
		}
	}
	return out
}
