// Package slot is the state of one hash slot: the unit that is replicated,
// snapshotted, moved, checkpointed and compared.
//
// A slot composes the in-memory kinds (boards so far), its own clock (the
// stamp), and the request ids of the clients that changed it. It is a pure
// state machine: Apply takes a command and the time of the entry that carries
// it, and nothing else.
//
// Invariants:
//
//	I1  The same commands with the same entry times give the same bytes of Encode,
//	    however they were batched and wherever a snapshot was taken and restored.
//	I2  The stamp rises with every command, whatever the entry times do:
//	    stamp = max(stamp+1, entry time in µs).
//	I3  A request id is executed at most once while its row lives: RowLife of
//	    slot time after its client's last use, less a second.
//	I4  A clone never changes. It may be encoded on another goroutine while the
//	    slot goes on.
//
// A slot belongs to the goroutine that applies entries; Query may run on others
// under the shard's read lock.
//
// Encode writes a stream of chunks (package pack), in this order:
//
//	head      [format, stamp, request rows]
//	boards    leaderboard.Boards.Encode
//	requests  [row…] per chunk, in order of use: [client, low, used, [seq, mark, result, …]]
//
// Limits: RowsMax clients with request ids, grid.RequestsMax results per client,
// ResultBytesMax per result and KeptBytesMax for all results of the slot.
package slot
