// Package netio is the edge to clients: event loops that read frames, turn them
// into commands and queries for the shards, and write the replies.
//
// # How a request travels
//
// gnet runs one goroutine per event loop. Frames are decoded where they lie in
// its inbound buffer (serve.go). A write is prepared into the loop's scratch
// buffer and staged on the loop's lane, which is flushed at the end of the
// event. A read is answered at once, its reply appended behind the frame's head
// in the connection's outgoing buffer. At the end of each event every
// connection that has something to say is written to once (output.go).
//
// Outcomes of writes come from the shards' goroutines: Deliver appends them to
// the loop's inbox and sees to it that one drain task, and only one, is posted
// (inbox.go). The task settles a bounded number of them, resumes connections
// that had to wait, and flushes (drain.go).
//
// # WebSocket
//
// What begins like an HTTP request is upgraded, or refused in HTTP (websocket.go).
// Payload is deciphered where it lies in gnet's buffer and served as bare frames
// are; only what has to wait, and a frame that is not whole, is copied. What is
// written to such a connection at once is one message, whose head is handed to gnet
// beside the bytes: a round's frames are shared by connections of both kinds.
//
// # Fairness
//
// gnet runs posted tasks until there are none, before it looks at a socket
// again. So a task that has more to do than its share never posts itself: it
// rings the loop's bell, a goroutine of its own that posts the next task, by
// when the loop has been to its sockets (bell.go). Reads have a budget per turn
// of the loop; a connection whose read finds it spent is parked, in order, with
// its bytes in gnet's buffer.
//
// # Who owns what
//
//	loop, session, lane  the loop's goroutine: all without locks
//	loop.inbox           its mutex; the shards' goroutines, the bell and the loop
//	Server.mu            the list of loops, appended to when a loop first accepts
//
// Lock order: Server.mu before loop.inbox. Nothing else is locked under either,
// and no code of other packages runs under them but gnet's Execute.
//
// # Invariants
//
//	I1  A request of an open connection is answered exactly once, unless the
//	    connection ends first.
//	I2  An outcome never reaches another connection than the one that asked: handles
//	    carry a generation. Outcomes for connections that are gone are dropped.
//	I3  No byte of gnet's inbound buffer is used after the callback in which it was
//	    seen (with invariants on, loops decode a copy that is poisoned afterwards).
//	I4  After its goodbye a connection reads nothing more; it ends once what was in
//	    flight is answered, or after LingerTicks ticks.
//	I5  What waits for one connection is bounded: inbound by twice FrameBytesMax (of a
//	    WebSocket as much again that is deciphered), outbound by OutBytesMax and one
//	    reply, writes by grid.RequestsMax, parked linearizable reads by ConfirmsMax.
//
// # On failure
//
// A panic while a connection is served is logged with its stack and closes that
// connection alone. An end of gnet that nobody asked for closes Server.Done, and
// Server.Err says why; the process should end.
package netio
