package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/netio/wire"
)

// speakOther begins with what is no frame, or no hello.
func speakOther(a *abuser) {
	h := aHello(a.user())
	for what, c := range map[string]struct {
		bytes []byte
		want  wire.Reason
	}{
		"TLS":                {[]byte{0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03}, wire.BadFrame},
		"an endless frame":   {[]byte{0xff, 0xff, 0xff, 0xff}, wire.BadFrame},
		"an empty frame":     {make([]byte, 12), wire.BadFrame},
		"a hello too long":   {wire.End(append(wire.Begin(nil, 1, 0, 1), make([]byte, 5000)...), 0), wire.BadFrame},
		"no hello first":     {frameOf(wire.KindPing, 1, []byte{0x90}), wire.HelloExpected},
		"no msgpack":         {frameOf(wire.KindHello, 1, bytes.Repeat([]byte{0xc1}, 40)), wire.BadHello},
		"an array too short": {frameOf(wire.KindHello, 1, h.Append(nil)[:20]), wire.BadHello},
	} {
		g := a.dial()
		if _, err := g.Write(c.bytes); err != nil {
			a.Fatal(err)
		}
		if said := g.goodbye(c.want); said != c.want {
			a.Errorf("%s: %v", what, said)
		}
	}
	if a.web {
		a.speakOtherWeb()
	}
	g := a.login()
	g.ask(0x7fff, []byte{0x90}, fault.Unimplemented)
	if _, err := g.Write([]byte{0, 1, 0, 0}); err != nil { // of 64 KiB, one too many
		a.Fatal(err)
	}
	g.goodbye(wire.BadFrame)
	a.undisturbed()
}

// speakOtherWeb breaks the rules of WebSocket.
func (a *abuser) speakOtherWeb() {
	for what, c := range map[string]struct {
		frame []byte
		want  ws.StatusCode
	}{
		"text":              {ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("hello")))), 1003},
		"a frame in clear":  {ws.MustCompileFrame(ws.NewBinaryFrame([]byte("hello"))), 1002},
		"a large ping":      {ws.MustCompileFrame(ws.MaskFrame(ws.NewPingFrame(make([]byte, 126)))), 1002},
		"a message of 2 EB": {[]byte{0x82, 0xff, 0x20, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 1009},
		"a fragment":        {[]byte{0x80, 0x80, 1, 2, 3, 4}, 1002},
	} {
		g := a.dial()
		if _, err := g.socket().Write(c.frame); err != nil {
			a.Fatal(err)
		}
		_, err := g.next()
		if closed, ok := err.(wsutil.ClosedError); !ok || closed.Code != c.want {
			a.Errorf("%s: %v, want %d", what, err, c.want)
		}
	}
}

// refused says a hello that must be answered with an error and a goodbye.
func (a *abuser) refused(what string, h wire.Hello, code fault.Code, r wire.Reason) {
	a.Helper()
	g := a.dial()
	g.say(h)
	if got := g.code(g.reply(1)); got != code {
		a.Errorf("%s: %v, want %v", what, got, code)
	}
	g.goodbye(r)
}

// sayBadHello says hellos with fields that break a limit.
func sayBadHello(a *abuser) {
	for what, spoil := range map[string]func(*wire.Hello){
		"a short id":       func(h *wire.Hello) { h.Credential = "12345" },
		"a long id":        func(h *wire.Hello) { h.Credential = strings.Repeat("x", 129) },
		"an id of no text": func(h *wire.Hello) { h.Credential = "player\xff\xfe" },
		"a short nonce":    func(h *wire.Hello) { h.Nonce = []byte("1234567") },
		"a long nonce":     func(h *wire.Hello) { h.Nonce = make([]byte, 33) },
		"a long agent":     func(h *wire.Hello) { h.Agent = strings.Repeat("x", 129) },
		"an agent no text": func(h *wire.Hello) { h.Agent = "\xc3\x28" },
		"a long provider":  func(h *wire.Hello) { h.Provider = strings.Repeat("x", 33) },
	} {
		h := aHello(a.user())
		spoil(&h)
		a.refused(what, h, fault.InvalidArgument, wire.BadHello)
	}
	h := aHello(a.user())
	h.VersionMin, h.VersionMax = 7, 9
	a.refused("versions of the future", h, fault.FailedPrecondition, wire.UnsupportedVersion)
	a.undisturbed()
}

// tokensAt returns tokens of a user under some keys, given out at a time.
func (a *abuser) tokensAt(text string, at time.Time, user string) wire.Tokens {
	a.Helper()
	keys, err := credential.ParseKeys(text)
	if err != nil {
		a.Fatal(err)
	}
	tokens, err := credential.New(credential.Options{Keys: keys, Now: func() time.Time { return at }})
	if err != nil {
		a.Fatal(err)
	}
	issued, err := tokens.Issue(&grid.Caller{User: grid.UserID("custom", user)})
	if err != nil {
		a.Fatal(err)
	}
	return issued
}

// showBadTokens shows expired, forged, mixed up and unknown ones.
func showBadTokens(a *abuser) {
	keys, err := os.ReadFile(filepath.Join(a.dir, "token.keys"))
	if err != nil {
		a.Fatal(err)
	}
	now, user := time.Now(), a.user()
	expired := a.tokensAt(string(keys), now.Add(-365*24*time.Hour), user)
	forged := a.tokensAt(credential.DrawKeys(), now, user)
	good := a.tokensAt(string(keys), now, user)
	parts := strings.Split(good.Session, ".")
	const none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" // {"alg":"none","typ":"JWT"}
	h := aHello(user)
	for what, c := range map[string]struct{ provider, credential string }{
		"an expired session token": {"token", expired.Session},
		"an expired refresh token": {"refresh", expired.Refresh},
		"a forged session token":   {"token", forged.Session},
		"a forged refresh token":   {"refresh", forged.Refresh},
		"no signature":             {"token", parts[0] + "." + parts[1] + "."},
		"no algorithm":             {"token", none + "." + parts[1] + "."},
		"another's signature":      {"token", parts[0] + "." + parts[1] + "." + strings.Split(expired.Session, ".")[2]},
		"a refresh token as other": {"token", good.Refresh},
		"a session token as other": {"refresh", good.Session},
		"no token":                 {"token", ""},
		"dots":                     {"token", strings.Repeat(".", 3000)},
		"a token of no studio":     {"jwt", good.Session},
		"another key of a server":  {"server", strings.Repeat("0", 64)},
		"an unknown provider":      {"google", "x"},
	} {
		h.Provider, h.Credential = c.provider, c.credential
		a.refused(what, h, fault.Unauthenticated, wire.Unauthenticated)
	}
	h.Provider, h.Credential = wire.ProviderToken, strings.Repeat("x", wire.TokenBytesMax+1)
	a.refused("a token that is too long", h, fault.InvalidArgument, wire.BadHello)
	h.Provider, h.Credential = wire.ProviderToken, good.Session
	a.loginAs(h).works()
	a.undisturbed()
}

// confirms sends something, which shows that the welcome came, and waits until the
// user's slot has done that and what came behind it.
func (g *guest) confirms() {
	g.t.Helper()
	g.ask(session.KindUntrack, again(&session.UntrackRequest{Key: roomKey("none")}), fault.OK)
}

// replayRefreshToken uses one again that was used up.
func replayRefreshToken(a *abuser) {
	var w wire.Tokens
	in := pack.NewCursor(a.login().ask(wire.KindToken, []byte{0x90}, fault.OK).Body)
	if err := w.Decode(&in); err != nil {
		a.Fatal(err)
	}
	h := aHello("")
	h.Provider, h.Credential = wire.ProviderRefresh, w.Refresh
	g := a.loginAs(h)
	g.confirms()
	for range 3 {
		a.refused("a used refresh token", h, fault.Unauthenticated, wire.Unauthenticated)
	}
	h.Resume = &g.welcome.Resume
	a.refused("a used refresh token, to resume", h, fault.Unauthenticated, wire.Unauthenticated)
	g.works()
	a.undisturbed()
}

// resumeOthers shows resume tokens of others, and its own that are void: each opens a
// session of its own, and takes none away.
func resumeOthers(a *abuser) {
	mine := aHello(a.user())
	ann := a.login()
	drawn := ann.welcome.Resume
	drawn.Secret[0]++
	for what, token := range map[string]wire.ResumeToken{
		"another's": ann.welcome.Resume, "one that is drawn": drawn, "zeros": {},
	} {
		h := mine
		h.Resume = &token
		if g := a.loginAs(h); g.welcome.Resumed || g.welcome.Session == ann.welcome.Session {
			a.Errorf("%s has resumed a session", what)
		}
	}
	ann.works()

	first := a.loginAs(mine)
	h := mine
	h.Resume = &first.welcome.Resume
	second := a.loginAs(h)
	first.goodbye(wire.SessionReplaced)
	second.confirms()
	if g := a.loginAs(h); !second.welcome.Resumed || g.welcome.Resumed {
		a.Errorf("a resume token was good %v, then %v", second.welcome.Resumed, g.welcome.Resumed)
	}
	second.works()
	a.undisturbed()
}

// sendBadFields sends names and texts that are too long, empty, or no UTF-8. Each is
// refused, and the connection is served on.
func sendBadFields(a *abuser) {
	g := a.login()
	stream := func(kind int64, name string) []byte {
		return pack.AppendString(pack.AppendInt(pack.AppendArray(nil, 2), kind), name)
	}
	array := func(fields ...[]byte) []byte {
		return append(pack.AppendArray(nil, len(fields)), bytes.Join(fields, nil)...)
	}
	text := func(s string) []byte { return pack.AppendString(nil, s) }
	zero := pack.AppendUint(nil, 0)
	for _, name := range []string{"", strings.Repeat("x", grid.StreamNameBytesMax+1), "a\x00b", "a\nb", "\xff\xfe",
		"half an \xe2\x82", "\xed\xa0\x80", "\xc0\x80"} {
		for kind := range int64(4) {
			s := stream(kind, name)
			g.ask(session.KindTrack, array(zero, zero, s, text("")), fault.InvalidArgument)
			g.ask(session.KindUntrack, array(zero, zero, s), fault.InvalidArgument)
			g.ask(presence.KindCount, array(s), fault.InvalidArgument)
			g.ask(chat.KindSend, array(zero, zero, s, text("x")), fault.InvalidArgument)
			g.ask(chat.KindSignal, array(s, text("x")), fault.InvalidArgument)
			g.ask(chat.KindInfo, array(s), fault.InvalidArgument)
		}
	}
	hall := stream(int64(grid.StreamRoom), fmt.Sprint(g.welcome.Session))
	g.ask(session.KindTrack, array(zero, zero, hall, text("")), fault.OK)
	for _, content := range []string{"", strings.Repeat("x", chat.ContentBytesMax+1), "\xff", "half a \xf0\x9f\x98"} {
		g.ask(chat.KindSend, array(zero, zero, hall, text(content)), fault.InvalidArgument)
		g.ask(chat.KindUpdate, array(zero, zero, hall, pack.AppendUint(nil, 1), text(content)), fault.InvalidArgument)
		g.ask(chat.KindSignal, array(hall, text(content)), fault.InvalidArgument)
	}
	for _, status := range []string{strings.Repeat("x", presence.StatusBytesMax+1), "\xff"} {
		g.ask(session.KindTrack, array(zero, zero, hall, text(status)), fault.InvalidArgument)
	}
	g.works()
	a.undisturbed()
}
