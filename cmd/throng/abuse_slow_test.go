package main

import (
	"bytes"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// halfFrames leaves large frames unfinished on many connections, which may stay: what each
// holds is bounded by a frame. What is finished later is answered.
func halfFrames(a *abuser) {
	const guests = 200
	frame := frameOf(0x7fff, 2, make([]byte, wire.FrameBytesMax-100))
	all := make([]*guest, guests)
	for i := range all {
		all[i] = a.login()
		if _, err := all[i].Write(frame[:len(frame)-1]); err != nil {
			a.Fatal(err)
		}
	}
	a.undisturbed()
	for _, g := range all {
		if _, err := g.Write(frame[len(frame)-1:]); err != nil {
			a.Fatal(err)
		}
		if code := g.code(g.reply(2)); code != fault.Unimplemented {
			a.Errorf("a frame in two parts: %v", code)
		}
	}
	a.undisturbed()
}

// trickleHello says hello a byte at a time, so slowly that it is not done in time.
func trickleHello(a *abuser) {
	g := a.dial()
	h := aHello(a.user())
	hello := frameOf(wire.KindHello, 1, h.Append(nil))
	told := make(chan struct{})
	go func() {
		defer close(told)
		g.goodbye(wire.HelloLate, wire.Overloaded)
	}()
	now := time.NewTicker(500 * time.Millisecond)
	defer now.Stop()
	for i := 0; ; i++ {
		select {
		case <-told:
			a.undisturbed()
			return
		case <-now.C:
			if i < len(hello)-1 {
				_, _ = g.Write(hello[i : i+1]) // fails once it was told
			}
		}
	}
}

// webFrame is a frame of WebSocket as a client sends it.
func webFrame(f ws.Frame) []byte { return ws.MustCompileFrame(ws.MaskFrameInPlace(f)) }

// floodWeb sends pings, messages in fragments of one byte and of none, one that is never
// finished, and compressed ones.
func floodWeb(a *abuser) {
	g := a.login()
	ping := webFrame(ws.NewPingFrame([]byte("x")))
	for range 20 { // pongs come between replies, and are passed over
		if _, err := g.socket().Write(bytes.Repeat(ping, 1000)); err != nil {
			a.Fatal(err)
		}
		g.works()
	}
	var many []byte
	large := frameOf(0x7fff, 77, make([]byte, 20_000))
	for i, b := range large {
		op := ws.OpContinuation
		if i == 0 {
			op = ws.OpBinary
		}
		many = append(many, webFrame(ws.NewFrame(op, false, []byte{b}))...)
		if i%2 == 0 {
			many = append(many, webFrame(ws.NewFrame(ws.OpContinuation, false, nil))...)
		}
	}
	many = append(many, webFrame(ws.NewFrame(ws.OpContinuation, true, nil))...)
	if _, err := g.socket().Write(many); err != nil {
		a.Fatal(err)
	}
	if code := g.code(g.reply(77)); code != fault.Unimplemented {
		a.Errorf("a message of fragments: %v", code)
	}
	g.works()
	a.undisturbed()

	never := a.login()
	if _, err := never.socket().Write(webFrame(ws.NewFrame(ws.OpBinary, false, []byte{0, 0}))); err != nil {
		a.Fatal(err)
	}
	a.compress()
	a.undisturbed()
}

// compress offers compression, which is not taken up, and compresses nevertheless.
func (a *abuser) compress() {
	a.Helper()
	g := a.login()
	f := ws.NewBinaryFrame([]byte("x"))
	f.Header.Rsv = ws.Rsv(true, false, false)
	if _, err := g.socket().Write(webFrame(f)); err != nil {
		a.Fatal(err)
	}
	_, err := g.next()
	if closed, ok := err.(wsutil.ClosedError); !ok || closed.Code != ws.StatusProtocolError {
		a.Errorf("a compressed frame: %v", err)
	}
	offer := "GET / HTTP/1.1\r\n" + upgradeLines + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	said := a.exchangeRaw(a.addr, offer+string(webFrame(f)))
	if bytes.Contains(said, []byte("Sec-WebSocket-Extensions")) || len(statuses(said)) != 1 {
		a.Errorf("an offer of compression: %q", said)
	}
}
