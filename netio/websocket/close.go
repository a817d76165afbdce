package websocket

import (
	"encoding/binary"
	"unicode/utf8"
)

// Code is why a connection is closed.
type Code uint16

// The codes that a server uses.
const (
	Normal          Code = 1000
	GoingAway       Code = 1001 // connect again
	ProtocolError   Code = 1002
	Unsupported     Code = 1003 // a text message
	PolicyViolation Code = 1008 // the protocol inside the messages was broken
	TooBig          Code = 1009

	codeMax = 4999
)

// CloseError is what a client did wrong, and how to close the connection then.
type CloseError struct {
	Code Code
	Text string
}

func (e *CloseError) Error() string { return e.Text }

var (
	errText      = &CloseError{Unsupported, "a text message: send binary ones"}
	errTooBig    = &CloseError{TooBig, "a message of more than 1 MiB: send several"}
	errLength    = &CloseError{ProtocolError, "the highest bit of a length is set"}
	errCloseCode = &CloseError{ProtocolError, "a close code that nobody may send"}
	errCloseText = &CloseError{ProtocolError, "a close reason that is not UTF-8"}
)

// Heads of what the server sends, all final and unmasked.
const (
	headBinary = 0x82
	headClose  = 0x88
	headPong   = 0x8a
)

// AppendClose appends a close frame. The text is cut to what fits; with the code 0
// the frame is empty.
func AppendClose(b []byte, c Code, text string) []byte {
	if c == 0 {
		return append(b, headClose, 0)
	}
	const textMax = ControlBytesMax - 2
	if len(text) > textMax {
		n := textMax
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	b = append(b, headClose, byte(2+len(text)))
	b = binary.BigEndian.AppendUint16(b, uint16(c))
	return append(b, text...)
}

// AppendPong appends the answer to a ping.
func AppendPong(b, payload []byte) []byte {
	return append(append(b, headPong, byte(len(payload))), payload...)
}
