package netio

import (
	"bytes"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

func roomKey(name string) string { return string(grid.AppendKey(nil, grid.StreamRoom, name)) }

// again is the array of a write that needs no number.
func again(r interface {
	Fields() int
	Append([]byte) []byte
},
) []byte {
	b := pack.AppendArray(nil, r.Fields()+2)
	return r.Append(pack.AppendUint(pack.AppendUint(b, 0), 0))
}

// reply reads up to the reply to a request, and keeps what is pushed before it.
func (p *peer) reply(id uint32) wire.Frame {
	p.t.Helper()
	for {
		f := p.frame()
		if f.Flags&wire.Reply != 0 {
			if f.ID != id {
				p.t.Fatalf("request %d was answered with %+v", id, f)
			}
			return f
		}
		f.Body = bytes.Clone(f.Body)
		p.pushed = append(p.pushed, f)
	}
}

func (p *peer) done(id uint32) {
	p.t.Helper()
	if f := p.reply(id); f.Flags&wire.Error != 0 {
		in := pack.NewCursor(f.Body)
		e, _ := fault.Decode(&in)
		p.t.Fatalf("request %d: %v", id, e)
	}
}

// push reads up to the next push of a kind, and throws others away.
func (p *peer) push(kind grid.Kind) []byte {
	p.t.Helper()
	for len(p.pushed) > 0 {
		f := p.pushed[0]
		p.pushed = p.pushed[1:]
		if f.Kind == kind {
			return f.Body
		}
	}
	for {
		if f := p.frame(); f.Flags&wire.Reply == 0 && f.Kind == kind {
			if f.ID != 0 {
				p.t.Fatalf("a push with the id %d", f.ID)
			}
			return bytes.Clone(f.Body)
		}
	}
}

// track comes on a stream, and waits until it is there.
func (p *peer) track(key string) {
	p.t.Helper()
	p.done(p.send(session.KindTrack, 0, again(&session.TrackRequest{Key: key, Status: "here"})))
	in := pack.NewCursor(p.push(presence.KindEntered))
	if e, err := presence.DecodeEnteredEvent(&in); err != nil || string(e.Key) != key {
		p.t.Fatalf("entered %+v, %v", e, err)
	}
}

func (p *peer) untrack(key string) {
	p.t.Helper()
	p.done(p.send(session.KindUntrack, 0, again(&session.UntrackRequest{Key: key})))
}

// say sends a message to be passed on, and returns the id of the request.
func (p *peer) say(key, text string) uint32 {
	p.t.Helper()
	return p.send(kindSay, 0, said(key, text))
}

// said is the array of a message, as it is sent and pushed.
func said(key, text string) []byte {
	return pack.AppendString(grid.AppendStream(pack.AppendArray(nil, 2), key), text)
}

// hears reads up to the next message and checks it.
func (p *peer) hears(key, text string) {
	p.t.Helper()
	if got, want := p.push(kindSaid), said(key, text); !bytes.Equal(got, want) {
		p.t.Fatalf("heard %q, want %q", got, want)
	}
}

// hearsNothing shows that nothing was pushed, by asking for something.
func (p *peer) hearsNothing() {
	p.t.Helper()
	p.reply(p.send(wire.KindPing, 0, pack.AppendArray(nil, 0)))
	for _, f := range p.pushed {
		if f.Kind == kindSaid {
			p.t.Fatalf("heard %q", f.Body)
		}
	}
}

// hello is a player's.
func playerHello(i int) *wire.Hello {
	h := aHello()
	h.Credential = fmt.Sprintf("player-%04d", i)
	h.Nonce = fmt.Appendf(nil, "nonce-of-%d", i)
	return &h
}
