// Package mesh carries the messages of a node to the others and back: peer.Peers over TCP,
// or over TLS with certificates on both sides.
//
// Each pair of nodes has one connection for all channels but Snapshot, and a second one
// for that channel, which is dialled when somebody needs it and closed after half a minute
// without use. A node's two lines stand for them (line.go). A line has a keeper: one
// goroutine that dials until there is a connection, reads it to its end, and begins anew.
// A connection has a writer, a goroutine that takes all frames that wait and writes them
// in one go. So a message costs its sender a short lock; it has no goroutine, timer or
// channel of its own.
//
// Both nodes dial. Who dials first says hello:
//
//	dialler                        accepter
//	   | hello ----------------------> |  who it is, what for, a nonce
//	   | <---------------------- hello |  the same
//	   | verdict, proof -------------> |  taken, or refused and why
//	   | <------------- verdict, proof |  the same; now the connection is a line's
//
// A proof is the HMAC-SHA256, under the cluster secret, of the side's role, both hellos and
// the verdict: nothing of it can be used again, by the other side or in another connection.
// The accepter proves nothing to a dialler that has not. It shows who is there; what follows
// is neither encrypted nor signed, so where others can reach the wire, use TLS.
//
// If both dial at the same time, the connection that the node with the lower number
// dialled stays: it refuses the other (Crossed) while it shakes hands itself, or when the
// dialler's hello does not know its connection yet (the field last). In all other cases the
// newer connection takes the place of the older: its dialler has lost that one.
//
// A hello (numbers are big-endian):
//
//	 0        4     5     6       8         9    12       16          32
//	+--------+-----+-----+-------+---------+----+--------+-----------+
//	| "ThPr" | min | max | bytes | purpose | 0  | number | cluster   |
//	+--------+-----+-----+-------+---------+----+--------+-----------+
//	 32            40          48          56      64         72     80      104
//	+-------------+-----------+-----------+-------+----------+------+-------+---------+
//	| incarnation | level min | level max | clock | instance | last | nonce | address |
//	+-------------+-----------+-----------+-------+----------+------+-------+---------+
//
// Min and max are versions of this protocol; the first 8 bytes are the same in all. Bytes
// counts what follows them. Clock is in microseconds since 1970. Instance is drawn by each
// process, last is the start of the nonce of the last connection's dialler. A verdict:
//
//	 0        2            4       12     12+bytes   44+bytes
//	+--------+------------+-------+------+----------+
//	| reason | text bytes | clock | text | proof    |
//	+--------+------------+-------+------+----------+
//
// A frame:
//
//	 0            4      5         6   8      16
//	+------------+------+---------+---+------+------+
//	| body bytes | sort | channel | 0 | call | body |
//	+------------+------+---------+---+------+------+
//
// The sort says whether it is a message, a call, an answer, or a ping (frame.go). A
// connection that breaks these rules is closed.
//
// Invariants:
//
//	I1  Messages of one channel from one node to another are handled in the order in
//	    which they were sent, each at most once: one goroutine reads one connection after
//	    the other, and nothing is ever sent a second time.
//	I2  Every call is answered once: with its answer, with ErrUnreachable when nothing
//	    was sent, or with ErrLost when its connection ended.
//	I3  A message that was taken and then lost is lost with its connection, and its end
//	    is reported before what takes its place: Down (or Gone), then Up. Snapshots are an
//	    exception: their line reports nothing, so who sends there calls.
//	I4  No message passes before both sides have proven that they know the secret.
//	I5  Gone is reported only when the other side closed the connection and its port then
//	    refused another.
//
// Failure. Who says nothing for peer.SilenceMax, or takes nothing for as long, loses the
// connection. A lost connection is dialled again at once, then after pauses that grow from
// 50 ms to 2 s. The clocks of both sides are compared by each handshake and each ping: who
// is more than 500 ms off is refused, and what was measured last is in Stats. Refusals are
// numbered (Reason), tell the other side what to do, and are logged by both, once until
// something changes. A question (Ask) has a connection of its own, for one call.
//
// Who owns what:
//
//	line.mu         which connection is the line's; the keeper and handshakes
//	conn.mu         what waits to be written, and the calls; senders, writer, keeper
//	effort          the keeper
//	conn.beat       the pulse, one timer that looks after all connections
//
// Lock order: Mesh.mu, line.mu, node.mu or conn.mu, failures.mu. No handler, watcher or done
// is called with a lock held.
//
// Limits: Options.QueueBytesMax waits for one connection (answers twice that), then sending
// fails; 65,536 calls are open each way; a body has at most peer.BodyBytesMax, a question
// 1 MiB; 256 handshakes of others are under way, 3 s each, and 64 questions, 15 s each. A
// long frame is given memory as its bytes come.
package mesh
