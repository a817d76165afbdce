package main

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/thronggrid/throng/netio/wire"
)

const (
	upgradeLines = "Host: throng\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	upgradeRequest = "GET / HTTP/1.1\r\n" + upgradeLines + "\r\n"
)

// exchangeRaw writes bytes to an address and returns what comes until the connection ends.
func (a *abuser) exchangeRaw(addr, request string) []byte {
	a.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		a.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil && !closedByPeer(err) {
		a.Fatal(err)
	}
	said, err := io.ReadAll(c)
	if err != nil && !closedByPeer(err) {
		a.Errorf("%.80q: answered with %.200q, %v", request, said, err)
	}
	return said
}

var statusLine = regexp.MustCompile(`HTTP/1\.1 ([0-9]{3})`)

func statuses(said []byte) (all []string) {
	for _, m := range statusLine.FindAllSubmatch(said, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// smuggle sends what may be two requests to those who read otherwise, and frames behind
// requests. There is one answer to each, nothing is taken for a frame, and it ends.
func smuggle(a *abuser) {
	h := aHello(a.user())
	hello := string(frameOf(wire.KindHello, 1, h.Append(nil)))
	const bad, get = "400", "GET / HTTP/1.1\r\n"
	for what, c := range map[string]struct{ request, status string }{
		"a body":             {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "405"},
		"an upgrade, a body": {get + upgradeLines + "Content-Length: 9\r\n\r\n" + hello, bad},
		"two lengths": {get + upgradeLines +
			"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + hello, bad},
		"a request behind":    {get + "Host: x\r\n\r\n" + upgradeRequest + hello, "426"},
		"one behind upgrade":  {upgradeRequest + get + "Host: x\r\n\r\n", "101"},
		"a frame behind":      {get + "Host: x\r\n\r\n" + hello, "426"},
		"a frame, upgraded":   {upgradeRequest + hello, "101"},
		"a bare LF":           {get + strings.Replace(upgradeLines, "\r\n", "\n", 1) + "\r\n" + hello, bad},
		"a bare CR":           {get + "Host: x\rUpgrade: y\r\n" + upgradeLines + "\r\n" + hello, bad},
		"a folded line":       {get + "X: y\r\n Upgrade: z\r\n" + upgradeLines + "\r\n" + hello, bad},
		"a zero":              {get + "X: \x00\r\n" + upgradeLines + "\r\n" + hello, bad},
		"a long head":         {get + "X: " + strings.Repeat("y", 9000) + "\r\n\r\n" + hello, "431"},
		"HTTP/1.0":            {"GET / HTTP/1.0\r\n" + upgradeLines + "\r\n" + hello, bad},
		"an absolute address": {"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n" + hello, "426"},
		"CONNECT":             {"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + hello, "405"},
	} {
		said := a.exchangeRaw(a.addr, c.request)
		if got := statuses(said); !slices.Equal(got, []string{c.status}) {
			a.Errorf("%s: answered with %v, want %s: %.200q", what, got, c.status, said)
		}
		if bytes.Contains(said, []byte("throng/")) { // the agent of a welcome
			a.Errorf("%s: a frame behind it was served: %.200q", what, said)
		}
	}
	said := a.exchangeRaw(a.addr, "get / HTTP/1.1\r\nHost: x\r\n\r\n"+hello)
	if !bytes.Contains(said, []byte(wire.BadFrame.Text())) || len(statuses(said)) > 0 {
		a.Errorf("a method in small letters: %q", said)
	}
	a.undisturbed()
}

// smuggleAdmin does likewise to the HTTP port: whatever is hidden, and however, nothing
// but what is open is answered to who has no token.
func smuggleAdmin(a *abuser) {
	const last = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	hidden := "GET /admin/hot" + last + "\r\n"
	for what, c := range map[string]struct {
		request string
		want    []string
	}{
		"two lengths": {"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n" +
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, []string{"200", "400", "401"}},
		"lengths that differ": {"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n" +
			hidden, []string{"400"}},
		"a request behind":    {"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" + hidden, []string{"200", "401"}},
		"a way around":        {"GET /livez/../admin/hot" + last + "\r\n", []string{"401"}},
		"two slashes":         {"GET //admin/hot" + last + "\r\n", []string{"401"}},
		"an absolute address": {"GET http://x/admin/hot" + last + "\r\n", []string{"401"}},
		"coded letters":       {"GET /%61dmin/hot" + last + "\r\n", []string{"401"}},
		"a folded token": {"GET /admin/hot" + last + "Authorization: Bearer\r\n x\r\n\r\n",
			[]string{"400", "401"}},
		"two tokens": {"GET /admin/hot" + last +
			"Authorization: Bearer\r\nAuthorization: Bearer x\r\n\r\n", []string{"401"}},
		"a bare LF":     {strings.ReplaceAll(hidden, "\r\n", "\n"), []string{"400", "401"}},
		"small letters": {"get /admin/hot" + last + "\r\n", []string{"400", "401"}},
		"a long head": {"GET /livez" + last + "X: " + strings.Repeat("y", 20<<10) + "\r\n\r\n",
			[]string{"431"}},
		"an upgrade": {"GET /admin/hot" + last + upgradeLines + "\r\n", []string{"400", "401"}},
		"a frame":    {string(frameOf(wire.KindHello, 1, []byte("\r\n\r\n"))), []string{"400"}},
	} {
		got := statuses(a.exchangeRaw(a.http, c.request))
		for _, s := range got {
			if !slices.Contains(c.want, s) {
				a.Errorf("%s: answered with %v, want of %v", what, got, c.want)
			}
		}
		if len(got) == 0 || len(got) > 2 {
			a.Errorf("%s: %d answers: %v", what, len(got), got)
		}
	}
	a.undisturbed()
}
