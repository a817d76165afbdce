// Package websocket is RFC 6455 as a server sees it, in functions on buffers: the
// handshake (Policy), a decoder of what clients send (Decoder), and the heads of
// what the server sends. It reads and writes no sockets and keeps no bytes.
//
// The frames of the protocol travel in binary messages. Towards the client a
// message holds whole frames, any number of them: what was written in one go.
// Towards the server the payloads of all messages are one stream of bytes, as
// those of a TCP connection are: where messages and fragments end says nothing.
//
// gobwas/ws does the handshake, the masking, and the checks of heads and of close
// codes. Heads are read and written here, since its own functions want an
// io.Reader and an io.Writer, and allocate for every frame; the fuzz targets hold
// them against its.
//
// # What is taken and what is not
//
//	handshake    HTTP/1.1 GET, version 13; no extensions, so no compression; the
//	             subprotocol throng.v1 is chosen when it is offered, and need not be
//	messages     binary ones, in any number of fragments
//	text         refused with 1003
//	ping         answered with its pong, also between fragments
//	pong         passed over
//	close        answered with its code
//
// An unmasked frame, a reserved bit or code, a control frame that is longer than
// 125 bytes or in fragments, and a fragment out of its turn are refused with 1002.
//
// # Invariants
//
//	I1  A Decoder yields the same whatever pieces its input comes in.
//	I2  Each byte is deciphered once, where it lies. What Next has used must not be
//	    given to it again.
//	I3  Whatever comes behind a close frame, or behind an error, is passed over.
//
// # Limits
//
// A header block has at most HandshakeBytesMax bytes. A message has at most
// MessageBytesMax; a Decoder keeps none of them, so that is a limit on what one
// broken length can pass off as payload, and not on memory. Decoding allocates
// nothing.
//
// A Decoder belongs to whoever owns the connection; a Policy is never changed.
package websocket
