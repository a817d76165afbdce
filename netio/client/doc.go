// Package client is the Go SDK of Throng: typed calls over one connection that
// is kept up.
//
//	c, err := client.Dial(ctx, "localhost:7400", client.Options{
//		Credential: client.Custom("player-0001"),
//	})
//	…
//	reply, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "weekly", Score: 4200})
//
// # How a call travels
//
// A call encodes its fields and joins the queue of its window: one for writes,
// one for reads, each with at most grid.RequestsMax numbers unanswered. The
// writer goroutine takes what the windows allow, gives each its number, and
// sends all of it with one system call; so concurrent calls share packets. The
// reader goroutine matches replies to calls and wakes those who wait. A Batch
// queues many calls at once and wakes its caller once.
//
// # What a call returns
//
// Errors are *fault.Error. Failed (Unknown is false) means that nothing
// happened. Unknown means that a write may yet have happened. Everything that
// can be made certain is: when the connection is lost the client connects
// again, with growing pauses, and sends writes again under their numbers, which
// the server does once and no more. Errors that the server says to try again
// are tried again. All that lasts until the call's context ends, or RetryFor.
//
// # Invariants
//
//	I1  A write keeps its number from its first sending until it is answered, and is
//	    answered once.
//	I2  The low number that goes with a write is at most every number unanswered.
//	I3  An abandoned call (its context ended) that was sent keeps its place in the
//	    window until its reply or the end of the connection, so that the server
//	    never has more unanswered than it granted.
//	I4  No goroutine outlives Close.
//
// # Who owns what
//
// Client.mu guards the windows and all calls in them; nothing is locked under
// it, and no system call is made under it. The reader goroutine (run) owns the
// connection's life; the writer lives and dies with each connection.
package client
