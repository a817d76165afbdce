package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// seen is what came out of a stream: all payload, where in it which control frames
// came, and with what it ended.
type seen struct {
	payload  []byte
	controls string
	end      Code // 0: the stream just ends
}

func (s *seen) control(kind string, payload []byte) {
	s.controls += fmt.Sprintf("%s %x at %d\n", kind, payload, len(s.payload))
}

func (s *seen) equal(o *seen) bool {
	return bytes.Equal(s.payload, o.payload) && s.controls == o.controls && s.end == o.end
}

// decode gives a stream to a Decoder in pieces of a size, as a socket would: what
// was not used comes again, with more behind it.
func decode(t testing.TB, stream []byte, size int) *seen {
	t.Helper()
	var d Decoder
	s := new(seen)
	stream = bytes.Clone(stream) // deciphered in place
	from := 0
	for to := 0; ; {
		e, used, err := d.Next(stream[from:to])
		if used < 0 || from+used > to {
			t.Fatalf("used %d of %d bytes", used, to-from)
		}
		from += used
		var refused *CloseError
		switch {
		case errors.As(err, &refused):
			s.end = refused.Code
		case err != nil:
			t.Fatal(err)
		case e.Kind == Data:
			if len(e.Data) == 0 {
				t.Fatal("a piece of payload is empty")
			}
			s.payload = append(s.payload, e.Data...)
			continue
		case e.Kind == Ping:
			s.control("ping", e.Data)
			continue
		case e.Kind == Close:
			s.control(fmt.Sprint("close ", e.Code), nil)
		default:
			if to == len(stream) {
				return s
			}
			to = min(to+size, len(stream))
			continue
		}
		if e, used, err := d.Next(stream); e.Kind != More || used != len(stream) || err != nil {
			t.Fatalf("behind the end: %+v, %d used, %v", e, used, err)
		}
		return s
	}
}

// oracle reads a stream with gobwas/ws's own reader.
func oracle(stream []byte) *seen {
	s := new(seen)
	r := &wsutil.Reader{
		Source: bytes.NewReader(stream), State: ws.StateServerSide, MaxMessageSize: MessageBytesMax,
	}
	r.OnIntermediate = func(h ws.Header, body io.Reader) error { return s.gobwasControl(h, body) }
	err := s.gobwasMessages(r)
	var protocol ws.ProtocolError
	var refused *CloseError
	switch {
	case errors.As(err, &refused):
		s.end = refused.Code
	case errors.As(err, &protocol), errors.Is(err, ws.ErrHeaderLengthMSB):
		s.end = ProtocolError
	case errors.Is(err, wsutil.ErrMessageTooLarge):
		s.end = TooBig
	}
	return s
}

var errClosed = errors.New("closed")

func (s *seen) gobwasMessages(r *wsutil.Reader) error {
	for {
		h, err := r.NextFrame()
		if h.OpCode == ws.OpText && (err == nil || errors.Is(err, wsutil.ErrMessageTooLarge)) {
			return errText
		}
		if err != nil {
			return err
		}
		if h.OpCode.IsControl() {
			if err := s.gobwasControl(h, r); err != nil {
				return err
			}
			continue
		}
		for err == nil {
			var b [7]byte
			var n int
			n, err = r.Read(b[:])
			s.payload = append(s.payload, b[:n]...)
		}
		if err != io.EOF {
			return err
		}
	}
}

func (s *seen) gobwasControl(h ws.Header, body io.Reader) error {
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(body, payload); err != nil {
		return io.ErrUnexpectedEOF
	}
	if r, ok := body.(*wsutil.Reader); ok {
		_ = r.Discard() // for the reader's own state, at the end of a frame
	}
	switch h.OpCode {
	case ws.OpPing:
		s.control("ping", payload)
	case ws.OpClose:
		code, reason := ws.ParseCloseFrameData(payload)
		if len(payload) == 1 || code > codeMax {
			return ws.ErrProtocolStatusCodeUnknown
		}
		if len(payload) > 0 {
			if err := ws.CheckCloseFrameData(code, reason); err != nil {
				return err
			}
		}
		s.control(fmt.Sprint("close ", Code(code)), nil)
		return errClosed
	}
	return nil
}

// frame makes a frame as a client sends it.
func frame(op ws.OpCode, fin bool, payload string) []byte {
	h := ws.Header{Fin: fin, OpCode: op, Masked: true, Mask: [4]byte{0xa1, 2, 0xff, 4}, Length: int64(len(payload))}
	body := []byte(payload)
	ws.Cipher(body, h.Mask, 0)
	return append(head(h), body...)
}

func head(h ws.Header) []byte {
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func message(s string) []byte { return frame(ws.OpBinary, true, s) }

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func closing(c Code, text string) []byte {
	return frame(ws.OpClose, true, string(AppendClose(nil, c, text)[2:]))
}

// changed returns a frame with bits of its first two bytes flipped.
func changed(b []byte, first, second byte) []byte {
	b[0] ^= first
	b[1] ^= second
	return b
}

func long(n int) string { return string(bytes.Repeat([]byte("0123456789"), n/10+1)[:n]) }

// announced is the head of a frame whose payload never comes.
func announced(n int64) []byte {
	return head(ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Length: n})
}

const text, cont, bin, ping, pong = ws.OpText, ws.OpContinuation, ws.OpBinary, ws.OpPing, ws.OpPong

// cases follow the groups of the Autobahn test suite.
var cases = []struct {
	name   string
	stream []byte
	want   seen
}{
	{"1 empty", message(""), seen{}},
	{"1 125", message(long(125)), seen{payload: []byte(long(125))}},
	{"1 126", message(long(126)), seen{payload: []byte(long(126))}},
	{"1 127", message(long(127)), seen{payload: []byte(long(127))}},
	{"1 128", message(long(128)), seen{payload: []byte(long(128))}},
	{"1 65535", message(long(65535)), seen{payload: []byte(long(65535))}},
	{"1 65536", message(long(65536)), seen{payload: []byte(long(65536))}},
	{"1 messages in a row", join(message("ab"), message(""), message("cd")), seen{payload: []byte("abcd")}},
	{"1 text", frame(text, true, "Hello"), seen{end: Unsupported}},
	{"1 text, empty", frame(text, true, ""), seen{end: Unsupported}},

	{"2 ping", frame(ping, true, ""), seen{controls: "ping  at 0\n"}},
	{"2 ping 125", frame(ping, true, long(125)), seen{controls: fmt.Sprintf("ping %x at 0\n", long(125))}},
	{"2 ping 126", frame(ping, true, long(126)), seen{end: ProtocolError}},
	{"2 pong unasked", join(frame(pong, true, "x"), message("a")), seen{payload: []byte("a")}},
	{"2 pings in a row", join(frame(ping, true, "1"), frame(ping, true, "2")),
		seen{controls: "ping 31 at 0\nping 32 at 0\n"}},

	{"3 RSV 1", changed(message("a"), 0x40, 0), seen{end: ProtocolError}},
	{"3 RSV 2", changed(message("a"), 0x20, 0), seen{end: ProtocolError}},
	{"3 RSV 3 behind a message", join(message("a"), changed(message("b"), 0x10, 0)),
		seen{payload: []byte("a"), end: ProtocolError}},
	{"3 RSV of a ping", changed(frame(ping, true, "a"), 0x70, 0), seen{end: ProtocolError}},

	{"4 code 3", frame(3, true, ""), seen{end: ProtocolError}},
	{"4 code 7", frame(7, true, "a"), seen{end: ProtocolError}},
	{"4 code 11", frame(11, true, ""), seen{end: ProtocolError}},
	{"4 code 15 behind a message", join(message("a"), frame(15, true, "b")),
		seen{payload: []byte("a"), end: ProtocolError}},
	{"4 not masked", changed(message(""), 0, 0x80), seen{end: ProtocolError}},

	{"5 ping in two fragments", join(frame(ping, false, "a"), frame(cont, true, "b")), seen{end: ProtocolError}},
	{"5 pong in two fragments", join(frame(pong, false, "a"), frame(cont, true, "b")), seen{end: ProtocolError}},
	{"5 two fragments", join(frame(bin, false, "ab"), frame(cont, true, "cd")), seen{payload: []byte("abcd")}},
	{"5 ping between fragments", join(frame(bin, false, "ab"), frame(ping, true, "x"), frame(cont, true, "cd")),
		seen{payload: []byte("abcd"), controls: "ping 78 at 2\n"}},
	{"5 empty fragments", join(frame(bin, false, ""), frame(cont, false, ""), frame(cont, true, "a")),
		seen{payload: []byte("a")}},
	{"5 nothing to go on", frame(cont, true, "a"), seen{end: ProtocolError}},
	{"5 nothing to go on, not final", frame(cont, false, "a"), seen{end: ProtocolError}},
	{"5 nothing to go on any more", join(frame(bin, false, "a"), frame(cont, true, "b"), frame(cont, true, "c")),
		seen{payload: []byte("ab"), end: ProtocolError}},
	{"5 a message inside another", join(frame(bin, false, "a"), message("b")),
		seen{payload: []byte("a"), end: ProtocolError}},
	{"5 text inside a message", join(frame(bin, false, "a"), frame(text, true, "b")),
		seen{payload: []byte("a"), end: ProtocolError}},

	{"7 close", closing(0, ""), seen{controls: "close 0  at 0\n"}},
	{"7 close behind a message", join(message("a"), closing(Normal, "bye"), message("b")),
		seen{payload: []byte("a"), controls: "close 1000  at 1\n"}},
	{"7 close between fragments", join(frame(bin, false, "a"), closing(GoingAway, ""), frame(cont, true, "b")),
		seen{payload: []byte("a"), controls: "close 1001  at 1\n"}},
	{"7 close twice", join(closing(Normal, ""), closing(Normal, "")), seen{controls: "close 1000  at 0\n"}},
	{"7 close and ping", join(closing(Normal, ""), frame(ping, true, "")), seen{controls: "close 1000  at 0\n"}},
	{"7 close with half a code", frame(ws.OpClose, true, "\x03"), seen{end: ProtocolError}},
	{"7 close 123", closing(Normal, long(123)), seen{controls: "close 1000  at 0\n"}},
	{"7 close 124", frame(ws.OpClose, true, "\x03\xe8"+long(124)), seen{end: ProtocolError}},
	{"7 close not UTF-8", frame(ws.OpClose, true, "\x03\xe8\xff"), seen{end: ProtocolError}},

	{"9 1 MiB", message(long(MessageBytesMax)), seen{payload: []byte(long(MessageBytesMax))}},
	{"9 more", message(long(MessageBytesMax + 1)), seen{end: TooBig}},
	{"9 much more", announced(1 << 62), seen{end: TooBig}},
	{"9 a negative length", append([]byte{0x82, 0xff}, bytes.Repeat([]byte{0xff}, 12)...), seen{end: ProtocolError}},
	{"9 more in fragments", join(frame(bin, false, long(MessageBytesMax)), frame(cont, true, "a")),
		seen{payload: []byte(long(MessageBytesMax)), end: TooBig}},
	{"9 the limit is a message's", join(message(long(MessageBytesMax)), message("a")),
		seen{payload: []byte(long(MessageBytesMax) + "a")}},

	{"cut in a head", message(long(200))[:5], seen{}},
	{"cut in payload", message("abcd")[:8], seen{payload: []byte("ab")}},
	{"cut in a ping", frame(ping, true, "abcd")[:8], seen{}},
	{"lengths need not be short", []byte{0x82, 0xfe, 0, 1, 0, 0, 0, 0, 'a'}, seen{payload: []byte("a")}},
}

func TestDecode(t *testing.T) {
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 7, 1000, 1 << 16, 1 << 21} {
				if len(tc.stream) > 1<<16*size {
					continue
				}
				if got := decode(t, tc.stream, size); !got.equal(&tc.want) {
					t.Errorf("in pieces of %d: %d bytes, %q, end %d; want %d bytes, %q, end %d", size,
						len(got.payload), got.controls, got.end, len(tc.want.payload), tc.want.controls, tc.want.end)
				}
			}
			if got := oracle(tc.stream); !got.equal(&tc.want) {
				t.Errorf("gobwas/ws: %d bytes, %q, end %d", len(got.payload), got.controls, got.end)
			}
		})
	}
}

// TestCloseCodes: who may say what.
func TestCloseCodes(t *testing.T) {
	for code := range 1 << 16 {
		c := Code(code)
		good := c >= 1000 && c <= 1003 || c >= 1007 && c <= 1011 || c >= 3000 && c <= 4999
		got := decode(t, closing(c, "why"), 1<<10)
		if c == 0 {
			continue // stands for none
		}
		if good && got.controls != fmt.Sprintf("close %d  at 0\n", c) || !good && got.end != ProtocolError {
			t.Errorf("code %d: %+v", c, got)
		}
	}
}

func TestDecodingAllocatesNothing(t *testing.T) {
	stream := join(frame(bin, false, long(300)), frame(ping, true, "x"), frame(cont, true, "cd"), message(long(70)))
	b := make([]byte, len(stream))
	if n := testing.AllocsPerRun(100, func() {
		var d Decoder
		copy(b, stream)
		for rest := b; len(rest) > 0; {
			_, used, err := d.Next(rest)
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[used:]
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode compares with gobwas/ws's own reader, and pieces with the whole.
func FuzzDecode(f *testing.F) {
	for i, tc := range cases {
		if len(tc.stream) < 1000 {
			f.Add(tc.stream, uint8(i))
		}
	}
	f.Add(announced(1<<20), uint8(0))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		want := oracle(stream)
		for _, n := range []int{len(stream) + 1, int(size) + 1} {
			if got := decode(t, stream, n); !got.equal(want) {
				t.Fatalf("%x in pieces of %d: %+v, want %+v", stream, n, got, want)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	stream := message(long(60))
	buf := make([]byte, len(stream))
	b.ReportAllocs()
	var d Decoder
	for b.Loop() {
		copy(buf, stream)
		if _, used, err := d.Next(buf); err != nil || used != len(buf) {
			b.Fatal(used, err)
		}
	}
}
