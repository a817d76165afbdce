package netio

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// TestWebSocket: requests and replies in messages, cut anywhere.
func TestWebSocket(t *testing.T) {
	s := serve(t, func(o *Options) { o.ReadsPerTurn = 3 })
	for seed := range uint64(20) {
		p, w := s.loginWeb(seed)
		p.works()
		var all []byte
		for i := range uint32(64) {
			key := fmt.Sprint("ws", seed)
			all = append(all, request(kindPut, 0, 100+i, put(uint64(i)+2, 2, key, int64(i)))...)
			all = append(all, request(kindGet, 0, 200+i, get("works"))...)
		}
		p.write(all)
		puts, gets := uint32(100), uint32(200)
		for range 128 {
			f := p.frame()
			if f.Kind == kindPut && f.ID == puts {
				puts++
			} else if f.Kind == kindGet && f.ID == gets {
				gets++
			} else {
				t.Fatalf("got %+v, want put %d or get %d", f, puts, gets)
			}
		}
		if seed > 0 && w.pongs == 0 {
			t.Error("no ping was answered")
		}
	}
	if v := s.Stats(); v.Upgraded != 20 || v.Hellos != 20 {
		t.Errorf("%+v", v)
	}
}

// TestMessagesHoldWholeFrames: what is written at once is one message, whatever its
// size.
func TestMessagesHoldWholeFrames(t *testing.T) {
	s := serve(t, nil)
	p, w := s.loginWeb(0)
	for range 3 {
		var all []byte
		for i := range uint32(10) {
			all = append(all, request(wire.KindPing, 0, i+1, []byte{0x90})...)
		}
		w.heads = nil
		p.write(all)
		for range 10 {
			p.frame()
		}
		if len(w.heads) != 1 || w.heads[0] != 10*wire.FrameBytesMin {
			t.Fatalf("messages of %v bytes, want one of %d", w.heads, 10*wire.FrameBytesMin)
		}
	}
	w.heads = nil
	p.send(kindFill, 0, get("x"))
	if f := p.frame(); len(f.Body) < 60_000 || len(w.heads) != 1 {
		t.Errorf("%d bytes in messages of %v", len(f.Body), w.heads)
	}
	if v := s.Stats(); v.BadFrames != 0 {
		t.Errorf("%+v", v)
	}
}

// TestWebSocketLibrary: gobwas/ws's own helpers, as another client would use them.
func TestWebSocketLibrary(t *testing.T) {
	s := serve(t, nil)
	_, w := s.dialWeb(0)
	c := w.Conn
	h := aHello()
	if err := wsutil.WriteClientBinary(c, request(wire.KindHello, 0, 1, h.Append(nil))); err != nil {
		t.Fatal(err)
	}
	b, err := wsutil.ReadServerBinary(c)
	f, size, wrong := wire.Next(b, wire.ReplyBytesMax)
	if err != nil || wrong != nil || size != len(b) || f.Kind != wire.KindHello {
		t.Fatalf("got %+v of %d bytes, %v %v", f, len(b), err, wrong)
	}
	if err := wsutil.WriteClientMessage(c, ws.OpPing, []byte("are you there")); err != nil {
		t.Fatal(err)
	}
	m, err := wsutil.ReadServerMessage(c, nil)
	if err != nil || len(m) != 1 || m[0].OpCode != ws.OpPong || string(m[0].Payload) != "are you there" {
		t.Fatalf("got %+v, %v", m, err)
	}
	body := ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye")
	if err := wsutil.WriteClientMessage(c, ws.OpClose, body); err != nil {
		t.Fatal(err)
	}
	m, err = wsutil.ReadServerMessage(c, nil)
	if err != nil || len(m) != 1 || m[0].OpCode != ws.OpClose || !bytes.Equal(m[0].Payload, body[:2]) {
		t.Fatalf("got %+v, %v", m, err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("behind the close frame: %d bytes, %v", n, err)
	}
}

// TestClientCloses: the close frame comes back, behind the replies that were under
// way, and then the connection ends.
func TestClientCloses(t *testing.T) {
	for _, code := range []ws.StatusCode{1000, 1001, 3000, 4999, ws.StatusNoStatusRcvd} {
		s := serve(t, nil)
		p, w := s.loginWeb(0)
		s.shards.hold()
		id := p.send(kindPut, 0, put(1, 1, "a", 1))
		var body []byte
		if code != ws.StatusNoStatusRcvd {
			body = ws.NewCloseFrameBody(code, "tschüss")
		}
		w.Conn.Write(append(webFrame(ws.OpClose, true, body), request(kindGet, 0, 9, get("a"))...))
		s.until("the write is in flight", func() bool { return s.Stats().Writes == 1 })
		s.shards.release()
		p.number(id)
		p.ended()
		if w.closed != code {
			t.Errorf("closed with %d, want %d", w.closed, code)
		}
	}
}

// TestWebSocketMisuse: who breaks RFC 6455 is told how, and others do not notice.
func TestWebSocketMisuse(t *testing.T) {
	s := serve(t, nil)
	other := s.login()
	unmasked := webFrame(ws.OpBinary, true, nil)[:2]
	unmasked[1] = 0
	reserved := webFrame(ws.OpBinary, true, []byte("a"))
	reserved[0] |= 0x40
	large := webFrame(ws.OpBinary, true, make([]byte, 1<<20+1))[:14]
	for name, c := range map[string]struct {
		bytes []byte
		code  ws.StatusCode
		says  string
	}{
		"text":          {webFrame(ws.OpText, true, []byte("hello")), 1003, "binary"},
		"not masked":    {unmasked, 1002, "masked"},
		"reserved bit":  {reserved, 1002, "rsv"},
		"no beginning":  {webFrame(ws.OpContinuation, true, nil), 1002, "continuation"},
		"a long ping":   {webFrame(ws.OpPing, true, make([]byte, 126)), 1002, "control"},
		"a large one":   {large, 1009, "1 MiB"},
		"half a code":   {webFrame(ws.OpClose, true, []byte{3}), 1002, "close code"},
		"a secret code": {webFrame(ws.OpClose, true, []byte{3, 0xed}), 1002, "close code"},
	} {
		for _, hello := range []bool{false, true} {
			dial := s.dialWeb
			if hello {
				dial = s.loginWeb
			}
			p, w := dial(0)
			w.Conn.Write(append(c.bytes, webFrame(ws.OpBinary, true, request(wire.KindPing, 0, 1, []byte{0x90}))...))
			p.ended()
			if w.closed != c.code || !strings.Contains(w.text, c.says) {
				t.Errorf("%s: closed with %d %q, want %d", name, w.closed, w.text, c.code)
			}
			other.works()
		}
	}
	s.until("only one connection is left", func() bool { return s.Stats().Connections == 1 })
}

// TestWebSocketGoodbye: the protocol's goodbye comes first, then the close frame.
func TestWebSocketGoodbye(t *testing.T) {
	s := serve(t, nil)
	p, w := s.loginWeb(0)
	p.write([]byte{0xff, 0xff, 0xff, 0xff})
	p.goodbye(wire.BadFrame)
	if w.closed != ws.StatusPolicyViolation || w.text != wire.BadFrame.Text() {
		t.Errorf("closed with %d %q", w.closed, w.text)
	}
	p, w = s.dialWeb(0)
	p.send(kindGet, 0, get("a"))
	p.frame()
	p.goodbye(wire.HelloExpected)
	if w.closed != ws.StatusPolicyViolation {
		t.Errorf("closed with %d %q", w.closed, w.text)
	}

	p, w = s.loginWeb(0)
	s.shards.hold()
	id := p.send(kindPut, 0, put(1, 1, "a", 1))
	s.until("the write is in flight", func() bool { return s.Stats().Writes == 1 })
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(t.Context()) }()
	if f := p.frame(); f.Kind != wire.KindGoodbye {
		t.Fatalf("got %+v", f)
	}
	s.shards.release()
	p.number(id)
	p.ended()
	if err := <-done; err != nil || w.closed != ws.StatusGoingAway || w.text != wire.Shutdown.Text() {
		t.Errorf("closed with %d %q, %v", w.closed, w.text, err)
	}
}

// TestPages: what speaks HTTP and no WebSocket is told so in HTTP.
func TestPages(t *testing.T) {
	s := serve(t, func(o *Options) { o.Origins = []string{"https://game.example"} })
	for _, c := range []struct {
		method string
		header http.Header
		status int
	}{
		{http.MethodGet, nil, 426},
		{http.MethodHead, nil, 405},
		{http.MethodPost, nil, 405},
		{http.MethodGet, http.Header{"X": {strings.Repeat("x", 9<<10)}}, 431},
		{http.MethodGet, http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}, 400},
		{http.MethodGet, http.Header{"Origin": {"https://evil.example"}}, 403},
	} {
		if a, body := s.get(c.method, c.header); a.StatusCode != c.status || !a.Close {
			t.Errorf("%s with %.60v: %s, %q", c.method, c.header, a.Status, body)
		}
	}
	s.until("all are gone", func() bool { return s.Stats().Connections == 0 })
	s.login().works()
	p, _ := s.loginWeb(1) // names no origin
	p.works()
}

// TestUpgradeInPieces: the request comes byte by byte, and the first message with
// its end.
func TestUpgradeInPieces(t *testing.T) {
	s := serve(t, nil)
	p := s.dial()
	ask := "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	for i := range len(ask) - 2 {
		p.write([]byte(ask[i : i+1]))
	}
	h := aHello()
	hello := request(wire.KindHello, 0, 1, h.Append(nil))
	p.write(append([]byte(ask[len(ask)-2:]), webFrame(ws.OpBinary, true, hello)...))
	const end = "\r\n\r\n"
	var answer []byte
	for !bytes.Contains(answer, []byte(end)) {
		b := make([]byte, 1)
		if _, err := io.ReadFull(p, b); err != nil {
			t.Fatal(err)
		}
		answer = append(answer, b...)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 101 ") {
		t.Fatalf("got %s", answer)
	}
	p.Conn = &webConn{Conn: p.Conn}
	if f := p.frame(); f.Kind != wire.KindHello || f.Flags != wire.Reply {
		t.Fatalf("hello was answered with %+v", f)
	}
	p.works()
}

// TestFanOutToBoth: members of a room by either way get the same, in order, pushes
// alone and together with replies.
func TestFanOutToBoth(t *testing.T) {
	s := serve(t, nil)
	key := roomKey("both")
	bare := s.login()
	web, _ := s.loginWeb(0)
	members := []*peer{bare, web}
	for _, p := range members {
		p.track(key)
	}
	for i := range 200 {
		from := members[i%2]
		text := fmt.Sprint("message ", i, strings.Repeat("x", i*3))
		id := from.say(key, text)
		for _, p := range members {
			if p == from {
				p.done(id)
			}
			p.hears(key, text)
		}
	}
	for _, p := range members {
		p.untrack(key)
		p.works()
	}
}

// TestParkedMessages: what a connection has to wait with is kept, and served in
// order.
func TestParkedMessages(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.ReadsPerTurn = 1, 3 })
	p, _ := s.loginWeb(1)
	q := s.login()
	p.works()
	const reads = 5000
	go func() {
		var all []byte
		for i := range uint32(reads) {
			all = append(all, request(kindGet, 0, 1000+i, get("works"))...)
		}
		p.Write(all)
	}()
	for i := range uint32(reads) {
		if n := p.number(1000 + i); n != 7 {
			t.Fatal(n)
		}
		if i%500 == 0 {
			q.works()
		}
	}
}

// TestWebReaderThatNeverReads: neither replies nor pongs pile up.
func TestWebReaderThatNeverReads(t *testing.T) {
	for name, one := range map[string][]byte{
		"replies": webFrame(ws.OpBinary, true, request(kindFill, 0, 1, get("x"))),
		"pongs":   bytes.Repeat(webFrame(ws.OpPing, true, make([]byte, 125)), 100),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(o *Options) { o.Loops, o.OutBytesMax = 1, 64<<10; o.HelloTimeout = time.Second })
			_, w := s.loginWeb(0)
			q := s.login()
			w.Conn.(*net.TCPConn).SetReadBuffer(4096)
			go func() {
				for {
					if _, err := w.Conn.Write(one); err != nil {
						return
					}
				}
			}()
			s.until("the reader is closed", func() bool { q.works(); return s.Stats().SlowReaders == 1 })
			s.until("it is gone", func() bool { return s.Stats().Connections == 1 })
		})
	}
}

// TestWebReaderIsClosedBetweenTurns: who is closed for what is answered to requests
// that waited for their turn, two in each, is closed like any other, without a fault.
func TestWebReaderIsClosedBetweenTurns(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.ReadsPerTurn, o.OutBytesMax = 1, 100, 4096 })
	p, w := s.loginWeb(0)
	q := s.login()
	w.Conn.(*net.TCPConn).SetReadBuffer(4096)
	p.write(bytes.Repeat(request(kindFill, 0, 1, get("x")), 500)) // 30 MB, in one message
	s.until("the reader is gone", func() bool { q.works(); return s.Stats().Connections == 1 })
	if v := s.Stats(); v.Panics > 0 || v.SlowReaders != 1 {
		t.Errorf("%+v", v)
	}
}

// TestWebStrangersMakeRoom: who has to go at once is told in the way of WebSocket, too.
func TestWebStrangersMakeRoom(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.FreshMax, o.HelloTimeout = 1, 1, time.Second })
	p, w := s.dialWeb(0)
	s.dial()
	var g wire.Goodbye
	in := pack.NewCursor(p.push(wire.KindGoodbye))
	if err := g.Decode(&in); err != nil || g.Reason != wire.Overloaded {
		t.Errorf("goodbye was %+v, %v", g, err)
	}
	p.next() // the close frame, and the end: a reset if our answer to it comes too late
	if w.closed != ws.StatusGoingAway {
		t.Errorf("closed with %d", w.closed)
	}
}

// TestCloseCannotWait: who says nothing when the server closes is cut off in time.
func TestCloseCannotWait(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p, w := s.loginWeb(0)
	p.write([]byte{0xff, 0xff, 0xff, 0xff})
	b, err := io.ReadAll(w.Conn) // without an answer
	if err != nil || !bytes.Contains(b, []byte(wire.BadFrame.Text())) {
		t.Errorf("got %q, %v", b, err)
	}
	s.until("it is cut off", func() bool { return s.Stats().Connections == 0 })
}

// FuzzMessages is FuzzStream behind the handshake of a WebSocket: as frames of it,
// or inside of them.
func FuzzMessages(f *testing.F) {
	h := aHello()
	hello := request(wire.KindHello, 0, 1, h.Append(nil))
	f.Add(true, uint64(0), request(kindPut, 0, 2, put(1, 1, "a", 1)))
	f.Add(true, uint64(5), bytes.Repeat(request(kindGet, wire.LevelFlags(grid.Leader), 2, get("a")), 9))
	f.Add(false, uint64(0), webFrame(ws.OpPing, true, []byte("x")))
	f.Add(false, uint64(0), webFrame(ws.OpBinary, false, hello[:9]))
	f.Add(false, uint64(0), webFrame(ws.OpClose, true, []byte{3, 0xe8}))
	s := serve(f, func(o *Options) { o.Loops, o.ReadsPerTurn, o.ConnectionsMax = 1, 2, 5000 })
	other := s.login()
	f.Fuzz(func(t *testing.T, inside bool, seed uint64, b []byte) {
		s.t, other.t = t, t
		p, w := s.dialWeb(seed)
		defer w.Conn.Close()
		other.SetDeadline(time.Now().Add(patience))
		if inside {
			p.Write(append(hello[:len(hello):len(hello)], b...))
		} else {
			w.Conn.Write(b)
		}
		w.Conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, w.Conn) // ends once the server has closed
		before := s.Stats().Panics
		id := other.send(wire.KindPing, 0, pack.AppendArray(nil, 0))
		if f := other.frame(); f.ID != id || before != 0 {
			t.Fatalf("got %+v, %d faults", f, before)
		}
	})
}
