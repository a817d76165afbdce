// Package session holds everything about sessions: their state at the slots of
// their users, the commands of gateways and clients that change it, and the
// messages about it.
//
// A session is what a client keeps over lost connections: an id, and the streams
// on which it is present. It is bound to one connection of one gateway, or
// detached, and then ends when its grace is over. Its user's slot alone decides
// whether it lives and what it is on, and tells the slots of the streams by duties
// of package presence.
//
//	gateway         OpenRequest, ResumeRequest, ConfirmRequest, DetachRequest
//	client          TrackRequest, UntrackRequest, EndRequest, ListRequest: see Ops
//	user's slot     Sessions.Apply / .Query
//	  → streams     presence.EnterRequest, presence.LeaveRequest, in order per slot
//	  ← streams     presence.DroppedRequest: a stream did not take the session
//	  → gateway     KindEnded: close the connection
//	  → client      KindRefused: you are not on that stream after all
//
// # Resuming
//
// The gateway draws the secret of a session; the state keeps a Secret, half of its
// hash. To resume takes the secret and sets the next one. The welcome that brings
// the next one to the client may be lost, so the secret before stays good until
// the gateway confirms, on the client's first frame, that the client has the new
// one. Whoever resumes takes the session over: a connection it was bound to gets
// KindEnded.
//
// Commands of a connection name it, and do nothing unless the session is bound to
// exactly that connection, however late they come. All commands may be sent again:
// opening from the same connection gives the same session, resuming with the same
// next secret what it gave. For this a gateway uses no number of a connection
// twice, one secret for a resume and the opening that follows when that fails, and
// detaches again when the outcome of either comes after its connection has gone.
//
// # Refresh tokens
//
// A refresh token is used by the command that opens a session; the welcome brings the
// next one. It may be lost as well, so the token is good again until the client has
// shown that the welcome came: by the first frame, which confirms, by resuming with the
// secret that came, or with a token that was given out in the session. It is good only
// while that session lives, which ends when the token is used again: nobody has it. A
// resume needs a token that is good, and does not use it.
//
// # Invariants
//
//	I1  Apply, Tick and Sweep depend on nothing but the state, the turn and the body:
//	    the same commands give the same replies, duties and bytes from Encode,
//	    whatever clones, snapshots and restores lay between them.
//	I2  A command that fails has changed nothing and sent nothing.
//	I3  A clone never changes: rows are replaced, never written to.
//	I4  A session is on a stream if and only if, of the duties that its user's slot
//	    sent for both, the last one is an EnterRequest; and that names the origin to
//	    which the session was bound last.
//	I5  The waiting sessions are the detached ones; every user with used tokens has
//	    one entry in order of what expires first.
//	I6  Of the sessions that a refresh token has opened at most one lives, and once a
//	    client has shown that it has one, or the last has ended, it opens no more: its
//	    id is kept until it expires, and from then on it is refused for that.
//
// # Ownership and failure
//
// A Sessions belongs to its slot, whose lock lets one Apply, Tick, Sweep or Clone
// run, or any number of queries. A clone belongs to whoever took it. Every refusal
// is a *fault.Error with a sentence for the game's developer. Bodies and snapshots
// may come from a file or a peer, and are checked like a client's messages: they
// cannot make anything here panic, or allocate beyond their own size's proportion.
// Hints may be lost; nothing depends on them. All limits are in limits.go.
//
// A session on one stream takes about 130 bytes, and about 60 more while it is
// detached; a used token about 70, and 50 more for the first of a user.
package session
