package meta

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard"
)

func invalid(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

func (p *Profile) check() error {
	switch {
	case p.Identity == Identity{}:
		return invalid("the node has no identity: it draws 16 random bytes before it joins")
	case p.Peer == "":
		return invalid("the node names no peer address: set advertise_peer_addr")
	case max(len(p.Peer), len(p.Client), len(p.HTTP)) > AddressBytesMax:
		return invalid("an address of more than %d bytes: use a shorter one", AddressBytesMax)
	case len(p.Zone) > ZoneBytesMax:
		return invalid("a zone of %d bytes: use up to %d", len(p.Zone), ZoneBytesMax)
	case p.LevelMin > p.LevelMax:
		return invalid("feature levels from %d to %d: there are none", p.LevelMin, p.LevelMax)
	}
	return nil
}

// checkStart checks the number of a start.
func checkStart(incarnation uint64) error {
	if incarnation < 1 || grid.OriginOf(0, incarnation+1).Node() != 0 {
		return invalid("incarnation %d: they begin with 1 and stay below 1<<40-1", incarnation)
	}
	return nil
}

func (c *Found) check() error {
	if err := checkStart(c.Incarnation); err != nil {
		return err
	}
	if err := c.Founder.check(); err != nil {
		return err
	}
	if len(c.Tokens)+len(c.Server) > 0 { // a node alone keeps its keys elsewhere
		if err := checkKeys(c.Tokens, c.Server); err != nil {
			return err
		}
	}
	switch {
	case c.Cluster == grid.ID{}:
		return invalid("the cluster has no id: draw 16 random bytes")
	case c.Table == nil:
		return invalid("the slot table of the new cluster cannot be read")
	case c.Level < c.Founder.LevelMin || c.Level > c.Founder.LevelMax:
		return invalid("feature level %d: the founder knows %d to %d",
			c.Level, c.Founder.LevelMin, c.Founder.LevelMax)
	}
	return checkReplicas(c.Replicas)
}

func (c *Join) check() error { return c.Profile.check() }

func (c *Start) check() error {
	if err := checkStart(c.Incarnation); err != nil {
		return err
	}
	return c.Profile.check()
}

func (c *DeclareDead) check() error { return nil }
func (c *Leave) check() error       { return nil }
func (c *Forget) check() error      { return nil }
func (c *SetLevel) check() error    { return nil }

func (c *Place) check() error {
	if c.Shard >= shard.ShardsMax {
		return invalid("shard %d: there are at most %d", c.Shard, shard.ShardsMax)
	}
	if n := len(c.Replicas); n < 1 || n > ReplicasMax {
		return invalid("%d replicas: a shard has 1 to %d", n, ReplicasMax)
	}
	return checkRising(c.Replicas)
}

func (c *Report) check() error {
	if c.Shard > MetaGroup {
		return invalid("shard %d: there are at most %d", c.Shard, shard.ShardsMax)
	}
	return c.Configuration.check()
}

func (c *Configuration) check() error {
	if n := len(c.Voters); n < 1 {
		return invalid("a configuration without voters")
	}
	if max(len(c.Voters), len(c.Learners)) > NodesMax {
		return invalid("a configuration of more than %d nodes", NodesMax)
	}
	if err := checkRising(c.Voters); err != nil {
		return err
	}
	return checkRising(c.Learners)
}

func (c *SetKeys) check() error { return checkKeys(c.Tokens, c.Server) }

func (c *SetReplicas) check() error { return checkReplicas(c.Replicas) }

func checkReplicas(n int) error {
	if n < 1 || n > ReplicasMax {
		return invalid("%d replicas: use 1 to %d", n, ReplicasMax)
	}
	return nil
}

func checkKeys(tokens [][]byte, server []byte) error {
	if n := len(tokens); n < 1 || n > TokenKeysMax {
		return invalid("%d session-token keys: there are 1 or %d", n, TokenKeysMax)
	}
	for _, k := range append(tokens[:len(tokens):len(tokens)], server) {
		if n := len(k); n < 1 || n > KeyBytesMax {
			return invalid("a key of %d bytes: use 1 to %d", n, KeyBytesMax)
		}
	}
	return nil
}

// checkRising wants each node once, in order: one set of nodes is one row of bytes.
func checkRising(numbers []uint32) error {
	var last uint32
	for _, n := range numbers {
		if n <= last {
			return invalid("node %d stands behind node %d: name each once, by rising number",
				n, last)
		}
		last = n
	}
	return nil
}
