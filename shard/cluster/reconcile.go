package cluster

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// reconciler drives the world towards the topology, while this node leads the meta group.
type reconciler struct {
	flying atomic.Int32 // commands that are proposed and not answered
	next   int64        // µs: leaders are not moved before
}

// balancePause is how long after transfers of leadership the next are thought of, so that
// what the signs of life say is news again.
const balancePause = 2 * time.Second

// reconcile proposes what the topology lacks, and orders leaders to hand over. Nothing of
// it has to be finished: the next round, here or on another node, finds what is missing.
func (n *Node) reconcile() {
	s, _ := n.host.Status(host.MetaGroup)
	now := n.clock.Micros()
	if !n.signs.reign(s.Serves, s.Term, now) {
		return
	}
	if n.rec.flying.Load() > 0 {
		return
	}
	t := n.meta.Topology()
	w := n.world(t, now)
	commands := append(w.reports, meta.Plan(t, w.World)...)
	if keys := &n.options.Keys; len(t.Keys.Server) == 0 && len(keys.Server) > 0 && !n.is.alone {
		commands = append(commands, &meta.SetKeys{
			Tokens: keys.Tokens, Server: keys.Server, Version: t.Keys.Set})
	}
	for _, c := range commands {
		n.rec.flying.Add(1)
		n.host.Propose(c.Kind(), c.Append(nil), func(_ []byte, err error) {
			n.rec.flying.Add(-1)
			if err != nil {
				n.log.Debug("a change of the topology was refused", "kind", c.Kind(), "error", err)
			}
		})
	}
	if len(commands) == 0 && now >= n.rec.next {
		n.balance(t, &w, now)
	}
}

// balance orders a leader to hand over, if leaders are not spread.
func (n *Node) balance(t *meta.Topology, w *world, now int64) {
	for _, m := range meta.Leaders(t, w.World) {
		n.rec.next = now + balancePause.Microseconds()
		order := transfer{group: m.Shard, term: w.terms[m.Shard], to: m.To}
		if from := w.World.Leaders[m.Shard]; from == n.is.number {
			n.orders.add(order)
		} else {
			n.peers.Call(from, peer.Members, order.append(nil), func([]byte, error) {})
		}
	}
}

// world is what the meta leader knows beside the topology.
type world struct {
	meta.World
	terms   map[int]uint64 // in which each shard is led
	reports []meta.Command // configurations that the topology does not have yet
}

// world gathers what the signs of life say.
func (n *Node) world(t *meta.Topology, now int64) world {
	by, from := n.signs.all()
	w := world{terms: make(map[int]uint64), World: meta.World{
		Now: now, Began: from, DeadAfter: n.options.DeadAfter,
		Seen: make(map[uint32]int64), Leaders: make(map[int]uint32)}}
	for node, s := range by {
		w.Seen[node] = s.at
		for i := range s.beat.replicas {
			if r := &s.beat.replicas[i]; r.Leads {
				w.hear(t, node, r)
			}
		}
	}
	return w
}

// hear notes what the leader of a group says of it.
func (w *world) hear(t *meta.Topology, node uint32, r *Replica) {
	c := meta.Configuration{Term: r.Term, Index: r.Index,
		Voters: sorted(r.Voters), Learners: sorted(r.Learners)}
	var was *meta.Configuration
	switch {
	case r.Group == host.MetaGroup:
		was = &t.Meta
	case r.Group < len(t.Shards):
		was = &t.Shards[r.Group].Configuration
	default:
		return
	}
	if r.Group != host.MetaGroup && r.Term >= w.terms[r.Group] {
		w.terms[r.Group], w.Leaders[r.Group] = r.Term, node
	}
	if c.Term >= was.Term && !same(&c, was) {
		w.reports = append(w.reports, &meta.Report{Shard: r.Group, Configuration: c})
	}
}

// same says whether two configurations are made up alike.
func same(a, b *meta.Configuration) bool {
	return a.Index == b.Index && slices.Equal(a.Voters, b.Voters) &&
		slices.Equal(a.Learners, b.Learners)
}

func sorted(numbers []uint32) []uint32 {
	out := slices.Clone(numbers)
	slices.Sort(out)
	return out
}
