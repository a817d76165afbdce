// Package leaderboard holds everything about boards: their state, commands,
// queries and wire messages.
//
// A board has a name, a direction (Sort), an Operator and records, one per
// owner. Order is score, subscore, then who got there first: a submit that
// changes neither score nor subscore keeps the record's stamp, and with it the
// rank. Ranks begin at 1.
//
// # How a request flows
//
//	client     XRequest.Append        fields of the request
//	event loop Op.Prepare             checks them and the caller's rights, names the owner
//	           → body                 the same fields, in shortest form
//	slot       Boards.Apply / .Query  checks the body again, acts, appends the reply
//	client     DecodeXReply
//
// The state of one slot's boards is a copy-on-write map from name to board; a
// board's records are a ranking.Set, where the data structure is described.
//
// # Invariants
//
//	I1  Apply depends on nothing but the state, the stamp and the body: the same
//	    commands give the same replies and the same bytes from Encode, whatever
//	    clones, snapshots and restores lay between them.
//	I2  A command that fails has changed nothing.
//	I3  A clone never changes. A board is written only if it carries the
//	    generation of its Boards; else its successor is.
//	I4  No score or subscore is math.MinInt64, so all can be negated.
//	I5  What Encode writes names no ordinal and no place in memory, and lists
//	    boards by name and records by rank, so equal states give equal bytes.
//
// # Ownership and failure
//
// A Boards belongs to its slot, whose lock lets one Apply or Clone run, or any
// number of queries. A clone belongs to whoever took it. Every refusal is a
// *fault.Error with a sentence for the game's developer. Bodies and snapshots
// may come from a file or a peer, and are checked like a client's messages:
// they cannot make anything here panic, or allocate beyond their own size's
// proportion. All limits are in settings.go.
//
// A slot's memory is about 65 bytes a record. A board keeps the memory of the
// most records it had until it is deleted or the slot restored.
package leaderboard
