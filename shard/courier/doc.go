// Package courier brings what the shards of this node tell to gateways on other nodes,
// and signals from gateway to gateway.
//
// # Hints
//
// The effects of an entry go to this node's listener (netio) as they are. Those hints
// that are for sessions elsewhere are encoded, each once, into one message for each node
// concerned: for one session to the node of its gateway, for a stream to the nodes that
// have members on it (grid.Hint.Nodes). Who gets such a message hands it to its listener.
//
// # Relays
//
// A signal meets no shard. Leaders tell gateways which nodes have members on a stream
// (presence.KindNodes) whenever that changes and several nodes are concerned; the courier
// keeps the newest set of each stream that has members here, and sends signals straight
// to its nodes, gathered until the loop flushes. Who gets one pushes it to its members and
// never passes it on. Without a set there are members on one node at the most, this one.
// Who is not on the stream, a studio's server, may signal too: if this node has no set,
// the leader of the stream's slot is asked to pass the signal on to all nodes but this.
//
// # Announcements
//
// Hints are lost with a leader and with a connection. So when this node begins to reign
// over a shard (Reign) the courier announces each stream of that shard: its nodes, and
// the last number of its channel, from which members see what they lack. When a
// connection to a node comes up, it does so for the streams that have members there.
//
// # Invariants
//
//	I1  A hint or signal reaches a gateway at most once for each time it was made, or not
//	    at all. What cannot be sent at once is dropped, and counted: Stats.Lost.
//	I2  Hints of one shard reach a gateway in the order in which they were made. Signals
//	    of one session do too; between the two there is no order.
//	I3  Of two sets of nodes of one stream the one with the higher stamp is kept; none is
//	    that this node is not in.
//	I4  What comes from a peer is checked before anything is done with it: it can make
//	    nobody panic, and makes nothing larger than in proportion to its own size.
//
// # Ownership and failure
//
// Hints is called by the shards' appliers, Relay and Flush by event loops, and messages
// come on the goroutines of the peers: all may do so at once. Announcements are made on
// goroutines of the clock, one turn after another, each of which looks at some streams
// under the read lock of their shard. Close ends them. A node that cannot be reached
// loses what is for it, and is told what it lost by the announcement when it is back.
//
// Limits: MessageBytesMax for a message, unless one hint is larger; InboundBytesMax for
// one that is taken; SetsMax for streams whose nodes are kept: beyond, the one is
// forgotten that nothing was told of for longest, and signals to it stay on this node
// until it changes. A set takes about 200 bytes.
package courier
