// Package wire is the binary protocol: frames, the messages of a session, and
// the numbered reasons for which a server closes a connection. The messages of
// a feature (a board's submit, say) live with the feature.
//
// # Frames
//
// Both directions carry frames over a TCP connection, all numbers big-endian:
//
//	 0        4      6       8       12
//	+--------+------+-------+-------+----------------------+
//	| length | kind | flags |  id   | one msgpack array    |
//	|  u32   | u16  |  u16  |  u32  | length-8 bytes       |
//	+--------+------+-------+-------+----------------------+
//
// length counts all that follows it: 8 and the array's bytes. id is drawn by
// the client and echoed in the reply, as is kind; replies may come in another
// order than their requests, so a client draws ids that are not in use. A frame
// that the server pushes (goodbye, missed, what features push) has id 0.
//
// Flags, from the lowest bit:
//
//	bit 0     REPLY  this frame answers the request with its kind and id
//	bit 1     ERROR  the reply is an error: [code, message, retry ms, unknown]
//	bits 4–5  LEVEL  of a read request: 0 leader, 1 linearizable, 2 stale
//
// All other bits are 0 and not looked at.
//
// Arrays only ever grow at the end: who decodes one skips elements behind those
// it knows. Numbers may be sent in any msgpack form that holds them.
//
// # Kinds
//
//	0x0001  hello    the first frame of a connection, and never again
//	0x0002  goodbye  the server closes the connection, and says why
//	0x0003  ping     [] → []; a sign of life, at any time after hello
//	0x0004  missed   [], pushed: pushes were dropped for this connection, which did
//	                 not read; read anew what you need to know
//	0x0005  token    [] → [session token, expires, refresh token, expires], the
//	                 times in seconds since 1970
//	0x01..  boards   grid/leaderboard
//	0x02..  sessions grid/session
//	0x03..  presence grid/presence
//	0x04..  chat     grid/chat
//
// Of each high byte, what is below 0x80 are requests and 0xe0 to 0xef pushes.
//
// A kind that the server does not know is answered with UNIMPLEMENTED; the
// connection stays.
//
// The array of a write begins with its request id: [seq, low, fields …]. seq
// counts the client's writes, low is its lowest number not yet answered, and
// low ≤ seq < low+64, else the answer is OUT_OF_RANGE. A write that is sent
// again under its number, on this connection or a later one with the same user
// and nonce, is done once and answered as the first time. The array of a read
// has just its fields.
//
// # Hello
//
//	→ [version min, version max, provider, credential, nonce, agent, resume]
//	← [version, user id, requests max, frame bytes max, agent,
//	   session id, resume, resumed, streams]
//
// provider says what the credential is:
//
//	custom   an id of 6 to 128 bytes of UTF-8 that the game chose for the
//	         player, and keeps secret
//	device   likewise, of 10 to 128 bytes, kept by the device
//	token    a session token from a token request
//	refresh  a refresh token from a token request; it is used up
//	jwt      a token that the studio signed
//	server   the server's key; the session may act for every user
//
// nonce, 8 to 32 random bytes, names the client's request ids: keep it over
// reconnects. agent, at most 128 bytes, says what speaks. resume, nil or left out
// for a new session, is the resume token of the last welcome: 24 bytes, the
// session's id and a secret.
//
// In the reply, requests max is how many writes, and how many linearizable reads,
// of a connection may be unanswered; one more is refused with RESOURCE_EXHAUSTED.
// frame bytes max bounds a frame from the client, head included; before hello the
// bound is HelloBytesMax. The session has a new resume token with each welcome.
// The one before is good until the client has sent something after the welcome:
// who never saw the welcome can resume with it. resumed says whether the session
// named in hello goes on; if not, that is no error: this is a new one. streams,
// [kind, name] each, are those on which the resumed session is.
//
// # Goodbye
//
//	← [reason, text, reconnect after ms]
//
// The number's range says what to do: see Reason. The server reads nothing more,
// still answers what was in flight, and shuts its side; requests that are
// unanswered when the connection ends may or may not have been done.
//
// # Invariants
//
//	I1  Next allocates nothing and believes no length above its limit.
//	I2  A decoded message holds no view of the input.
//	I3  What Append wrote, Decode reads back equal (fuzzed; golden vectors in testdata).
//
// Nothing here keeps state; all may be called from any goroutine.
package wire
