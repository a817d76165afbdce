// Package peer compares Throng with Redis on the same machine, in the same run,
// with the same operations.
//
// Redis is the redis-server of the system, started on loopback in a temporary
// directory with an append-only file that is fsynced before each answer, which
// is what Throng promises for every write. Its effective configuration is read
// back with CONFIG GET and reported. It never rewrites its file during the run,
// and takes no snapshots: work that Throng does not spare itself.
//
// Both hold two boards (sorted sets) of a million members: the same 16-byte
// owners, scores of 40 bits. Throng's boards have names whose slots lie in
// different halves of all slots, so that two shards serve one each. Differences
// that remain: a submit to Throng carries a request id, so that asking again
// does not do it again, and its answer the record; Throng's rank of an owner is
// board.owners with one owner, whose answer has the whole record, while
// ZREVRANK's has the rank; Redis has no command for the members around one, so
// there an operation is ZREVRANK and then, with its answer, ZREVRANGE with
// scores, both pipelined.
//
// Measurements alternate in short runs, and which server goes first changes
// every round. Ratios are taken within a round, between neighbours in time, and
// the median of the rounds counts: the noise of a shared machine hits both.
// Processor time is user and system of the server process.
//
// Loads are closed, in step (see package load). One goroutine runs everything
// but the loads' connections.
package peer
