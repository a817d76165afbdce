package main

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/client"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/netio/wire"
)

// helloOf is a hello of a provider, with a nonce of its own.
func (k *keeper) helloOf(provider, credential string) wire.Hello {
	h := aHello(credential)
	h.Provider, h.Agent = provider, "keeper"
	return h
}

// welcome logs somebody in, who must be welcome, and knows the resume token.
func (k *keeper) welcome(h wire.Hello) *guest {
	k.Helper()
	g := k.loginAs(h)
	secret := g.welcome.Resume.Secret
	k.add("a resume token", string(secret[:]))
	g.works()
	return g
}

// tokens asks for the tokens of a session.
func (k *keeper) tokens(g *guest) (w wire.Tokens) {
	k.Helper()
	in := pack.NewCursor(g.ask(wire.KindToken, []byte{0x90}, fault.OK).Body)
	if err := w.Decode(&in); err != nil {
		k.Fatal(err)
	}
	k.addToken("a session token", w.Session)
	k.addToken("a refresh token", w.Refresh)
	return w
}

// signed returns a token of the studio's account service, signed with a secret.
func (k *keeper) signed(secret, subject string) string {
	k.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": subject, "exp": time.Now().Add(time.Hour).Unix(),
	})
	text, err := token.SignedString([]byte(secret))
	if err != nil {
		k.Fatal(err)
	}
	k.addToken("a studio's token", text)
	return text
}

// logIn logs in by every provider, and resumes.
func (k *keeper) logIn() {
	k.Helper()
	var first, last wire.Tokens
	for _, h := range []wire.Hello{
		k.helloOf(wire.ProviderCustom, k.draw("a custom id")),
		k.helloOf(wire.ProviderDevice, k.draw("a device id")),
		k.helloOf(wire.ProviderJWT, k.signed(k.secret("studio.secret"), "ann")),
	} {
		g := k.welcome(h)
		last = k.tokens(g)
		h.Resume = &g.welcome.Resume
		if next := k.welcome(h); !next.welcome.Resumed {
			k.Error("a session was not resumed")
		}
		if first.Session == "" {
			first = last
		}
	}
	k.welcome(k.helloOf(wire.ProviderToken, first.Session))
	g := k.welcome(k.helloOf(wire.ProviderRefresh, last.Refresh))
	if t := g.welcome.Tokens; t == nil {
		k.Error("who showed a refresh token was given none in its place")
	} else {
		k.addToken("a renewed session token", t.Session)
		k.addToken("a renewed refresh token", t.Refresh)
	}
	k.useServerKey()
}

// useServerKey does what the studio's own servers do.
func (k *keeper) useServerKey() {
	k.Helper()
	c, err := client.Dial(k.Context(), k.addr,
		client.Options{Credential: client.ServerKey(k.secret("server.key"))})
	if err != nil {
		k.Fatal(err)
	}
	defer c.Close()
	for range 2 { // the second is refused
		_, err = c.CreateBoard(k.Context(), leaderboard.CreateRequest{Board: "race"})
	}
	if err != nil {
		k.look("what the SDK says", err.Error())
	}
}

// logInWrong logs in with what is wrong, by every provider.
func (k *keeper) logInWrong() {
	k.Helper()
	user, now := k.user(), time.Now()
	forged := k.tokensAt(credential.DrawKeys(), now, user)
	expired := k.tokensAt(k.read(k.key("token.keys")), now.Add(-365*24*time.Hour), user)
	for _, t := range []wire.Tokens{forged, expired} {
		k.addToken("a bad session token", t.Session)
		k.addToken("a bad refresh token", t.Refresh)
	}
	for _, h := range []wire.Hello{
		k.helloOf(wire.ProviderCustom, k.draw("an id that is too long")+strings.Repeat("x", 128)),
		k.helloOf(wire.ProviderDevice, k.draw("an id that is no text")+"\xff"),
		k.helloOf(wire.ProviderToken, forged.Session),
		k.helloOf(wire.ProviderToken, expired.Session),
		k.helloOf(wire.ProviderToken, k.draw("no token")),
		k.helloOf(wire.ProviderRefresh, forged.Refresh),
		k.helloOf(wire.ProviderRefresh, expired.Refresh),
		k.helloOf(wire.ProviderJWT, k.signed(k.draw("another studio's secret"), "ann")),
		k.helloOf(wire.ProviderJWT, k.draw("no token of a studio")),
		k.helloOf(wire.ProviderServer, k.drawKey("another server key")),
		k.helloOf("steam", k.draw("a ticket of nobody's")),
	} {
		g := k.dial()
		g.say(h)
		f := g.reply(1)
		if g.code(f) == fault.OK {
			k.Errorf("a wrong credential of %s was welcome", h.Provider)
		}
		k.look("the answer to a wrong hello", string(f.Body))
		_, err := client.Dial(k.Context(), k.addr, client.Options{Credential: wrongly(h)})
		if err == nil {
			k.Errorf("the SDK logged in as %s", h.Provider)
		} else {
			k.look("what the SDK says", err.Error())
		}
	}
}

// wrongly is the credential of a hello for the SDK.
func wrongly(h wire.Hello) client.Credential {
	switch h.Provider {
	case wire.ProviderDevice:
		return client.Device(h.Credential)
	case wire.ProviderToken:
		return client.SessionToken(h.Credential)
	case wire.ProviderRefresh:
		return client.RefreshToken(h.Credential)
	case wire.ProviderJWT:
		return client.JWT(h.Credential)
	case wire.ProviderServer:
		return client.ServerKey(h.Credential)
	}
	return client.Custom(h.Credential + strings.Repeat("x", 128)) // too long for one
}

// breakHellos shows credentials in hellos that are slow, cut short, or no hellos, over
// TCP and by WebSocket.
func (k *keeper) breakHellos() {
	k.Helper()
	whole := func(name string) []byte {
		h := k.helloOf(wire.ProviderCustom, k.draw(name))
		return frameOf(wire.KindHello, 1, h.Append(nil))
	}
	for _, web := range []bool{false, true} {
		k.web = web
		slow := k.dial()
		half := whole("an id in a slow hello")
		if _, err := slow.Write(half[:len(half)-8]); err != nil {
			k.Fatal(err)
		}
		for what, hello := range map[string][]byte{
			"a hello cut short":    frameOf(wire.KindHello, 1, whole("an id cut short")[12:90]),
			"a hello of no fields": frameOf(wire.KindHello, 1, pack.AppendString(nil, k.draw("a string"))),
			"another kind":         frameOf(wire.KindToken, 1, whole("an id in another kind")[12:]),
			"no frame":             []byte("\xff\xff" + k.draw("an id in no frame")),
			"a resume token that is too short": frameOf(wire.KindHello, 1,
				pack.AppendBytes(noResume(k.draw("an id with a bad token")), []byte(k.draw("no resume token"))[:20])),
			"a credential that is bytes": frameOf(wire.KindHello, 1, pack.AppendBytes(pack.AppendString(
				[]byte{0x97, 1, 1}, wire.ProviderCustom), []byte(k.draw("bytes")))),
		} {
			g := k.dial()
			if _, err := g.Write(hello); err != nil {
				k.Fatal(err)
			}
			for f, err := g.next(); err == nil; f, err = g.next() {
				k.look("the answer to "+what, string(f.Body))
			}
		}
		slow.goodbye(wire.HelloLate)
	}
	k.web = false
	for _, request := range []string{
		"GET /?token=" + k.draw("a token in the query") + " HTTP/1.1\r\n" + upgradeLines + "\r\n",
		"GET /" + k.draw("a token in the path") + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\n" + upgradeLines + "Sec-WebSocket-Protocol: " + k.draw("a protocol") + "\r\n\r\n",
		"GET / HTTP/1.1\r\n" + upgradeLines + "Authorization: Bearer " + k.draw("a header") + "\r\n\r\n",
		"POST / HTTP/1.1\r\nAuthorization Bearer " + k.draw("a bad header") + "\r\n\r\n",
	} {
		k.look("the answer on the client port", string(k.exchangeRaw(k.addr, request)))
	}
}

// noResume is a hello up to its resume token.
func noResume(id string) []byte {
	h := aHello(id)
	b := h.Append(nil)
	return b[:len(b)-1] // nil
}

// askHTTP shows the admin token and wrong ones to the HTTP port, in all places where somebody
// might, and looks at what is answered.
func (k *keeper) askHTTP() {
	k.Helper()
	right := k.secret("admin.token")
	for _, token := range []string{right, k.drawKey("a wrong admin token")} {
		for _, path := range []string{
			"/livez", "/readyz", "/metrics", "/admin/log-level", "/debug/pprof/cmdline", "/nothing/" + token,
			"/admin/hot?kind=boards&seconds=1", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1",
			"/debug/pprof/" + token, "/admin/hot?kind=" + token, "/admin/hot?seconds=" + token,
		} {
			for _, spoil := range []func(*http.Request){
				func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
				func(r *http.Request) { r.Header.Set("Authorization", "Digest "+token) },
				func(r *http.Request) { r.SetBasicAuth("admin", token) },
				func(r *http.Request) { r.URL.RawQuery = "token=" + token + "&" + r.URL.RawQuery },
				func(r *http.Request) {
					r.Method, r.Body = http.MethodPut, io.NopCloser(strings.NewReader(token))
					r.Header.Set("Authorization", "Bearer "+right)
				},
			} {
				k.ask(path, spoil)
			}
		}
		for _, request := range []string{
			"GET /admin/hot HTTP/1.1\r\nAuthorization Bearer " + token + "\r\n\r\n",
			"GET /" + token + " HTTP/7\r\n\r\n", token + "\r\n\r\n",
			"GET /metrics HTTP/1.1\r\nHost: " + token + "\r\nConnection: close\r\n\r\n",
		} {
			k.look("the answer on the HTTP port", string(k.exchangeRaw(k.http, request)))
		}
	}
	if dump := k.ask("/debug/pprof/goroutine?debug=2", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+right)
	}); !strings.Contains(dump, "netio.") {
		k.Error("the goroutines of the server are not in their dump")
	}
}

// ask sends one request to the HTTP port, and looks at the answer but for a secret that it
// shows in its path.
func (k *keeper) ask(path string, spoil func(*http.Request)) string {
	k.Helper()
	r, err := http.NewRequestWithContext(k.Context(), http.MethodGet, "http://"+k.http+path, nil)
	if err != nil {
		k.Fatal(err)
	}
	spoil(r)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		k.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		k.Fatal(err)
	}
	k.look("the answer to "+path[:min(len(path), 24)], string(body))
	return string(body)
}
