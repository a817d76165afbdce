package main

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// TestFewOutgoingBytes is a server that lets as little wait for its clients as can be
// configured. Who does not read misses pushes, is told so once it reads, and is served on;
// who asks for more than may wait is closed; others on the same stream notice nothing.
func TestFewOutgoingBytes(t *testing.T) {
	t.Parallel()
	v := &victim{t: t, dir: t.TempDir()}
	both, process := startProcess(t, v.dir, "--outgoing-bytes-max=512KiB", "--http-addr=127.0.0.1:0",
		"--session-requests-per-second=0", "--user-requests-per-second=0")
	v.addr, v.http, _ = strings.Cut(both, " http=")
	v.process = process
	v.behave()
	a := &abuser{T: t, victim: v}
	missPushes(a)
	neverRead(a)
	a.letIn().works()
}

// missPushes has two on a stream, of whom one talks and hears all of it, and the other
// does not read.
func missPushes(a *abuser) {
	hall := session.TrackRequest{Key: roomKey("hall")}
	deaf, keen := a.login(), a.login()
	for _, g := range []*guest{deaf, keen} {
		g.ask(session.KindTrack, again(&hall), fault.OK)
	}
	if err := deaf.socket().SetReadBuffer(4096); err != nil {
		a.Fatal(err)
	}
	signal := chat.SignalRequest{Key: hall.Key, Content: strings.Repeat("x", chat.ContentBytesMax)}
	body := signal.Append(pack.AppendArray(nil, signal.Fields()))
	said, lost := 0, func() bool { return scrape(a.T, a.http).values["throng_pushes_lost_total"] > 0 }
	for said == 0 || said%200 != 0 || !lost() {
		id := keen.send(chat.KindSignal, body)
		for answered, pushed := false, false; !answered || !pushed; {
			f, err := keen.next()
			if err != nil || f.Kind == wire.KindMissed || f.Flags&wire.Error != 0 {
				a.Fatalf("who reads: %#04x, flags %v, after %d signals: %v", uint16(f.Kind), f.Flags, said, err)
			}
			answered = answered || f.Flags&wire.Reply != 0 && f.ID == id
			pushed = pushed || f.Kind == chat.KindSignaled
		}
		said++
	}
	a.undisturbed()
	if err := deaf.socket().SetReadBuffer(1 << 20); err != nil { // else it would read for minutes
		a.Fatal(err)
	}
	heard := 0
	for f, err := deaf.next(); f.Kind != wire.KindMissed; f, err = deaf.next() {
		if err != nil {
			a.Fatalf("who did not read, after %d signals: %v", heard, err)
		}
		if f.Kind == chat.KindSignaled {
			heard++
		}
	}
	if heard == 0 || heard >= said {
		a.Errorf("who did not read heard %d of %d", heard, said)
	}
	deaf.works()
}
