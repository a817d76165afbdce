package meta

import (
	"slices"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard"
)

// retryAddress is after what a node asks again whose address another one still has.
const retryAddress = time.Second

func refused(format string, args ...any) error {
	return fault.New(fault.FailedPrecondition, format, args...)
}

// overtaken refuses what was decided on a version before another change.
func overtaken(what string, changed, seen uint64) error {
	return fault.New(fault.Aborted, "%s were changed at version %d, after version %d that this "+
		"was decided on: look again", what, changed, seen)
}

// applied returns the topology after a command, and what is answered. Where nothing was
// changed it is t itself.
func (t *Topology) applied(c Command, at int64) (*Topology, Reply, error) {
	if _, first := c.(*Found); !first && t.Version == 0 {
		return t, Reply{}, refused("there is no cluster yet: start one node with --bootstrap")
	}
	next := t.copied()
	next.Version++
	number, changed, err := c.apply(next, at)
	if err != nil || !changed {
		return t, Reply{Version: t.Version, Number: number}, err
	}
	return next, Reply{Version: next.Version, Number: number}, nil
}

func (c *Found) apply(t *Topology, at int64) (uint32, bool, error) {
	if t.Table != nil {
		if t.Cluster != c.Cluster {
			return 0, false, refused("cluster %v was founded here already", t.Cluster)
		}
		return 1, false, nil
	}
	t.Cluster, t.Level, t.Table = c.Cluster, c.Level, c.Table
	t.Replicas, t.replicasSet = c.Replicas, t.Version
	t.Keys = Keys{Tokens: c.Tokens, Server: c.Server, Set: t.Version}
	t.Numbers = 1
	t.Nodes = []Node{{Profile: c.Founder, Number: 1, Incarnation: c.Incarnation,
		Nonce: c.Nonce, State: Live, Since: at}}
	t.Shards = make([]Shard, c.Table.Shards())
	for i := range t.Shards {
		t.Shards[i] = Shard{Replicas: []uint32{1}, Placed: t.Version}
	}
	return 1, true, nil
}

func (c *Join) apply(t *Topology, at int64) (uint32, bool, error) {
	if err := t.checkLevels(&c.Profile); err != nil {
		return 0, false, err
	}
	if n := t.Known(c.Identity); n != nil {
		if n.Incarnation == 0 && (n.Profile != c.Profile || n.State != Joining) {
			n.Profile, n.State, n.Since = c.Profile, Joining, at
			return n.Number, true, nil
		}
		return n.Number, false, nil
	}
	if n := t.at(c.Peer); n != nil {
		err := refused("node %d is live and reached at %s: give this one another "+
			"advertise_peer_addr; if it is that node without its data, it may join once that "+
			"one is declared dead", n.Number, c.Peer)
		err.(*fault.Error).Retry = retryAddress
		return 0, false, err
	}
	if len(t.Nodes) >= NodesMax || t.Numbers >= NumberMax {
		return 0, false, fault.New(fault.ResourceExhausted, "the cluster knows %d nodes and has "+
			"given %d numbers, at most %d and %d: forget dead nodes", len(t.Nodes), t.Numbers,
			NodesMax, NumberMax)
	}
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Peer == c.Peer && n.State == Left {
			n.State, n.Since = Dead, at
		}
	}
	t.Numbers++
	t.Nodes = append(t.Nodes,
		Node{Profile: c.Profile, Number: t.Numbers, State: Joining, Since: at})
	return t.Numbers, true, nil
}

// at returns the node that is at a peer address as far as is known, or nil.
func (t *Topology) at(peer string) *Node {
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Peer == peer && (n.State == Live || n.State == Joining) {
			return n
		}
	}
	return nil
}

// checkLevels refuses a program that cannot work at the cluster's feature level.
func (t *Topology) checkLevels(p *Profile) error {
	if t.Level < p.LevelMin || t.Level > p.LevelMax {
		return refused("the cluster is at feature level %d, this program works at %d to %d: run "+
			"the version that the other nodes run", t.Level, p.LevelMin, p.LevelMax)
	}
	return nil
}

func (c *Start) apply(t *Topology, at int64) (uint32, bool, error) {
	n := t.Node(c.Number)
	switch {
	case n == nil:
		return 0, false, fault.New(fault.NotFound, "the cluster knows no node %d, it may have "+
			"been forgotten: empty the data directory and join again", c.Number)
	case n.Identity != c.Profile.Identity:
		return n.Number, false, refused("node %d of this cluster is another one: empty the data "+
			"directory and join again", n.Number)
	case c.Incarnation < n.Incarnation:
		return n.Number, false, refused("this would be start %d of node %d, which has had %d: the "+
			"data directory is an old copy; empty it and join again", c.Incarnation, n.Number,
			n.Incarnation)
	case c.Incarnation == n.Incarnation && c.Nonce != n.Nonce:
		return n.Number, false, refused("start %d of node %d is another process: two run on "+
			"copies of one data directory; stop one and empty its copy", c.Incarnation, n.Number)
	case c.Incarnation == n.Incarnation && n.State != Live:
		return n.Number, false, refused("start %d of node %d was declared %v: start it again",
			c.Incarnation, n.Number, n.State)
	}
	if err := t.checkLevels(&c.Profile); err != nil {
		return n.Number, false, err
	}
	if c.Incarnation == n.Incarnation && c.Profile == n.Profile {
		return n.Number, false, nil
	}
	n.Profile, n.Incarnation, n.Nonce = c.Profile, c.Incarnation, c.Nonce
	n.State, n.Since = Live, at
	return n.Number, true, nil
}

func (c *DeclareDead) apply(t *Topology, at int64) (uint32, bool, error) {
	return t.end(c.Number, c.Incarnation, Dead, at)
}

func (c *Leave) apply(t *Topology, at int64) (uint32, bool, error) {
	return t.end(c.Number, c.Incarnation, Left, at)
}

// end puts an incarnation of a node into the state Dead or Left.
func (t *Topology) end(number uint32, incarnation uint64, to State, at int64) (
	uint32, bool, error,
) {
	n := t.Node(number)
	switch {
	case n == nil:
		return 0, false, fault.New(fault.NotFound, "the cluster knows no node %d", number)
	case n.Incarnation != incarnation:
		return number, false, fault.New(fault.Aborted, "node %d was started again: it is "+
			"start %d, not %d", number, n.Incarnation, incarnation)
	case n.State == to || n.State == Dead:
		return number, false, nil
	}
	n.State, n.Since = to, at
	return number, true, nil
}

func (c *Forget) apply(t *Topology, _ int64) (uint32, bool, error) {
	n := t.Node(c.Number)
	switch {
	case n == nil && (c.Number == 0 || c.Number > t.Numbers):
		return 0, false, fault.New(fault.NotFound, "the cluster knows no node %d", c.Number)
	case n == nil:
		return c.Number, false, nil
	case n.State != Dead:
		return c.Number, false, refused("node %d is %v: only a dead node can be forgotten",
			c.Number, n.State)
	}
	for i := range t.Shards {
		if slices.Contains(t.Shards[i].Replicas, c.Number) {
			return c.Number, false, refused("shard %d still counts node %d among its replicas: "+
				"add a node that takes its place", i, c.Number)
		}
	}
	t.forgotten = t.forgotten.With(n.floor())
	t.Nodes = slices.DeleteFunc(t.Nodes, func(n Node) bool { return n.Number == c.Number })
	return c.Number, true, nil
}

func (c *Place) apply(t *Topology, _ int64) (uint32, bool, error) {
	s, err := t.shard(c.Shard)
	if err != nil {
		return 0, false, err
	}
	switch {
	case slices.Equal(s.Replicas, c.Replicas):
		return 0, false, nil
	case s.Placed > c.Version:
		return 0, false, overtaken("the replicas", s.Placed, c.Version)
	}
	for _, n := range c.Replicas {
		if !t.Is(n, Live) && !(t.Node(n) != nil && slices.Contains(s.Replicas, n)) {
			return 0, false, refused("node %d is not live: it cannot take a replica", n)
		}
	}
	s.Replicas, s.Placed = c.Replicas, t.Version
	return 0, true, nil
}

// shard returns a shard that there is.
func (t *Topology) shard(number int) (*Shard, error) {
	if number >= len(t.Shards) {
		return nil, fault.New(fault.NotFound, "shard %d: there are %d", number, len(t.Shards))
	}
	return &t.Shards[number], nil
}

func (c *Report) apply(t *Topology, _ int64) (uint32, bool, error) {
	at := &t.Meta
	if c.Shard != shard.ShardsMax {
		s, err := t.shard(c.Shard)
		if err != nil {
			return 0, false, err
		}
		at = &s.Configuration
	}
	if !c.Configuration.newer(at) {
		return 0, false, nil
	}
	*at = c.Configuration
	return 0, true, nil
}

// newer says whether a configuration was reported after another.
func (c *Configuration) newer(than *Configuration) bool {
	return c.Term > than.Term || c.Term == than.Term && c.Index > than.Index
}

func (c *SetLevel) apply(t *Topology, _ int64) (uint32, bool, error) {
	if c.Level == t.Level {
		return 0, false, nil
	}
	if c.Level < t.Level {
		return 0, false, refused("feature level %d: the cluster is at %d, and never goes back",
			c.Level, t.Level)
	}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.State != Dead && (c.Level < n.LevelMin || c.Level > n.LevelMax) {
			return n.Number, false, refused("node %d (%v) works at feature levels %d to %d, not "+
				"at %d: upgrade it first", n.Number, n.State, n.LevelMin, n.LevelMax, c.Level)
		}
	}
	t.Level = c.Level
	return 0, true, nil
}

func (c *SetKeys) apply(t *Topology, _ int64) (uint32, bool, error) {
	switch {
	case slices.EqualFunc(t.Keys.Tokens, c.Tokens, slices.Equal) &&
		slices.Equal(t.Keys.Server, c.Server):
		return 0, false, nil
	case t.Keys.Set > c.Version:
		return 0, false, overtaken("the keys", t.Keys.Set, c.Version)
	}
	t.Keys = Keys{Tokens: c.Tokens, Server: c.Server, Set: t.Version}
	return 0, true, nil
}

func (c *SetReplicas) apply(t *Topology, _ int64) (uint32, bool, error) {
	switch {
	case t.Replicas == c.Replicas:
		return 0, false, nil
	case t.replicasSet > c.Version:
		return 0, false, overtaken("the numbers of replicas", t.replicasSet, c.Version)
	}
	t.Replicas, t.replicasSet = c.Replicas, t.Version
	return 0, true, nil
}
