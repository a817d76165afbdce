// Package cluster is a node's life among others: how it founds a cluster or joins one,
// shows that it is alive, follows the topology, and drives the world towards it.
//
// The topology is the state of the meta group (package meta), of which every node has a
// replica: it votes on few of them, the others follow. What a node does follows from its
// own copy of the topology, so nobody has to be told:
//
//	follow     on every node: reaches the nodes that there are, starts the replicas that it
//	           is to have, drops those that it has no more part in, and says which
//	           configuration each group should come to; who leads the group changes it
//	beat       on every node: a sign of life to the meta leader, with how its replicas are
//	fence      on every node: without an answer for half of DeadAfter, or told that it is
//	           dead, its gateway must close its sessions, for others may take them over
//	reconcile  on the meta leader: proposes what meta.Plan finds missing, and orders
//	           leaders to hand over so that they are spread
//
// All of it can be killed at any line: the next round begins from the topology again, and
// every command is refused by the topology when it is late, or was done.
//
// # A start
//
//	new directory, Bootstrap   founds a cluster, as node 1: a meta group of one voter, a
//	                           table of Shards shards, all of them here
//	new directory, Join        asks one of these addresses for a number, and follows
//	new directory, neither     founds a cluster of one, whose peer port stays closed
//	known directory            goes on as who it was
//
// Each start registers with the meta group (command Start): all earlier incarnations of the
// node are dead from then on. Ready says when that is done and all shards have a leader.
//
// # Messages
//
// All travel on channel peer.Members as calls: message.go has their form. A node that does
// not lead the meta group answers who does.
//
// # Invariants
//
//	I1  Nothing is done to a group that the newest topology known here does not want: a
//	    late topology only makes it later.
//	I2  The first configuration of a group is written by the founder of the cluster alone,
//	    and only until a leader has reported one.
//	I3  A replica is dropped only when the topology does not want it here and the newest
//	    configuration that was reported does not name this node. Neither that, nor that the
//	    node was removed, is believed of a topology from before this start was registered.
//	I4  A node counts itself alive only by an answer of a meta leader that held its lease
//	    when it answered, from the time when it asked.
//
// # Who owns what
//
//	standing, what is registered   the goroutine of beats
//	groups started and dropped     the goroutine that follows
//	signs of life                  their mutex
//
// On failure: what the disk refuses ends the node (host's Fatal). A node that is told that
// it was declared dead, or removed, ends with ErrDead or ErrRemoved: the first starts again,
// as a new incarnation.
package cluster
