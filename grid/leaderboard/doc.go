// Package leaderboard holds everything about boards: their state, commands,
// queries and wire messages.
//
// A board has a name, a direction (Sort), an Operator and records, one per
// owner. Order is score, subscore, then who got there first: a submit that
// changes neither score nor subscore keeps the record's stamp, and with it the
// rank. Ranks begin at 1. Boards and records may carry a text of the game's own.
//
// # How a request flows
//
//	client     XRequest.Append        fields of the request
//	event loop Op.Prepare             checks them and the caller's rights, names the owner
//	           → body                 the same fields, in shortest form, and who sent it
//	slot       Boards.Apply / .Query  checks the body again, acts, appends the reply
//	client     DecodeXReply
//
// The state of one slot's boards is a copy-on-write map from name to board; the
// records of a period are a ranking.Set, where the data structure is described,
// and their texts a tree beside it.
//
// # Periods
//
// A board with a schedule is reset: the period that runs becomes one that is
// over, and is kept for as long as the board says, under the time of its end. A
// reset is the work of Tick, or of the first submit whose stamp is not before the
// end; so what counts for which period depends on stamps alone. A period that is
// over never changes, and goes in one piece. One without records is not kept.
//
// # Cursors
//
// A cursor is a place in the order, of the record at the end of a page, and the
// end of its period. A page that goes on from there misses and repeats nothing
// but records that moved across the place meanwhile; ranks may have shifted.
//
// # Stripes
//
// The owners of a board that is made with stripes are spread over as many slots,
// by a hash. The slot of the name has the first stripe and all settings; the
// others are boards there under keys that no client can name, made and dropped by
// duties. A name tells no edge whether its board is spread, and asking first would
// be at the cost of all others. So requests go to the root:
//
//	reads   it answers with grid.ErrPartial and what the board is; the edge asks all
//	        stripes and merges (scatter.Gather)
//	writes  it answers with grid.Elsewhere; the edge writes to the owner's stripe,
//	        and remembers what the board is (routes) for Prepare
//
// What an edge remembers may be wrong: a stripe that is not there sends the write
// back to the root. A deleted board's name is taken until all its stripes are
// gone, so that such a write cannot be lost from another board of that name.
//
// A rank is a sum of counts, and a page at a rank is found by counting before
// records from about there (gather.seek). Each stripe is read as of when it is
// asked, so reads are exact while nothing is written, and else as good as that.
//
// # Invariants
//
//	I1  Apply and Tick depend on nothing but the state, the stamp and the body: the
//	    same commands give the same replies and the same bytes from Encode,
//	    whatever clones, snapshots and restores lay between them.
//	I2  A command that fails has changed nothing.
//	I3  A clone never changes. A board is written only if it carries the
//	    generation of its Boards; else its successor is.
//	I4  No score or subscore is math.MinInt64, so all can be negated.
//	I5  What Encode writes names no ordinal and no place in memory, and lists
//	    boards by name and records by rank, so equal states give equal bytes.
//	I6  Only names of stripes have the byte 0, and no client's request has one.
//	I7  No record is in a stripe that is not its owner's.
//
// # Ownership and failure
//
// A Boards belongs to its slot, whose lock lets one Apply, Tick or Clone run, or
// any number of queries. A clone belongs to whoever took it. What Ops returns may
// be used by any number of goroutines. Every refusal is a *fault.Error with a
// sentence for the game's developer. Bodies and snapshots may come from a file or
// a peer, and are checked like a client's messages: they cannot make anything
// here panic, or allocate beyond their own size's proportion. All limits are in
// settings.go.
//
// A slot's memory is about 65 bytes a record. A board keeps the memory of the
// most records it had in a period until that is over, it is deleted or the slot
// restored.
package leaderboard
