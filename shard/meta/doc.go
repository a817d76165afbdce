// Package meta is the topology of a cluster as a pure state machine, and the plan that
// drives the world towards it: which nodes there are, which of them hold the replicas of
// each shard, which shard serves each slot, the feature level, and the keys that all nodes
// share. Package shard/host runs the machine in a Raft group of its own, the meta group.
//
//	commands ──► Machine ──► *Topology ──► every node acts on it (host.Steer, floors, …)
//	                ▲             │
//	                └── Plan ◄────┴── World: signs of life, leaders (on the meta leader)
//
// Everything here may be killed at any line and taken up again: a command says what it
// saw and is refused when that has changed, or it may be repeated; Plan looks at the
// topology alone and proposes what is still missing.
//
// A node's life, and the commands that lead from one state to the next:
//
//	stranger ── Join ───────► joining
//	joining, left, dead ── Start ──► live      always as a higher incarnation
//	live ── Leave ──────────► left
//	joining, live, left ── DeclareDead ──► dead
//	dead ── Forget ─────────► stranger
//
// Invariants:
//
//	I1  A Topology never changes. Each command that changes something makes a new one
//	    whose Version is one higher; all others leave the one that was.
//	I2  Equal logs give equal digests. What is refused is a reply, never an error: an
//	    error is only an entry that cannot be read, and stops the node.
//	I3  A number is given to one identity and never again; an incarnation of it is live
//	    once at most: what was declared dead, or has left, comes back with a higher one.
//	I4  The replicas of a shard are distinct nodes that are known. A node that holds some
//	    cannot be forgotten.
//	I5  Plan never leaves a shard fewer live replicas than a majority if it had one, and
//	    proposes nothing where there is nothing to better: it comes to rest.
//
// Ownership: the applier owns the Machine, but for Topology, Query and
// what Freeze returns.
// A Topology, and all that it holds, is read by any goroutine and changed by none.
//
// Limits: NodesMax nodes at a time, NumberMax over a cluster's life, shard.ShardsMax
// shards, ReplicasMax replicas of each, AddressBytesMax, ZoneBytesMax, KeyBytesMax.
//
// The topology is a stream of msgpack values (pack.Encoder), its own format 1:
//
//	head    [format, version, cluster, level, replicas, at which version they were set,
//	         last number given, nodes, shards]
//	keys    [[token key…], server key, at which version they were set]
//	meta    configuration of the meta group
//	floors  [origin…]   of nodes that were forgotten
//	table   as shard.Table.Append has it; only when the cluster was founded
//	node    [number, incarnation, nonce, state, since, profile]   … by number
//	shard   [[replica…], at which version they were placed, configuration]   … by number
//
// where a profile is [identity, peer address, client address, HTTP address, zone, lowest
// level, highest level] and a configuration [term, index, [voter…], [learner…]].
package meta
