package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gobwas/ws"
)

const (
	// HandshakeBytesMax bounds a client's request with its headers.
	HandshakeBytesMax = 8 << 10
	// Subprotocol is what a client may offer, and is then answered with.
	Subprotocol = "throng.v1"
	// SniffBytes is how many bytes IsHTTP must see.
	SniffBytes = 4
)

// IsHTTP says whether a connection that begins with b speaks HTTP. As the length
// of a frame of the protocol, each of the beginnings is far out of bounds.
func IsHTTP(b []byte) bool {
	if len(b) < SniffBytes {
		return false
	}
	switch string(b[:SniffBytes]) {
	case "GET ", "HEAD", "POST", "PUT ", "DELE", "CONN", "OPTI", "TRAC", "PATC":
		return true
	}
	return false
}

// Verdict is what came of a handshake.
type Verdict uint8

// The verdicts.
const (
	Unfinished Verdict = iota // more bytes must come
	Upgraded                  // send the response; messages follow
	Refused                   // send the response, and close
)

// Policy says who may connect.
type Policy struct {
	origins []string // empty: any
}

// NewPolicy returns a policy by which browsers may connect from these origins only:
// scheme, host, and port if it is not the usual one, "https://game.example" say. With
// none, they may from any. Who names no origin is no browser, and may.
func NewPolicy(origins []string) (*Policy, error) {
	p := new(Policy)
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" ||
			!strings.EqualFold(o, u.Scheme+"://"+u.Host) {
			return nil, fmt.Errorf("the origin %q: want scheme and host, "+
				"https://game.example say", o)
		}
		if s := u.Scheme + u.Port(); s == "https443" || s == "http80" {
			return nil, fmt.Errorf("the origin %q: leave out the port, as browsers do", o)
		}
		p.origins = append(p.origins, o)
	}
	return p, nil
}

// Handshake looks at the first bytes of a connection that IsHTTP. It returns how
// many it is done with, and appends the response to out. It may write into b.
func (p *Policy) Handshake(b, out []byte) (v Verdict, used int, response []byte) {
	end := bytes.Index(b[:min(len(b), HandshakeBytesMax)], []byte("\r\n\r\n"))
	if end < 0 {
		if len(b) < HandshakeBytesMax {
			return Unfinished, 0, out
		}
		return Refused, len(b), AppendRefusal(out, http.StatusRequestHeaderFieldsTooLarge,
			fmt.Sprintf("the headers have more than %d bytes", HandshakeBytesMax))
	}
	used = end + 4
	if !wellFormed(b[:used]) {
		return Refused, len(b), AppendRefusal(out, http.StatusBadRequest, cannotRead)
	}
	x := &exchange{in: b[:used], out: out}
	u := ws.Upgrader{
		Protocol: func(name []byte) bool { return string(name) == Subprotocol },
		OnHeader: p.header,
	}
	if _, err := u.Upgrade(x); err != nil {
		status, text := refusal(err)
		return Refused, len(b), AppendRefusal(out, status, text)
	}
	return Upgraded, used, x.out
}

// wellFormed says whether the lines of a head end with CR LF, all of them, and each is
// one of its own. What stands between us and the client may see other lines else.
func wellFormed(head []byte) bool {
	for i, c := range head {
		switch c {
		case '\n':
			if i == 0 || head[i-1] != '\r' {
				return false
			}
			if i+1 < len(head) && (head[i+1] == ' ' || head[i+1] == '\t') {
				return false
			}
		case '\r':
			if i+1 == len(head) || head[i+1] != '\n' {
				return false
			}
		case 0:
			return false
		}
	}
	return true
}

const cannotRead = "the request cannot be read"

var errBody = errors.New("a request to speak WebSocket has no body")

var errOrigin = errors.New("pages of this origin may not connect: see --websocket-origins")

// header looks at a header that gobwas/ws does not know.
func (p *Policy) header(key, value []byte) error {
	switch string(key) {
	case "Content-Length":
		if string(value) != "0" {
			return errBody
		}
	case "Transfer-Encoding":
		return errBody
	case "Origin":
		return p.origin(value)
	}
	return nil
}

// origin looks at the header of that name.
func (p *Policy) origin(value []byte) error {
	if len(p.origins) == 0 {
		return nil
	}
	for _, o := range p.origins {
		if strings.EqualFold(o, string(value)) {
			return nil
		}
	}
	return errOrigin
}

// exchange is a request in memory, and the response to it.
type exchange struct{ in, out []byte }

func (x *exchange) Read(b []byte) (int, error) {
	if len(x.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, x.in)
	x.in = x.in[n:]
	return n, nil
}

func (x *exchange) Write(b []byte) (int, error) {
	x.out = append(x.out, b...)
	return len(b), nil
}

// refusal turns an error of the upgrade into a status and a sentence.
func refusal(err error) (status int, text string) {
	switch {
	case errors.Is(err, errOrigin):
		return http.StatusForbidden, err.Error()
	case errors.Is(err, ws.ErrHandshakeBadMethod):
		return http.StatusMethodNotAllowed, "this port speaks WebSocket, which begins with GET"
	case errors.Is(err, ws.ErrHandshakeUpgradeRequired):
		return http.StatusUpgradeRequired, "this port speaks version 13 of WebSocket"
	case errors.Is(err, ws.ErrHandshakeBadUpgrade):
		return http.StatusUpgradeRequired,
			"this port speaks the protocol of Throng, over TCP or WebSocket: it has no pages"
	case errors.Is(err, ws.ErrHandshakeBadProtocol):
		return http.StatusBadRequest, "WebSocket begins with HTTP/1.1"
	case errors.Is(err, errBody):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, ws.ErrHandshakeBadHost), errors.Is(err, ws.ErrHandshakeBadConnection),
		errors.Is(err, ws.ErrHandshakeBadSecKey), errors.Is(err, ws.ErrHandshakeBadSecVersion):
		return http.StatusBadRequest, err.Error()
	}
	return http.StatusBadRequest, cannotRead
}

// AppendRefusal appends a response of HTTP after which the connection ends.
func AppendRefusal(b []byte, status int, text string) []byte {
	b = fmt.Appendf(b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	switch status {
	case http.StatusMethodNotAllowed:
		b = append(b, "Allow: GET\r\nConnection: close\r\n"...)
	case http.StatusUpgradeRequired:
		b = append(b, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Connection: Upgrade, close\r\n"...)
	default:
		b = append(b, "Connection: close\r\n"...)
	}
	return fmt.Appendf(b, "Content-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\n\r\n%s\n", len(text)+1, text)
}
