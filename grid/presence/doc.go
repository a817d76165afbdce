// Package presence holds everything about who is on which stream: the state at
// the streams' slots, the duties that change it, queries, and the events of who
// came and went.
//
// A presence is one session on one stream, with a status text. A stream exists
// while it has presences.
//
// # How a presence comes and goes
//
//	user's slot     grid/session          decides who is on what, and sends duties:
//	stream's slot   Streams.Apply         EnterRequest, LeaveRequest; tells by hints:
//	  → the session     KindEntered       it is on the stream, which has so many
//	  → all on it       KindChange        one joined, left, or has another status
//	  → their gateways  KindNodes         which nodes have members on it, if several have
//	gateway         Events                gathers these for a while, and pushes one
//	  → each client     KindChanged       event for all of them
//	client          DecodeEnteredEvent, DecodeChangedEvent
//
// Only the user's slot ends a presence: none expires here. When the stream or the
// slot is full the user's slot is told so, with a DroppedRequest. Who has joined a
// stream is told how many are on it and asks for pages of them (ListRequest), so
// that filling a room of n costs n.
//
// The state of one slot is a copy-on-write map from stream to presences. These are
// a sorted slice, and beyond 32 a tree; the one presence of a stream that never
// had two stands in the map itself, because most streams are the status of one user.
//
// Beside the members of a stream stands how many of them each gateway has, so that
// hints go to the nodes that have some, and to no others. This follows from the
// members, and is neither encoded nor digested; a stream with one presence keeps
// nothing for it.
//
// # Invariants
//
//	I1  Apply depends on nothing but the state and the body: the same commands give
//	    the same duties and the same bytes from Encode, whatever clones, snapshots
//	    and restores lay between them.
//	I2  A command that fails has changed nothing.
//	I3  A clone never changes: members are never written to, and a group only if it
//	    carries the generation of its Streams; else its successor is.
//	I4  No stream is empty. Its presences are in order of sessions; one session is on
//	    it once, and belongs to one user.
//	I5  The shares of a group count its members by gateway, none of them with none.
//	I6  What Encode writes does not depend on how presences are stored, and lists
//	    streams by key and presences by session, so equal states give equal bytes.
//
// # Ownership and failure
//
// A Streams belongs to its slot, whose lock lets one Apply or Clone run, or any
// number of queries and calls of Present. A clone belongs to whoever took it. An
// Events belongs to the gateway's goroutine that fills it. Every refusal is a
// *fault.Error with a sentence for the game's developer. Bodies and snapshots may
// come from a file or a peer, and are checked like a client's messages: they
// cannot make anything here panic, or allocate beyond their own size's proportion.
// All limits are in settings.go.
//
// A stream with one presence takes 115 to 140 bytes, each presence of a large one
// about 80, besides their statuses.
package presence
