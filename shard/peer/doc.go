// Package peer is how the nodes of a cluster talk to each other: the port Peers,
// which carries messages from node to node.
//
// A message belongs to a channel, and each channel to one package that serves it.
// Messages of one channel from one node to another arrive in the order in which they
// were sent, each at most once, or not at all: what is lost is lost with the
// connection, and who must know asks for an answer (Call).
//
// Nodes are named by their numbers, which the meta group gives out. Where a node is
// reached is what its topology says (SetNodes); a stranger, who has no number yet,
// asks one address (Ask).
package peer
