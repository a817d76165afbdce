package netio

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"

	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// webConn is the client's end of a WebSocket, with the methods of a bare connection:
// what is written goes in messages and fragments of random sizes, with pings in
// between; what is read is the payload of messages.
type webConn struct {
	net.Conn
	random *rand.Rand // nil: one message for each Write
	left   int64      // of the payload of the frame being read
	began  bool       // a message, by fragments written
	pongs  int
	heads  []int64       // the payloads' sizes of the messages read
	closed ws.StatusCode // what the server closed with; 0: it has not
	text   string
}

// dialWeb connects by WebSocket. Bytes are written in random pieces if seed is not 0.
func (s *serving) dialWeb(seed uint64) (*peer, *webConn) {
	s.t.Helper()
	d := ws.Dialer{Protocols: []string{websocket.Subprotocol}, Timeout: patience}
	c, in, hs, err := d.Dial(s.t.Context(), "ws://"+s.Addr().String()+"/")
	if err != nil {
		s.t.Fatal(err)
	}
	if hs.Protocol != websocket.Subprotocol || in != nil {
		s.t.Fatalf("the handshake: %+v, and %v read", hs, in)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	w := &webConn{Conn: c}
	if seed != 0 {
		w.random = rand.New(rand.NewPCG(seed, 0))
	}
	return &peer{Conn: w, t: s.t}, w
}

// loginWeb is login by WebSocket.
func (s *serving) loginWeb(seed uint64) (*peer, *webConn) {
	s.t.Helper()
	p, w := s.dialWeb(seed)
	h := aHello()
	p.send(wire.KindHello, 0, h.Append(nil))
	if f := p.frame(); f.Kind != wire.KindHello || f.Flags != wire.Reply {
		s.t.Fatalf("hello was answered with %+v", f)
	}
	return p, w
}

func (w *webConn) Write(b []byte) (int, error) {
	if w.random == nil {
		_, err := w.Conn.Write(webFrame(ws.OpBinary, true, b))
		return len(b), err
	}
	var out []byte
	for rest := b; ; {
		n := w.random.IntN(min(len(rest), 100) + 1)
		op, fin := ws.OpBinary, w.random.IntN(3) > 0
		if w.began {
			op = ws.OpContinuation
		}
		w.began = !fin
		out = append(out, webFrame(op, fin, rest[:n])...)
		if rest = rest[n:]; len(rest) == 0 {
			break
		}
		if w.random.IntN(4) == 0 {
			out = append(out, webFrame(ws.OpPing, true, rest[:min(len(rest), 3)])...)
		}
	}
	_, err := w.Conn.Write(out)
	return len(b), err
}

// webFrame makes a frame as a client sends it.
func webFrame(op ws.OpCode, fin bool, payload []byte) []byte {
	h := ws.Header{Fin: fin, OpCode: op, Masked: true, Mask: ws.NewMask(), Length: int64(len(payload))}
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		panic(err)
	}
	start := b.Len()
	b.Write(payload)
	ws.Cipher(b.Bytes()[start:], h.Mask, 0)
	return b.Bytes()
}

func (w *webConn) Read(b []byte) (int, error) {
	for w.left == 0 {
		if err := w.readHead(); err != nil {
			return 0, err
		}
	}
	n, err := w.Conn.Read(b[:min(int64(len(b)), w.left)])
	w.left -= int64(n)
	if n == 0 && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// readHead reads heads up to the next one with payload of a message.
func (w *webConn) readHead() error {
	h, err := ws.ReadHeader(w.Conn)
	if err != nil {
		if errors.Is(err, io.EOF) && w.closed == 0 {
			return errors.New("the connection ended without a close frame")
		}
		return err
	}
	if err := ws.CheckHeader(h, ws.StateClientSide); err != nil {
		return err
	}
	if w.closed != 0 {
		return errors.New("something came behind the close frame")
	}
	if h.OpCode == ws.OpBinary {
		w.left, w.heads = h.Length, append(w.heads, h.Length)
		return nil
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(w.Conn, payload); err != nil {
		return err
	}
	switch h.OpCode {
	case ws.OpPong:
		w.pongs++
	case ws.OpClose:
		w.closed, w.text = ws.ParseCloseFrameData(payload)
		if w.closed == 0 {
			w.closed = ws.StatusNoStatusRcvd
		}
		w.Conn.Write(webFrame(ws.OpClose, true, payload))
	default:
		return errors.New("a frame that no server sends")
	}
	return nil
}

// get asks the server for a page.
func (s *serving) get(method string, header http.Header) (*http.Response, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.Addr().String()+"/page", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	a, err := transport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return a, string(body)
}
