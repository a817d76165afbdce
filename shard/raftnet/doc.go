// Package raftnet is how the Rafts of all groups of a node talk to those of other nodes: a
// raft.Transport for each group, all over the node's connections (package peer).
//
// # What travels
//
// A request is a call on channel peer.Raft, and what Raft answers is the call's answer.
// Numbers are unsigned varints, but for those of a fixed size, which are big-endian:
//
//	request         group  kind  fields
//	  append        term  previous index, term  commit  entries  entry …
//	    entry       index  term  type (1 byte)  data length, data  extensions length, extensions
//	  vote          term  last index, term  transfer (1 byte)
//	  pre-vote      term  last index, term
//	  stand         term
//	answer          0  fields             or  1  the error, in words
//	  append        term  last index  success (1 byte)  no back-off (1 byte)
//	  vote          term  granted (1 byte)
//	  pre-vote      likewise
//	  stand         nothing
//
// Who sent it is known from the connection, so no message names its sender. A snapshot
// goes in pieces on channel peer.Snapshot (send.go, take.go), each a call that is answered
// once Raft has read the piece, so that few of them wait anywhere.
//
// # A leader that is gone
//
// When a node's process has ended (peer.Gone), each group that followed a leader there is
// told to stand at once, one replica shortly after the other, rather than when its patience
// with the leader is over (promote.go says when this is safe).
//
// # Who owns what
//
// A Transport belongs to the Raft of its group; its methods may be called from any
// goroutine. Requests of others come on the goroutines of connections, which never wait
// here: what Raft does not take at once is refused, and sent again by who sent it. While
// Raft owes answers, one goroutine of the group waits for them, in order (answer.go).
//
// Invariants:
//
//	I1  Each call of Raft returns: with the answer, or an error when the connection is lost,
//	    the time is over, or the transport is closed.
//	I2  What a request has is a copy: it is valid for as long as Raft keeps it.
//	I3  Requests of one node for one group are taken in the order in which they came.
//	I4  A stand that a leader asked for counts only in the term in which it was asked.
//
// Limits: requestsMax requests of others wait for a group's Raft, pipelineMax of its own
// on their way to one node, windowMax pieces of a snapshot, snapshotsMax snapshots that
// come in at a time on a node.
package raftnet
