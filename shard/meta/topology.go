package meta

import (
	"slices"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
)

// The limits on what a topology holds.
const (
	// NodesMax is how many nodes a cluster knows at a time, dead ones included.
	NodesMax = 1024
	// NumberMax is the highest number that a node is given over a cluster's life.
	NumberMax = 1<<16 - 1
	// ReplicasMax is the largest number of replicas of a shard.
	ReplicasMax = 9
	// ReplicasDefault is how many replicas a shard has unless it is said otherwise.
	ReplicasDefault = 3
	// AddressBytesMax is the longest address.
	AddressBytesMax = 256
	// ZoneBytesMax is the longest name of a zone.
	ZoneBytesMax = 64
	// KeyBytesMax is the longest key.
	KeyBytesMax = 256
	// TokenKeysMax is how many session-token keys are kept, the newest first.
	TokenKeysMax = 2
)

// MetaGroup stands for the meta group where a shard's number is wanted (Report).
const MetaGroup = shard.ShardsMax

// Topology is a cluster as its meta group has agreed on it. Nobody changes it.
type Topology struct {
	// Version counts the changes; 0: no cluster was founded.
	Version uint64
	Cluster grid.ID
	// Level is the feature level that was finalised.
	Level uint64
	// Replicas is how many a shard should have.
	Replicas int
	// Numbers is the last number that was given to a node.
	Numbers uint32
	// Nodes are all that are known, by rising number.
	Nodes []Node
	// Shards has as many as the table.
	Shards []Shard
	// Table says which shard serves each slot; nil when no cluster was founded.
	Table *shard.Table
	Keys  Keys
	// Meta is the configuration of the meta group, as its leader last reported it.
	Meta Configuration

	replicasSet uint64 // version at which Replicas was set
	forgotten   grid.Floors
}

// Identity is 16 random bytes that a node draws before it joins, and keeps in its data
// directory: whoever lost that is another node.
type Identity [16]byte

// Profile is what a node says of itself.
type Profile struct {
	Identity Identity
	// Where it is reached, host:port.
	Peer, Client, HTTP string
	Zone               string
	// The feature levels that its program can work at.
	LevelMin, LevelMax uint64
}

// Node is one node of the cluster.
type Node struct {
	Profile
	Number uint32
	// Incarnation is the newest start that was registered; 0: none.
	Incarnation uint64
	// Nonce is what that start drew, which tells it from a copy of the node.
	Nonce uint64
	State State
	// Since is when the state began, µs, by the clock of who led the meta group.
	Since int64
}

// State is where a node is in its life.
type State uint8

// The states. The numbers are stored.
const (
	Joining State = 1 // it has a number, and was not started yet
	Live    State = 2
	Dead    State = 3 // it gave no sign of life: its replicas move away
	Left    State = 4 // it was stopped; its replicas wait for it a while
)

func (s State) String() string {
	switch s {
	case Joining:
		return "joining"
	case Live:
		return "live"
	case Dead:
		return "dead"
	case Left:
		return "left"
	}
	return "unknown"
}

// Shard is one shard: where its replicas are to be, and where they are.
type Shard struct {
	// Replicas are the nodes that should hold one, by rising number.
	Replicas []uint32
	// Placed is the version at which Replicas was last changed.
	Placed uint64
	Configuration
}

// Settled says whether the group has come to where it should be, as far as is known.
func (s *Shard) Settled() bool {
	return slices.Equal(s.Voters, s.Replicas) && len(s.Learners) == 0
}

// Configuration is a Raft group's, as a leader reported it: that of a higher term, or of
// the same and a higher index, is the newer one. The nodes stand by rising number.
type Configuration struct {
	Term, Index      uint64
	Voters, Learners []uint32
}

// Keys are the secrets that all nodes share.
type Keys struct {
	// Tokens sign session tokens, the newest first; tokens of all of them are accepted.
	Tokens [][]byte
	// Server is what a studio's servers show.
	Server []byte
	// Set is the version at which the keys were last changed.
	Set uint64
}

// Node returns a node by its number, or nil.
func (t *Topology) Node(number uint32) *Node {
	at, is := slices.BinarySearchFunc(t.Nodes, number, func(n Node, number uint32) int {
		return int(int64(n.Number) - int64(number))
	})
	if !is {
		return nil
	}
	return &t.Nodes[at]
}

// Known returns the node of an identity, or nil.
func (t *Topology) Known(id Identity) *Node {
	for i := range t.Nodes {
		if t.Nodes[i].Identity == id {
			return &t.Nodes[i]
		}
	}
	return nil
}

// Is says whether a node is known and in a state.
func (t *Topology) Is(number uint32, s State) bool {
	n := t.Node(number)
	return n != nil && n.State == s
}

// Floors returns the lowest live incarnation of each node that has had one.
func (t *Topology) Floors() grid.Floors {
	var floors grid.Floors
	gone := t.forgotten
	for i := range t.Nodes {
		n := &t.Nodes[i]
		for len(gone) > 0 && gone[0].Node() < n.Number {
			floors, gone = append(floors, gone[0]), gone[1:]
		}
		if n.Incarnation > 0 {
			floors = append(floors, n.floor())
		}
	}
	return append(floors, gone...)
}

// floor returns the lowest incarnation that is, or may yet come to be, live.
func (n *Node) floor() grid.Origin {
	if n.State == Live {
		return grid.OriginOf(n.Number, n.Incarnation)
	}
	return grid.OriginOf(n.Number, n.Incarnation+1)
}

// copied returns a topology that may be changed, but for what its slices' elements hold.
func (t *Topology) copied() *Topology {
	c := *t
	c.Nodes, c.Shards = slices.Clone(t.Nodes), slices.Clone(t.Shards)
	return &c
}
