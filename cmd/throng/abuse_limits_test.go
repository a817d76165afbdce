package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// TestLimitsOfClients hits each limit of a server whose limits are small. Below it all
// works; who goes beyond is told which key it was, or is closed with the right reason; and
// afterwards there is room again.
func TestLimitsOfClients(t *testing.T) {
	v := &victim{t: t, dir: t.TempDir()}
	v.addr, v.process = startProcess(t, v.dir,
		"--connections-max=24", "--connections-per-ip-max=10", "--connections-per-ip-exempt=none",
		"--unauthenticated-max=16", "--hello-timeout=1s", "--frame-bytes-max=4KiB",
		"--session-requests-per-second=1", "--session-requests-burst=50",
		"--user-requests-per-second=1", "--user-requests-burst=70",
		"--chat-content-bytes-max=8", "--status-bytes-max=8", "--board-metadata-bytes-max=8",
		"--record-metadata-bytes-max=8", "--page-records-max=2", "--stripes-max=2",
		"--streams-per-session-max=2")
	inside := (&abuser{T: t, victim: v}).login()
	for i, c := range []struct {
		name string
		do   func(*abuser)
	}{
		{"connections of an address", crowd},
		{"connections", fill},
		{"no session in time", strangers},
		{"requests of a session", askTooFast},
		{"requests of a user", askTooFastTogether},
		{"writes that wait", writeTooMany},
		{"bytes of a frame", sendLargeFrames},
		{"what comes into the state", bringTooMuch},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &abuser{T: t, victim: v, from: net.IPv4(127, 1, byte(i), 1)}
			c.do(a)
			inside.works()
			if m := v.memory(t); m > memoryMax {
				t.Errorf("the server has taken %d MB, at most %d were to be", m, memoryMax)
			}
		})
	}
}

func crowd(a *abuser) {
	first := a.login()
	for range 9 {
		a.login().works()
	}
	a.dial().goodbye(wire.Overloaded)
	(&abuser{T: a.T, victim: a.victim, from: net.IPv4(127, 2, 0, 1)}).login().works()
	first.Close()
	a.letIn().works()
}

func fill(a *abuser) {
	var last *guest
	for i, dials := 0, 0; dials < 23; i++ { // and one is there
		own := &abuser{T: a.T, victim: a.victim, from: net.IPv4(127, 3, byte(i), 1)}
		for range min(9, 23-dials) {
			last = own.letIn() // those of the test before may not all have ended
			dials++
		}
	}
	a.dial().goodbye(wire.Overloaded)
	last.works()
	last.Close()
	a.letIn().works()
}

func strangers(a *abuser) {
	other := &abuser{T: a.T, victim: a.victim, from: net.IPv4(127, 4, 0, 1)}
	var all []*guest
	for range 9 {
		all = append(all, a.dial(), other.dial())
	}
	for _, g := range all {
		g.goodbye(wire.HelloLate, wire.Overloaded)
	}
	a.letIn().works()
}

// refusals sends requests, and returns how many were not done, each of which must have
// been told of a limit.
func (a *abuser) refusals(g *guest, kind grid.Kind, body []byte, n int, says string) (refused int) {
	a.Helper()
	if _, err := g.Write(bytes.Repeat(frameOf(kind, 7, body), n)); err != nil {
		a.Fatal(err)
	}
	for range n {
		f := g.reply(7)
		if code := g.code(f); code == fault.ResourceExhausted && strings.Contains(string(f.Body), says) {
			refused++
		} else if code == fault.ResourceExhausted {
			a.Errorf("%q does not name %s", f.Body, says)
		}
	}
	return refused
}

func askTooFast(a *abuser) {
	g := a.login()
	if n := a.refusals(g, wire.KindPing, []byte{0x90}, 60, "session_requests_per_second"); n < 5 || n > 10 {
		a.Errorf("%d of 60 requests were refused, of a burst of 50", n)
	}
	if _, err := g.Write(bytes.Repeat(frameOf(wire.KindPing, 7, []byte{0x90}), 2000)); err != nil {
		a.Fatal(err)
	}
	g.goodbye(wire.Flooding)
	a.letIn().works()
}

func askTooFastTogether(a *abuser) {
	h := aHello(a.user())
	one, two := a.loginAs(h), a.loginAs(h)
	if n := a.refusals(one, wire.KindPing, []byte{0x90}, 45, "requests_per_second"); n > 0 {
		a.Errorf("%d of 45 requests were refused", n)
	}
	if n := a.refusals(two, wire.KindPing, []byte{0x90}, 45, "user_requests_per_second"); n < 10 || n > 20 {
		a.Errorf("%d of 90 requests were refused, of a burst of 70", n)
	}
	a.letIn().works()
}

// studio logs in as the studio's own server, whose requests no rate bounds.
func (a *abuser) studio() *guest {
	a.Helper()
	key, err := os.ReadFile(filepath.Join(a.dir, "server.key"))
	if err != nil {
		a.Fatal(err)
	}
	h := aHello(strings.TrimSpace(string(key)))
	h.Provider = wire.ProviderServer
	return a.loginAs(h)
}

func writeTooMany(a *abuser) {
	g := a.studio()
	// All come in one piece, and are taken before the first can be answered.
	r := chat.SendRequest{Key: roomKey("none"), Content: "x"}
	b := pack.AppendUint(pack.AppendUint(pack.AppendArray(nil, r.Fields()+2), 1), 1)
	if n := a.refusals(g, chat.KindSend, r.Append(b), 3*grid.RequestsMax, "pending_requests_max"); n == 0 {
		a.Error("no write was one too many")
	}
	g.works()
}

func sendLargeFrames(a *abuser) {
	g := a.login()
	const most = 4 << 10
	head := len(frameOf(0x7fff, 2, nil))
	g.ask(0x7fff, make([]byte, most-head), fault.Unimplemented)
	g.send(0x7fff, make([]byte, most-head+1))
	g.goodbye(wire.BadFrame)
	a.letIn().works()
}

// fields is a request as it is sent.
type fields interface {
	Fields() int
	Append([]byte) []byte
}

func bringTooMuch(a *abuser) {
	g, large := a.studio(), strings.Repeat("x", 9)
	board := leaderboard.CreateRequest{Board: "b", Sort: leaderboard.Descending, Metadata: large[1:], Stripes: 2}
	long, wide := board, board
	long.Metadata, wide.Stripes = large, 3
	write, read := again, func(r fields) []byte { return r.Append(pack.AppendArray(nil, r.Fields())) }
	hall := roomKey("hall")
	for i, c := range []struct {
		kind grid.Kind
		body []byte
		key  string // "": it works
	}{
		{leaderboard.KindCreate, write(&board), ""},
		{leaderboard.KindCreate, write(&long), "board_metadata_bytes_max"},
		{leaderboard.KindCreate, write(&wide), "stripes_max"},
		{leaderboard.KindSubmit, write(&leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{1},
			Metadata: large}), "record_metadata_bytes_max"},
		{leaderboard.KindPage, read(&leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 2}), ""},
		{leaderboard.KindPage, read(&leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 3}), "page_records_max"},
		{session.KindTrack, write(&session.TrackRequest{Key: hall, Status: large}), "status_bytes_max"},
		{session.KindTrack, write(&session.TrackRequest{Key: hall, Status: large[1:]}), ""},
		{chat.KindSignal, read(&chat.SignalRequest{Key: hall, Content: large}), "chat_content_bytes_max"},
		{chat.KindSignal, read(&chat.SignalRequest{Key: hall, Content: large[1:]}), ""},
		{session.KindTrack, write(&session.TrackRequest{Key: roomKey("2")}), ""},
		{session.KindTrack, write(&session.TrackRequest{Key: roomKey("3")}), "streams_per_session_max"},
		{session.KindUntrack, write(&session.UntrackRequest{Key: roomKey("2")}), ""},
		{session.KindTrack, write(&session.TrackRequest{Key: roomKey("3")}), ""},
	} {
		f := g.reply(g.send(c.kind, c.body))
		code := g.code(f)
		if (code == fault.OK) != (c.key == "") || !strings.Contains(string(f.Body), c.key) {
			a.Errorf("request %d: %v, %q: want it to name %q", i, code, f.Body, c.key)
		}
	}
}
