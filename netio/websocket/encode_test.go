package websocket

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// TestMessage: heads are those of gobwas/ws, and as short as can be.
func TestMessage(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20} {
		payload := long(n)
		want := append(head(ws.Header{Fin: true, OpCode: ws.OpBinary, Length: int64(n)}), payload...)
		got := Message(append(make([]byte, HeadBytesMax), payload...))
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes: the message begins with %.12x, want %.12x", n, got, want)
		}
		if shared := append(AppendHead(nil, n), payload...); !bytes.Equal(shared, want) {
			t.Errorf("%d bytes: the head differs", n)
		}
	}
}

func TestMessageAllocatesNothing(t *testing.T) {
	b := make([]byte, HeadBytesMax+300)
	if n := testing.AllocsPerRun(100, func() { Message(b) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestControlFrames: a client reads what was meant.
func TestControlFrames(t *testing.T) {
	b := AppendPong(nil, []byte("x"))
	b = AppendPong(b, []byte(long(ControlBytesMax)))
	b = AppendClose(b, GoingAway, "the server shuts down")
	r := wsutil.NewReader(bytes.NewReader(b), ws.StateClientSide)
	for _, want := range []string{"x", long(ControlBytesMax), "\x03\xe9the server shuts down"} {
		h, err := r.NextFrame()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != want || h.OpCode == ws.OpBinary {
			t.Errorf("%v %q, %v, want %q", h.OpCode, got, err, want)
		}
	}
	if b := AppendClose(nil, 0, ""); !bytes.Equal(b, []byte{0x88, 0}) {
		t.Errorf("an empty close frame is %x", b)
	}
}

// TestCloseTextIsCut: between letters.
func TestCloseTextIsCut(t *testing.T) {
	for _, text := range []string{long(123), long(124), strings.Repeat("é", 62), strings.Repeat("a€", 62)} {
		b := AppendClose(nil, Normal, text)
		got := string(b[4:])
		if len(b) > 2+ControlBytesMax || int(b[1]) != len(b)-2 || !utf8.ValidString(got) ||
			!strings.HasPrefix(text, got) || len(got) < min(len(text), 121) {
			t.Errorf("%q became %q", text, got)
		}
	}
}
