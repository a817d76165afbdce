package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// TestFixedLimits goes up to each limit of docs/limits.md that no configuration changes
// and that one client can reach, which works, and beyond it, which has the code of the
// docs.
func TestFixedLimits(t *testing.T) {
	t.Parallel()
	v := &victim{t: t, dir: t.TempDir()}
	v.addr, v.process = startProcess(t, v.dir,
		"--session-requests-per-second=0", "--user-requests-per-second=0")
	t.Run("hello", func(t *testing.T) { helloLimits(&abuser{T: t, victim: v}) })
	t.Run("sessions", func(t *testing.T) { sessionLimits(&abuser{T: t, victim: v}) })
	t.Run("requests", func(t *testing.T) { requestLimits(&abuser{T: t, victim: v}) })
}

func helloLimits(a *abuser) {
	text := func(n int) string { return strings.Repeat("x", n) }
	as := func(provider, credential string) wire.Hello {
		h := aHello(credential)
		h.Provider = provider
		return h
	}
	agent := func(n int) wire.Hello { h := aHello(a.user()); h.Agent = text(n); return h }
	nonce := func(n int) wire.Hello { h := aHello(a.user()); h.Nonce = []byte(text(n)); return h }
	const ok, wrong, stranger = fault.OK, fault.InvalidArgument, fault.Unauthenticated
	for i, c := range []struct {
		hello wire.Hello
		want  fault.Code
	}{
		{as(wire.ProviderCustom, text(wire.CustomIDBytesMin)), ok},
		{as(wire.ProviderCustom, text(wire.CustomIDBytesMin-1)), wrong},
		{as(wire.ProviderCustom, text(wire.CustomIDBytesMax)), ok},
		{as(wire.ProviderCustom, text(wire.CustomIDBytesMax+1)), wrong},
		{as(wire.ProviderDevice, text(wire.DeviceIDBytesMin)), ok},
		{as(wire.ProviderDevice, text(wire.DeviceIDBytesMin-1)), wrong},
		{as(wire.ProviderDevice, text(wire.DeviceIDBytesMax)), ok},
		{as(wire.ProviderDevice, text(wire.DeviceIDBytesMax+1)), wrong},
		{as(wire.ProviderServer, text(wire.TokenBytesMax)), stranger},
		{as(wire.ProviderServer, text(wire.TokenBytesMax+1)), wrong},
		{as(wire.ProviderToken, text(wire.TokenBytesMax)), stranger},
		{as(wire.ProviderToken, text(wire.TokenBytesMax+1)), wrong},
		{agent(wire.AgentBytesMax), ok}, {agent(wire.AgentBytesMax + 1), wrong},
		{nonce(wire.NonceBytesMin), ok}, {nonce(wire.NonceBytesMin - 1), wrong},
		{nonce(wire.NonceBytesMax), ok}, {nonce(wire.NonceBytesMax + 1), wrong},
	} {
		g := a.dial()
		g.say(c.hello)
		if code := g.code(g.reply(1)); code != c.want {
			a.Errorf("hello %d, %s: %v, want %v", i, c.hello.Provider, code, c.want)
		}
		g.Close()
	}
	g := a.dial()
	g.send(wire.KindHello, make([]byte, wire.HelloBytesMax))
	g.goodbye(wire.BadFrame)
}

func sessionLimits(a *abuser) {
	h := aHello(a.user())
	for range session.SessionsPerUserMax {
		a.loginAs(h)
	}
	g := a.dial()
	g.say(h)
	if code := g.code(g.reply(1)); code != fault.ResourceExhausted {
		a.Errorf("one session too many: %v", code)
	}
	one := a.login()
	track := func(i int) []byte {
		return again(&session.TrackRequest{Key: roomKey(fmt.Sprint("r", i))})
	}
	for i := range session.StreamsMax {
		one.ask(session.KindTrack, track(i), fault.OK)
	}
	one.ask(session.KindTrack, track(session.StreamsMax), fault.ResourceExhausted)
	one.works()
}

// requestLimits asks with each field as long as it may be, and one longer.
func requestLimits(a *abuser) {
	g := a.studio()
	text := func(n int) string { return strings.Repeat("x", n) }
	board := leaderboard.CreateRequest{Board: "b"}
	g.ask(leaderboard.KindCreate, again(&board), fault.OK)
	read := func(r fields) []byte { return r.Append(pack.AppendArray(nil, r.Fields())) }
	create := func(change func(*leaderboard.CreateRequest, int)) func(int) []byte {
		return func(n int) []byte {
			r := leaderboard.CreateRequest{Board: "n" + text(n%100)}
			change(&r, n)
			return again(&r)
		}
	}
	type request func(n int) []byte
	for i, c := range []struct {
		kind grid.Kind
		most int
		body request
	}{
		{leaderboard.KindCreate, leaderboard.BoardNameBytesMax,
			create(func(r *leaderboard.CreateRequest, n int) { r.Board = text(n) })},
		{leaderboard.KindCreate, leaderboard.BoardMetadataBytesMax,
			create(func(r *leaderboard.CreateRequest, n int) { r.Metadata = text(n) })},
		{leaderboard.KindCreate, leaderboard.StripesMax,
			create(func(r *leaderboard.CreateRequest, n int) { r.Stripes = n })},
		{leaderboard.KindCreate, leaderboard.ScheduleBytesMax,
			create(func(r *leaderboard.CreateRequest, n int) {
				r.Schedule = strings.Repeat("0,", (n-9)/2) + strings.Repeat("0", 1+(n-9)%2) + " 0 * * 1"
			})},
		{leaderboard.KindCreate, int(leaderboard.KeepMax / time.Second),
			create(func(r *leaderboard.CreateRequest, n int) {
				r.Schedule, r.Keep = "@daily", time.Duration(n)*time.Second
			})},
		{leaderboard.KindSubmit, leaderboard.RecordMetadataBytesMax, func(n int) []byte {
			return again(&leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{1}, Metadata: text(n)})
		}},
		{leaderboard.KindPage, leaderboard.PageRecordsMax, func(n int) []byte {
			return read(&leaderboard.PageRequest{Board: "b", Rank: 1, Limit: n})
		}},
		{leaderboard.KindAround, leaderboard.PageRecordsMax, func(n int) []byte {
			return read(&leaderboard.AroundRequest{Board: "b", Owner: grid.ID{1}, Limit: n})
		}},
		{leaderboard.KindOwners, leaderboard.OwnersMax, func(n int) []byte {
			return read(&leaderboard.OwnersRequest{Board: "b", Owners: slices.Repeat([]grid.ID{{1}}, n)})
		}},
		{session.KindTrack, presence.StatusBytesMax, func(n int) []byte {
			return again(&session.TrackRequest{Key: roomKey("s"), Status: text(n)})
		}},
		{session.KindTrack, grid.StreamNameBytesMax, func(n int) []byte {
			return again(&session.TrackRequest{Key: roomKey(text(n))})
		}},
		{presence.KindList, presence.PageMembersMax, func(n int) []byte {
			return read(&presence.ListRequest{Key: []byte(roomKey("s")), Limit: n})
		}},
		{chat.KindSend, chat.ContentBytesMax, func(n int) []byte {
			return again(&chat.SendRequest{Key: roomKey("s"), Content: text(n)})
		}},
		{chat.KindSignal, chat.ContentBytesMax, func(n int) []byte {
			return read(&chat.SignalRequest{Key: roomKey("s"), Content: text(n)})
		}},
		{chat.KindHistory, chat.HistoryMessagesMax, func(n int) []byte {
			return read(&chat.HistoryRequest{Key: roomKey("s"), Limit: n})
		}},
		{0x7fff, 0, func(int) []byte { return nil }},
	} {
		if c.most == 0 {
			g.ask(c.kind, pack.AppendArray(nil, 0), fault.Unimplemented)
			continue
		}
		for n, want := range map[int]fault.Code{c.most: fault.OK, c.most + 1: fault.InvalidArgument} {
			if f := g.reply(g.send(c.kind, c.body(n))); g.code(f) != want {
				a.Errorf("request %d, %#04x, with %d: %v, %q, want %v", i, uint16(c.kind), n, g.code(f), f.Body, want)
			}
		}
	}
	deep := append(pack.AppendArray(nil, 1), bytes.Repeat([]byte{0x91}, pack.DepthMax+1)...)
	g.ask(leaderboard.KindInfo, append(deep, 0xc0), fault.InvalidArgument)
	cursor := leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 1, Cursor: make([]byte, leaderboard.CursorBytesMax+1)}
	g.ask(leaderboard.KindPage, read(&cursor), fault.InvalidArgument)
}
