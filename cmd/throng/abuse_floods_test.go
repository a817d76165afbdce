package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/wire"
)

func roomKey(name string) string { return string(grid.AppendKey(nil, grid.StreamRoom, name)) }

// halfOpen makes 10,000 connections, or as many as the limit of open files allows, that
// never get as far as a session: with nothing, half a hello, half of an upgrade, or with
// an upgrade alone. It returns once those that are too many make room. What it returns
// checks that all were told.
func halfOpen(a *abuser) (check func()) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		a.Fatal(err)
	}
	h := aHello("half-open")
	hello := frameOf(wire.KindHello, 1, h.Append(nil))
	begun := []byte("GET / HTTP/1.1\r\nHost: throng\r\nUpgrade: websocket\r\n")
	upgrade := append(begun[:len(begun):len(begun)], "Connection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"...)
	starts := [][]byte{nil, hello[:3], hello[:len(hello)-1], begun, upgrade}
	all := make([]net.Conn, min(10_000, (int(files.Cur)-netio.FilesReserve)*2/3))
	for i := range all {
		c, err := net.Dial("tcp", a.addr)
		if err != nil {
			a.Fatal(err)
		}
		a.Cleanup(func() { c.Close() })
		if _, err := c.Write(starts[i%len(starts)]); err != nil {
			a.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(patience))
		all[i] = c
	}
	told := func(i int) {
		a.Helper()
		said, err := io.ReadAll(all[i])
		late, full := []byte(wire.HelloLate.Text()), []byte(wire.Overloaded.Text())
		if err != nil || !bytes.Contains(said, late) && !bytes.Contains(said, full) {
			a.Fatalf("connection %d, which said %q, was told %q, %v", i, starts[i%len(starts)], said, err)
		}
	}
	told(0)
	a.undisturbed()
	return func() {
		for i := range all[1:] {
			told(i + 1)
		}
		a.undisturbed()
	}
}

// largePage is a request for a page of the largest size.
func largePage() []byte {
	r := chat.HistoryRequest{Key: roomKey(quarry), From: 0, Limit: chat.HistoryMessagesMax, Backward: true}
	return r.Append(pack.AppendArray(nil, r.Fields()))
}

// neverRead asks for 256 KiB with each of its frames, until it is closed.
func neverRead(a *abuser) {
	const guests = 8
	var all sync.WaitGroup
	defer all.Wait()
	for range guests {
		g := a.login()
		if err := g.socket().SetReadBuffer(4096); err != nil {
			a.Fatal(err)
		}
		many := bytes.Repeat(frameOf(chat.KindHistory, 2, largePage()), 100)
		all.Go(func() {
			var err error
			for err == nil {
				_, err = g.Write(many)
			}
			if !closedByPeer(err) {
				a.Errorf("who does not read could write until %v", err)
			}
		})
	}
	a.undisturbed()
	all.Wait()
	a.undisturbed()
}

func closedByPeer(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// readTrickling asks for 15 MiB and reads a byte now and then, until it is closed.
func readTrickling(a *abuser) {
	g := a.login()
	if err := g.socket().SetReadBuffer(4096); err != nil {
		a.Fatal(err)
	}
	for range 60 {
		g.send(chat.KindHistory, largePage())
	}
	a.undisturbed()
	now, one := time.NewTicker(20*time.Millisecond), make([]byte, 1)
	defer now.Stop()
	for {
		<-now.C
		_, err := g.socket().Read(one)
		if err == nil {
			_, err = g.Write(frameOf(wire.KindPing, 3, []byte{0x90}))
		}
		if err != nil {
			if !closedByPeer(err) {
				a.Errorf("who reads too slowly was closed with %v", err)
			}
			break
		}
	}
	a.undisturbed()
}

// again is the array of a write without a number.
func again(r interface {
	Fields() int
	Append([]byte) []byte
},
) []byte {
	b := pack.AppendArray(nil, r.Fields()+2)
	return r.Append(pack.AppendUint(pack.AppendUint(b, 0), 0))
}

// pipeline sends requests, each made by its number, as many at a time as the server
// takes, and returns how often it was answered with which code.
func (a *abuser) pipeline(g *guest, requests int, request func(i int) (grid.Kind, []byte)) map[fault.Code]int {
	a.Helper()
	codes := map[fault.Code]int{}
	var out []byte
	for sent, answered := 0, 0; answered < requests; {
		for out = out[:0]; sent < requests && sent < answered+grid.RequestsMax; sent++ {
			kind, body := request(sent)
			out = append(out, frameOf(kind, uint32(sent), body)...)
		}
		if len(out) > 0 {
			if _, err := g.Write(out); err != nil {
				a.Fatal(err)
			}
		}
		for more := true; more; more = len(g.in) > 0 && answered < requests {
			f, err := g.next()
			if err != nil {
				a.Fatal(err)
			}
			if f.Flags&wire.Reply != 0 {
				codes[g.code(f)]++
				answered++
			}
		}
	}
	return codes
}

// askForStreams wants to be on many streams.
func askForStreams(a *abuser) {
	g := a.login()
	codes := a.pipeline(g, *streamsAbused, func(i int) (grid.Kind, []byte) {
		return session.KindTrack, again(&session.TrackRequest{Key: roomKey(strconv.Itoa(i))})
	})
	if codes[fault.OK] != session.StreamsMax || codes[fault.ResourceExhausted] != *streamsAbused-session.StreamsMax {
		a.Errorf("answered with %v", codes)
	}
	g.works()
	a.undisturbed()
}

// passThroughStreams is on one after the other.
func passThroughStreams(a *abuser) {
	g := a.login()
	codes := a.pipeline(g, *streamsAbused, func(i int) (grid.Kind, []byte) {
		key := roomKey(fmt.Sprint(g.welcome.Session, "-", i/2))
		if i%2 == 0 {
			return session.KindTrack, again(&session.TrackRequest{Key: key})
		}
		return session.KindUntrack, again(&session.UntrackRequest{Key: key})
	})
	if codes[fault.OK] != *streamsAbused {
		a.Errorf("answered with %v", codes)
	}
	g.works()
	a.undisturbed()
}

// sendFromOutside sends to streams on which it is not.
func sendFromOutside(a *abuser) {
	g := a.login()
	codes := a.pipeline(g, *streamsAbused, func(i int) (grid.Kind, []byte) {
		key := roomKey(strconv.Itoa(i))
		if i%2 == 0 {
			r := chat.SignalRequest{Key: key, Content: "x"}
			return chat.KindSignal, r.Append(pack.AppendArray(nil, r.Fields()))
		}
		r := chat.SendRequest{Key: key, Content: "x"}
		b := pack.AppendUint(pack.AppendArray(nil, r.Fields()+2), uint64(i)+grid.RequestsMax)
		return chat.KindSend, r.Append(pack.AppendUint(b, uint64(i)+1))
	})
	if codes[fault.FailedPrecondition] != *streamsAbused {
		a.Errorf("answered with %v", codes)
	}
	g.works()
	a.undisturbed()
}
