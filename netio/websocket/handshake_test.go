package websocket

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// request is a good request; more headers, or a line that replaces one of its own.
func request(lines ...string) string {
	good := []string{
		"GET /any/path HTTP/1.1", "Host: game.example", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		i := slices.IndexFunc(good, func(s string) bool { return strings.HasPrefix(s, name+":") })
		if !strings.Contains(line, ":") {
			i = 0
		}
		switch {
		case i < 0:
			good = append(good, line)
		case strings.HasSuffix(line, ":"): // without it
			good = slices.Delete(good, i, i+1)
		default:
			good[i] = line
		}
	}
	return strings.Join(good, "\r\n") + "\r\n\r\n"
}

func anyone(t testing.TB, origins ...string) *Policy {
	t.Helper()
	p, err := NewPolicy(origins)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// answer reads a response as net/http understands it.
func answer(t *testing.T, b []byte) (*http.Response, string) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(b))
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || in.Buffered() > 0 {
		t.Fatalf("%q: %v, and %d bytes more", b, err, in.Buffered())
	}
	return r, string(body)
}

// TestHandshake: the example of RFC 6455, with a frame right behind it.
func TestHandshake(t *testing.T) {
	in := request()
	v, used, out := anyone(t).Handshake([]byte(in+"\x82\x80abcd"), []byte("before "))
	if v != Upgraded || used != len(in) {
		t.Fatalf("verdict %d, %d of %d bytes used: %s", v, used, len(in), out)
	}
	out, ok := bytes.CutPrefix(out, []byte("before "))
	r, body := answer(t, out)
	if !ok || r.StatusCode != http.StatusSwitchingProtocols || body != "" ||
		r.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" ||
		r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" || len(r.Header) != 3 {
		t.Errorf("the response is %s", out)
	}
}

func TestHandshakeWaits(t *testing.T) {
	in := request()
	for n := range len(in) {
		if v, used, out := anyone(t).Handshake([]byte(in[:n]), nil); v != Unfinished || used != 0 || out != nil {
			t.Fatalf("%d of %d bytes: verdict %d, %d used, %q", n, len(in), v, used, out)
		}
	}
}

func TestSubprotocol(t *testing.T) {
	for offer, want := range map[string]string{
		"throng.v1":              "throng.v1",
		"mqtt, throng.v1, other": "throng.v1",
		"throng.v2":              "",
		"Throng.V1":              "",
	} {
		v, _, out := anyone(t).Handshake([]byte(request("Sec-WebSocket-Protocol: "+offer)), nil)
		r, _ := answer(t, out)
		if got := r.Header.Get("Sec-WebSocket-Protocol"); v != Upgraded || got != want {
			t.Errorf("%q was answered with %q, verdict %d", offer, got, v)
		}
	}
}

// TestNoExtensions: whatever is offered, nothing is negotiated.
func TestNoExtensions(t *testing.T) {
	in := request("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
	v, _, out := anyone(t).Handshake([]byte(in), nil)
	if r, _ := answer(t, out); v != Upgraded || r.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Errorf("verdict %d: %s", v, out)
	}
}

func TestRefusals(t *testing.T) {
	large := "X: " + strings.Repeat("x", HandshakeBytesMax)
	for _, tc := range []struct {
		name, in string
		status   int
		says     string
	}{
		{"a page", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426, "it has no pages"},
		{"another upgrade", request("Upgrade: h2c"), 426, "it has no pages"},
		{"an old version", request("Sec-WebSocket-Version: 8"), 426, "version 13"},
		{"no version", request("Sec-WebSocket-Version:"), 400, "Sec-WebSocket-Version"},
		{"no connection", request("Connection:"), 400, "Connection"},
		{"another connection", request("Connection: keep-alive"), 400, "Connection"},
		{"no host", request("Host:"), 400, "Host"},
		{"no key", request("Sec-WebSocket-Key:"), 400, "Sec-WebSocket-Key"},
		{"a short key", request("Sec-WebSocket-Key: x"), 400, "Sec-WebSocket-Key"},
		{"post", request("POST / HTTP/1.1"), 405, "begins with GET"},
		{"HTTP/1.0", request("GET / HTTP/1.0"), 400, "HTTP/1.1"},
		{"HTTP/2", request("GET / HTTP/2.0"), 400, "HTTP/1.1"},
		{"no version of HTTP", request("GET /"), 400, "cannot be read"},
		{"no HTTP", "GET \r\n\r\n", 400, "cannot be read"},
		{"a header without name", "GET / HTTP/1.1\r\nHost x\r\n\r\n", 400, "cannot be read"},
		{"a body", request("Content-Length: 5"), 400, "no body"},
		{"a body in chunks", request("Transfer-Encoding: chunked"), 400, "no body"},
		{"a bare LF", "GET / HTTP/1.1\nHost: x\r\n\r\n", 400, "cannot be read"},
		{"a bare CR", request("X: a\rY: b"), 400, "cannot be read"},
		{"a folded line", request("X: a\r\n b"), 400, "cannot be read"},
		{"a zero", request("X: \x00"), 400, "cannot be read"},
		{"large", request(large), 431, "more than 8192 bytes"},
		{"large, without end", request(large)[:HandshakeBytesMax], 431, "more than 8192 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, used, out := anyone(t).Handshake([]byte(tc.in), nil)
			r, body := answer(t, out)
			if v != Refused || used != len(tc.in) || r.StatusCode != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("verdict %d, %d of %d bytes used: %s", v, used, len(tc.in), out)
			}
			if !r.Close {
				t.Errorf("the response does not close: %s", out)
			}
			if upgrade := r.Header.Get("Upgrade") == "websocket"; upgrade != (tc.status == 426) {
				t.Errorf("the header Upgrade of a %d: %s", tc.status, out)
			}
			if allow := r.Header.Get("Allow") == "GET"; allow != (tc.status == 405) {
				t.Errorf("the header Allow of a %d: %s", tc.status, out)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	for _, tc := range []struct {
		origins string
		in      string
		v       Verdict
	}{
		{"", "https://anything.example", Upgraded},
		{"https://game.example", "", Upgraded},
		{"https://game.example", "https://game.example", Upgraded},
		{"https://game.example", "https://GAME.example", Upgraded},
		{"https://a.example https://b.example:8443", "https://b.example:8443", Upgraded},
		{"https://game.example", "http://game.example", Refused},
		{"https://game.example", "https://game.example.evil.example", Refused},
		{"https://game.example", "https://evil.example/https://game.example", Refused},
		{"https://game.example", "null", Refused},
		{"https://game.example", "https://b.example\r\nOrigin: https://game.example", Refused},
	} {
		var lines []string
		if tc.in != "" {
			lines = append(lines, "Origin: "+tc.in)
		}
		v, _, out := anyone(t, strings.Fields(tc.origins)...).Handshake([]byte(request(lines...)), nil)
		if v != tc.v {
			t.Errorf("from %q with %q allowed: %s", tc.in, tc.origins, out)
		}
		if r, body := answer(t, out); v == Refused && (r.StatusCode != 403 || !strings.Contains(body, "origin")) {
			t.Errorf("from %q with %q allowed: %s", tc.in, tc.origins, out)
		}
	}
	for _, bad := range []string{"", "*", "null", "game.example", "https://", "https://game.example/",
		"https://a b", "https://game.example/path",
		"https://user@game.example", "https://game.example:443", "http://game.example:80"} {
		if _, err := NewPolicy([]string{bad}); err == nil {
			t.Errorf("the origin %q was taken", bad)
		}
	}
}

// TestDialer: gobwas/ws's own client is content.
func TestDialer(t *testing.T) {
	client, server := net.Pipe()
	served := make(chan error, 1)
	go func() {
		var in, out []byte
		for v := Unfinished; v == Unfinished; {
			var b [64]byte
			n, err := server.Read(b[:])
			if err != nil {
				served <- err
				return
			}
			in = append(in, b[:n]...)
			v, _, out = anyone(t).Handshake(in, nil)
		}
		_, err := server.Write(out)
		served <- err
	}()
	d := ws.Dialer{
		NetDial:   func(context.Context, string, string) (net.Conn, error) { return client, nil },
		Protocols: []string{Subprotocol},
	}
	_, _, hs, err := d.Dial(t.Context(), "ws://game.example/")
	if err != nil || hs.Protocol != Subprotocol {
		t.Errorf("protocol %q, %v", hs.Protocol, err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestIsHTTP(t *testing.T) {
	for b, want := range map[string]bool{
		"GET / HTTP/1.1": true, "GET ": true, "GET": false, "": false, "GETS": false, "get ": false,
		"POST": true, "HEAD": true, "PUT /": true, "DELETE": true, "OPTIONS": true, "PATCH": true,
		"\x00\x00\x00\x10": false, "\x16\x03\x01\x02": false,
	} {
		if IsHTTP([]byte(b)) != want {
			t.Errorf("%q: want %v", b, want)
		}
	}
}

// FuzzHandshake: whatever came, the response is HTTP.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte(request()))
	f.Add([]byte(request("Sec-WebSocket-Protocol: a, throng.v1", "Origin: https://game.example")))
	f.Add([]byte(request("POST / HTTP/1.1", "Content-Length: 3") + "abc"))
	f.Add([]byte("GET \r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\n\nHost:\r\n\r\n"))
	p := anyone(f, "https://game.example")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, used, out := p.Handshake(bytes.Clone(b), nil)
		switch v {
		case Unfinished:
			if used != 0 || len(out) != 0 || len(b) >= HandshakeBytesMax {
				t.Fatalf("%q: %d used, %q", b, used, out)
			}
		case Upgraded:
			r, _ := answer(t, out)
			if r.StatusCode != http.StatusSwitchingProtocols || !bytes.HasSuffix(b[:used], []byte("\r\n\r\n")) ||
				!bytes.HasPrefix(b, []byte("GET ")) {
				t.Fatalf("%q: %q", b, out)
			}
		case Refused:
			if r, body := answer(t, out); r.StatusCode < 400 || body == "" || used != len(b) {
				t.Fatalf("%q: %q", b, out)
			}
		}
	})
}
