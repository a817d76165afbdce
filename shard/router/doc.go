// Package router lets a node serve every slot of the cluster: it implements grid.Shards
// over the shards that this node leads and over the other nodes.
//
// A command or a query for a shard that this node leads goes the way of package host: the
// router costs it a look at its table of leaders. One for a shard that is led elsewhere is
// appended to a batch for its leader, which a flush sends in one message. The leader puts
// the commands on a lane of its own, and sends their outcomes back as they come, those of
// an entry in one message. A batch is kept until all of it is answered: outcomes name lane,
// batch and place, so nothing is allocated per request.
//
// What fails because somebody does not lead, or because the connection is lost, is tried
// again, with its request id, until Options.Patience after it was sent. What may have
// been done and has no request id is tried again only if Options.Again says that twice is
// as good as once; else its outcome is unknown, and said to be.
//
// Who leads a shard is told by the leaders themselves, to all nodes when they begin to
// lead, and to a node that has come up; and by refusals. Of two, the later term is right.
//
// Invariants:
//
//	I1  Each ref that a lane was given without an error is answered exactly once.
//	I2  "Failed" is said only of what nobody has executed, or will.
//	I3  The commands of a lane for one shard are executed in the order in which they were
//	    written, as long as none fails.
//
// Who owns what: a lane belongs to its owner's goroutine, but for its batches under way,
// which have a lock; what waits is under Router.mu; one goroutine tries it again, another
// reads for other nodes. Lock order: none is held while another is taken, nor while
// outcomes are delivered or a message is sent.
//
// Limits: NodeBytesMax of requests under way to a node, HeldBytesMax of what waits, and
// ReadBytesMax of queries of other nodes.
package router
