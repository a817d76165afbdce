// Package netio is the edge to clients: event loops that read frames, turn them
// into commands and queries for the shards, and write the replies.
//
// # How a request travels
//
// gnet runs one goroutine per event loop. Each has a socket of its own that listens, so
// that it has seen a connection before another is accepted, and a flood cannot take the
// last file descriptor (listen.go). Frames are decoded where they lie in
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
// # Sessions
//
// A connection's hello is authenticated (authenticate.go), then its user's slot is
// asked to resume the session that it names, or to open one (opening.go). Until that
// is decided the connection is greeting: what it sends waits in gnet's buffer. The
// welcome follows the outcome. The first frame behind a welcome that brought the next
// resume token of a session, or the next tokens of a user, confirms that they came.
//
// When a connection ends to which a session may be bound, its user's slot is told,
// again and again until that is acknowledged (detach.go): only then does the grace
// of the session begin. That also holds for a connection that ends before its
// opening is decided. Nobody else closes a session but its slot, whose hint
// KindEnded ends the connection. That hint may be lost with a leader or with the
// connection to its node: then Recheck has the slots concerned asked, a few sessions at a
// time, which of those that this gateway has are still bound to it (recheck.go).
//
// # Streams and pushes
//
// Loops follow which streams their connections are on, by the outcomes of
// presence.track and presence.untrack and the streams of resumed sessions (room.go).
// The shards' goroutines hand hints to the fan-out, which copies each once
// (hints.go): one for a single connection is left in its loop's inbox, for the
// number of a connection says where it is; one for a stream is encoded into the
// next round, if any loop has members on streams of that slot (interest.go); changes
// of presences are summed up for changesPause first (changes.go). Messages that
// clients pass on without the log take the same way (relay.go).
//
// All loops that care get the same round, note what each of their connections gets of
// it, and write each once (spread.go), together with replies if there are some. When
// the last is done, the messages passed on are answered and what has come up meanwhile
// makes the next round, after a pause of at most a tenth of what the last one took, and
// of 2 ms (fan.go, pace.go). A round that takes longer than roundPatience is overtaken by
// others, without what is for the same streams. Replies wait for none of that.
//
// Pushes are hints: they may be lost, and who loses some is told. To a client that
// leaves more than a quarter of OutBytesMax unread none is sent; once it has read
// what waits, it gets missed. A stream of which more waits than StreamBytesMax loses
// what is more, and all its members are told.
//
// # Limits of one client
//
// Each request comes out of two token buckets, that of the connection and that of its
// user, which loops share (admit.go, bucket.go, users.go). A refusal is answered at once
// and says when to ask again; of who asks far too fast nothing more is heard. Connections
// are counted by address (address.go). One for which there is no room waits a moment for
// its first bytes, to be told so in HTTP or in a goodbye (door.go).
//
// # How long requests take
//
// A request comes when something is first asked of its loop in an event, so one look at
// the clock is for all of an event, and its Ref carries that time to the shards and back.
// Its answer ends with the event that writes it (asked.go). What took longer than
// Limits.SlowRequest is logged by a goroutine of the server, with the name that the
// client knows it by (trace.go, slowlog.go): its connection's trace, which welcome tells,
// and its frame's id.
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
// Rounds write to writesTurn connections in a turn of the loop, all together and each
// its share, so that a small one is soon through beside a large. What takes longer
// than a loop may be busy is done by a bounded number of workers (workers.go).
//
// # Who owns what
//
//	loop, conn, lane     the loop's goroutine: all without locks
//	loop.inbox           its mutex; the shards' goroutines, workers, timers, the bell,
//	                     loops that end a round, and the loop
//	fan.mu               the round that gathers; the shards' goroutines, timers and loops
//	a round under way    nobody changes it; the loop that is done last gives it back
//	interest             atomic; each bit is its loop's
//	users, addresses     their mutexes, at the begin and end of connections; buckets
//	                     of users are atomic
//	limits               never changed, but replaced
//	Server.mu            the list of loops, appended to when a loop first accepts
//
// Lock order: Server.mu and fan.mu before loop.inbox. Nothing else is locked under
// any of them, and no code of other packages runs under them but gnet's Execute and
// presence.Events.
//
// # Invariants
//
//	I1  A request of an open connection is answered exactly once, unless the
//	    connection ends first.
//	I2  An outcome or push never reaches another connection than the one it is for: no
//	    two connections have the same number, in all of the server's life. What is for
//	    connections that are gone is dropped.
//	I3  No byte of gnet's inbound buffer is used after the callback in which it was
//	    seen (with invariants on, loops decode a copy that is poisoned afterwards).
//	I4  After its goodbye a connection reads nothing more; it ends once what was in
//	    flight is answered, or after LingerTicks ticks.
//	I5  What waits for one connection is bounded: inbound by twice FrameBytesMax (of a
//	    WebSocket as much again that is deciphered), and by greetingBytesMax before the
//	    welcome; outbound by OutBytesMax and one reply, of which pushes are at most a
//	    quarter and one round's part; numbered writes by PendingMax, and all else that
//	    is not answered at once likewise.
//	I6  What waits for all is bounded: pushes by PendingBytesMax and StreamsPendingMax,
//	    of what gathers and of each of RoundsMax under way, and by LettersMax a loop;
//	    errands by ErrandsMax, connections by ConnectionsMax, those long without a
//	    session by FreshMax, those to be turned away by TurnedMax a loop, users and
//	    addresses by connections and UsersRestingMax, ends that are not stored by DetachesMax.
//	I7  Each session that was ever bound to a connection of this server is either
//	    ended, bound to another one, or detached, some time after that connection has
//	    ended; or this server has ended, and the next start's sweep does it.
//	I8  Of one stream, a connection gets the frames in the order in which its slot has
//	    hinted them, each once. Who was answered that it is on a stream gets all that is
//	    hinted after that outcome, or is told that it missed some.
//	I9  What is hinted to one connection comes in its order among the outcomes of that
//	    shard.
//
// # On failure
//
// A panic while a connection is served is logged with its stack and closes that
// connection alone; a round goes on behind it. An end of gnet that nobody asked for
// closes Server.Done, and Server.Err says why; the process should end.
package netio
