// Package chat holds everything about channels: their state, commands, queries
// and wire messages, what goes to the archive, and how a reader puts a channel's
// messages in order.
//
// A channel is the persistent side of a stream, of a room so far: messages with
// numbers from 1 on, without gaps. Its newest messages, the tail, are in memory.
// All of them are in the archive, if the cluster has one; if not, what falls off
// the tail is gone. Updates and removals are numbered too, per channel: the
// number of its last one is a message's revision. A signal is relayed to who is
// there, and never gets here.
//
// # How things flow
//
//	client     XRequest.Append        fields of the request
//	event loop Op.Prepare             checks them; adds who asks, and if there is an archive
//	slot       Channels.Apply         checks the body again, acts, replies; hints the push
//	           Channels.Query         answers from the tail, or a part: grid.ErrPartial
//	worker     Op.Complete            reads the rest from the Archive, and finishes the page
//	archiver   Channels.Backlog       → Archive.Store → KindArchived through the log
//	client     DecodeXReply, DecodeXEvent → Reader → messages, once and in order
//
// The state of one slot is a copy-on-write map from key to channel. A tail is a
// slice of encoded messages: sending appends to it, reading copies from it.
//
// # Invariants
//
//	I1  Apply depends on nothing but the state, the stamp, the members and the body:
//	    the same commands give the same replies and the same bytes from Encode,
//	    whatever clones, snapshots and restores lay between them.
//	I2  A command that fails has changed nothing.
//	I3  A clone never changes. Encoded messages are never written to. The elements of
//	    a tail are only if it carries the generation of its Channels, else a copy of
//	    them is; behind the end of a tail, where no clone looks, it may always grow.
//	I4  A tail is never empty, and has no gaps; nor has it more than TailMessages, or
//	    more bytes than the last message told it to keep, but for what the archive still
//	    lacks: messages above messages.done up to messages.wanted, and changes above
//	    changed.done up to changed.wanted.
//	I5  What leaves the tail is durable in the archive, unless no archive was wanted.
//	    So a page whose upper part was taken from the tail, and whose lower part is
//	    read from the archive afterwards, has no gap and nothing twice.
//	I6  A removed message stays removed.
//	I7  What Encode writes does not depend on how tails lie in memory, and lists
//	    channels by key, so equal states give equal bytes.
//
// # Archive or not
//
// The commands say whether the cluster has an archive, so that the state is
// deterministic. Where one comes that says no after others that said yes, what
// waits for the archive may fall off the tail; where one says yes after others
// that said no, all that is still in the tail waits for the archive.
//
// A server may change messages that only the archive has. The slot keeps what is
// to change, an amendment, until the archive has it, and lays it over what is read
// meanwhile. It does not know whether such a message was removed before: then an
// update is accepted and pushed, and changes nothing (I6).
//
// # How much a tail keeps
//
// That is configured, but Apply knows no configuration (I1). So each message carries
// it, unless it is TailBytes; the channel remembers it, and keeps to it when messages
// are archived or changed. With less, the tail is cut by the next message; with more
// it grows by what comes, and gets back nothing from the archive.
//
// # Ownership and failure
//
// A Channels belongs to its slot, whose lock lets one Apply or Clone run, or any
// number of queries and calls of Pending and Backlog. A clone belongs to whoever
// took it, a Reader to its caller. Every refusal is a *fault.Error with a sentence
// for the game's developer. While the archive fails, nothing is lost: a channel
// grows up to TailBytesMax, and then refuses messages with RESOURCE_EXHAUSTED.
// Bodies and snapshots may come from a file or a peer, and are checked like a
// client's messages: they cannot make anything here panic, or allocate beyond
// their own size's proportion. All limits are in settings.go.
//
// A channel takes about 240 bytes, and each message in its tail about 90 besides
// its content.
package chat
