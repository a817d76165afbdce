package websocket

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Limits of what clients send, in bytes.
const (
	MessageBytesMax = 1 << 20 // payload of a message, of all its fragments
	ControlBytesMax = ws.MaxControlFramePayloadSize
)

// Kind is what Next has found.
type Kind uint8

// The kinds of events.
const (
	More  Kind = iota // nothing, until more bytes have come
	Data              // a piece of payload
	Ping              // to be answered with a pong
	Close             // the client closes the connection
)

// Event is what Next has found. Data is a view of its input: a piece of payload, or
// what the pong repeats. Code is what the client closes with, 0 for none.
type Event struct {
	Kind Kind
	Code Code
	Data []byte
}

// Decoder decodes what a client sends. The zero value is ready.
type Decoder struct {
	mask    [4]byte
	left    uint32 // payload bytes of the frame under way that have not come yet
	message uint32 // payload bytes of the message's frames so far
	turn    uint8  // the byte of mask that comes next
	started bool   // a message is under way
	final   bool   // the frame under way is its last
	over    bool   // closed, or failed
}

// Next looks for the next event in b, whose bytes it deciphers where they are. It
// returns how many it is done with, which may be some though nothing was found.
// The error is a *CloseError, after which there is nothing more.
func (d *Decoder) Next(b []byte) (e Event, used int, err error) {
	for !d.over {
		if d.left > 0 {
			n := min(int(d.left), len(b)-used)
			if n == 0 {
				return Event{}, used, nil
			}
			piece := b[used : used+n : used+n]
			d.payload(piece)
			return Event{Kind: Data, Data: piece}, used + n, nil
		}
		h, size, err := readHead(b[used:])
		if err == nil && size > 0 {
			err = d.check(&h)
		}
		if err != nil {
			d.over = true
			return Event{}, len(b), err
		}
		if size == 0 {
			return Event{}, used, nil
		}
		if !h.OpCode.IsControl() {
			d.begin(&h)
			used += size
			continue
		}
		end := used + size + int(h.Length)
		if end > len(b) {
			return Event{}, used, nil
		}
		payload := b[used+size : end : end]
		used = end
		ws.Cipher(payload, h.Mask, 0)
		switch h.OpCode {
		case ws.OpPing:
			return Event{Kind: Ping, Data: payload}, used, nil
		case ws.OpClose:
			d.over = true
			code, err := closeCode(payload)
			if err != nil {
				return Event{}, len(b), err
			}
			return Event{Kind: Close, Code: code}, len(b), nil
		}
	}
	return Event{}, len(b), nil
}

// readHead reads the head of a frame and returns its size: 0 when it is not whole.
func readHead(b []byte) (h ws.Header, size int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	const top, lengthBits, short, long = 0x80, 0x7f, 126, 127
	size = 2
	switch b[1] & lengthBits {
	case short:
		size += 2
	case long:
		size += 8
	}
	h.Masked = b[1]&top != 0
	if h.Masked {
		size += len(h.Mask)
	}
	if len(b) < size {
		return h, 0, nil
	}
	h.Fin = b[0]&top != 0
	h.Rsv = b[0] >> 4 & 7
	h.OpCode = ws.OpCode(b[0] & 0x0f)
	switch n := b[1] & lengthBits; n {
	case short:
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
	case long:
		length := binary.BigEndian.Uint64(b[2:])
		if length>>63 != 0 {
			return h, 0, errLength
		}
		h.Length = int64(length)
	default:
		h.Length = int64(n)
	}
	if h.Masked {
		copy(h.Mask[:], b[size-len(h.Mask):])
	}
	return h, size, nil
}

// check says what is wrong with a head.
func (d *Decoder) check(h *ws.Header) error {
	state := ws.StateServerSide
	if d.started {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(*h, state); err != nil {
		return &CloseError{Code: ProtocolError, Text: err.Error()}
	}
	if h.OpCode == ws.OpText {
		return errText
	}
	if !h.OpCode.IsControl() && h.Length > MessageBytesMax-int64(d.message) {
		return errTooBig
	}
	return nil
}

// begin begins a frame with payload.
func (d *Decoder) begin(h *ws.Header) {
	d.started, d.final = true, h.Fin
	d.mask, d.turn = h.Mask, 0
	d.left = uint32(h.Length)
	d.message += d.left
	d.end()
}

// payload deciphers a piece of the frame under way.
func (d *Decoder) payload(piece []byte) {
	ws.Cipher(piece, d.mask, int(d.turn))
	d.turn = uint8((int(d.turn) + len(piece)) % len(d.mask))
	d.left -= uint32(len(piece))
	d.end()
}

// end ends the message if its last frame has come.
func (d *Decoder) end() {
	if d.left == 0 && d.final {
		d.started, d.final, d.message = false, false, 0
	}
}

// closeCode reads the payload of a close frame: 0 when it is empty.
func closeCode(payload []byte) (Code, error) {
	if len(payload) == 0 {
		return 0, nil
	}
	if len(payload) < 2 {
		return 0, errCloseCode
	}
	code := binary.BigEndian.Uint16(payload)
	if !utf8.Valid(payload[2:]) {
		return 0, errCloseText
	}
	if code > codeMax || ws.CheckCloseFrameData(ws.StatusCode(code), "") != nil {
		return 0, errCloseCode
	}
	return Code(code), nil
}
