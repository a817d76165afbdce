// Package load drives a server over many connections as hard, or as evenly, as
// a benchmark asks, checks every answer, and costs little itself.
//
// One generator serves all servers that are compared: a Dialect puts the same
// operation (same board, owner and score) into the bytes of Throng or of Redis,
// and reads and checks the reply. What differs is only what must.
//
// Modes:
//
//	closed, in step  send Depth requests, wait for all replies, again: what
//	                 redis-benchmark does. The default.
//	closed, sliding  send a new request for each reply that came.
//	open             requests are due at random times, Rate a second over all
//	                 connections, whatever the server does. Latency counts from
//	                 when a request was due, so that a stall shows in all requests
//	                 it delayed and not in one alone.
//
// Invariants:
//
//	I1. At most Depth requests are in flight on a connection, and they lie within
//	    Depth of the oldest unanswered one.
//	I2. A reply that is an error, or says something else than the operation must
//	    give, ends the run with an error.
//	I3. Each operation is counted once, when its last reply has come.
//
// Besides, a bench that talks on connections of its own finds here how to open them,
// to say hello, to enter and leave streams, and to do something on many at a time,
// all of which ends with the context (Dial, Within, Each, Greet, Enter, …); and an
// Audience, a crowd that only listens and counts.
//
// Each connection is one goroutine that owns its socket, buffers and dialect; its
// counts are behind a mutex that Interval takes. Generator methods may be called
// from any goroutine. All goroutines have ended when Wait or Stop returns.
//
// Limits: DepthMax requests in flight, ReplyBytesMax a reply.
package load
