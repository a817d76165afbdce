// Package slot is the state of one hash slot: the unit that is replicated,
// snapshotted, moved, checkpointed and compared.
//
// A slot composes the features' states (boards, sessions, presences, channels),
// its own clock (the stamp), the request ids of the clients that changed it, and
// its outbox: duties, which are commands that other slots must carry out. It is a
// pure state machine: Apply takes a command, the time of the entry that carries it
// and which incarnations are dead, and nothing else.
//
// # Duties
//
// A feature's Apply sends a duty (grid.Outbox) to a slot. The leader reads what an
// outbox owes (Duties), writes one KindDeliver per pair of slots, and when that is
// committed a KindCarried to the source, which then forgets those duties. Either
// may be repeated, late, or lost with its leader: the source numbers its duties,
// and the taker keeps the highest number that it has carried out for each source.
//
// Invariants:
//
//	I1  The same commands with the same entry times give the same bytes of Encode,
//	    however they were batched and wherever a snapshot was taken and restored.
//	I2  The stamp rises with every command, whatever the entry times do:
//	    stamp = max(stamp+1, entry time in µs).
//	I3  A request id is executed at most once while its row lives: RowLife of
//	    slot time after its client's last use, less a second.
//	I4  A duty is carried out exactly once, after all that the same source sent to the
//	    same destination before.
//	I5  A clone never changes. It may be encoded on another goroutine while the
//	    slot goes on.
//
// A slot belongs to the goroutine that applies entries; Query may run on others
// under the shard's read lock.
//
// Encode writes values (pack.Encoder), in this order:
//
//	head      [format, stamp, request rows, last duty, duties, sources heard]
//	features  boards, sessions, presences, channels: the Encode of each
//	duties    [destination, number, kind, body]   by destination and number
//	heard     [source, number]                    by source
//	requests  [client, low, used, [seq, mark, result, …]]   in order of use
//
// Limits: OutboxBytesMax for the outbox, RowsMax clients with request ids,
// grid.RequestsMax results per client,
// ResultBytesMax per result and KeptBytesMax for all results of the slot.
package slot
