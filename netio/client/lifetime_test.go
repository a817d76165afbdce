package client

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

// The server's last word decides whether the client comes back.
func TestGoodbyes(t *testing.T) {
	s := &script{}
	s.serve = func(k *scripted, f wire.Frame) {
		switch k.number {
		case 1:
			k.goodbye(wire.Shutdown)
			k.submitted(f) // what was under way is still answered
			k.Close()
		case 2:
			k.submitted(f)
		default:
			k.goodbye(wire.BadFrame)
			k.Close()
		}
	}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	ctx := within(t)
	for i := range 2 {
		if err := submit(ctx, c); err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	s.mu.Lock()
	s.conns[1].Close()
	s.mu.Unlock()
	check(t, submit(ctx, c), fault.FailedPrecondition, true)
	check(t, submit(ctx, c), fault.FailedPrecondition, false) // the client has ended
}

func TestDialRefused(t *testing.T) {
	ctx := within(t)
	_, err := Dial(ctx, "127.0.0.1:1", Options{Credential: Custom("player-0001")})
	check(t, err, fault.Unavailable, false)
	_, err = Dial(ctx, "127.0.0.1:1", Options{})
	check(t, err, fault.InvalidArgument, false)
	_, err = Dial(ctx, "127.0.0.1:1", Options{Credential: Custom("short")})
	check(t, err, fault.InvalidArgument, false)

	n := startNode(t, "127.0.0.1:0")
	_, err = Dial(ctx, n.addr, Options{Credential: ServerKey("not the right key at all")})
	check(t, err, fault.Unauthenticated, false)

	for name, c := range map[string]struct {
		hello func(*scripted, wire.Frame)
		code  fault.Code
	}{
		"goodbye for now": {func(k *scripted, _ wire.Frame) { k.goodbye(wire.Overloaded) }, fault.Unavailable},
		"goodbye for good": {func(k *scripted, _ wire.Frame) {
			k.goodbye(wire.Unauthenticated)
		}, fault.Unauthenticated},
		"it closes": {func(k *scripted, _ wire.Frame) { k.Close() }, fault.Unavailable},
		"not this protocol": {func(k *scripted, _ wire.Frame) {
			k.Write([]byte("HTTP/1.1 400 Bad Request\r\n"))
		}, fault.Internal},
		"a bad welcome": {func(k *scripted, f wire.Frame) { k.reply(f, []byte{0x90}) }, fault.Internal},
	} {
		addr := startScript(t, &script{hello: c.hello})
		_, err := Dial(ctx, addr, Options{Credential: Custom("player-0001")})
		if e, ok := err.(*fault.Error); !ok || e.Code != c.code {
			t.Errorf("%s: %#v", name, err)
		}
	}

	silent := startScript(t, &script{hello: func(*scripted, wire.Frame) {}})
	_, err = Dial(ctx, silent, Options{Credential: Custom("player-0001"), HelloIn: 10 * time.Millisecond})
	check(t, err, fault.Unavailable, false)
}

// A server that falls silent is pinged, then left.
func TestSilence(t *testing.T) {
	pinged := make(chan struct{}, 16)
	s := &script{}
	s.serve = func(k *scripted, f wire.Frame) {
		switch {
		case f.Kind == wire.KindPing:
			pinged <- struct{}{}
		case k.number > 1:
			k.submitted(f)
		}
	}
	c, err := Dial(within(t), startScript(t, s), Options{
		Credential: Custom("player-0001"), PingEvery: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := submit(within(t), c); err != nil {
		t.Error(err)
	}
	<-pinged
}

func TestClose(t *testing.T) {
	arrived := make(chan struct{}, 1)
	s := &script{serve: func(*scripted, wire.Frame) { arrived <- struct{}{} }}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	answer := make(chan error, 1)
	go func() { answer <- submit(within(t), c) }()
	<-arrived
	c.Close()
	check(t, <-answer, fault.Cancelled, true)
	check(t, submit(within(t), c), fault.Cancelled, false)
	c.Close()
}

func TestRequestTooLarge(t *testing.T) {
	s := &script{serve: func(k *scripted, f wire.Frame) { k.submitted(f) }}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	_, err := c.Submit(within(t), leaderboard.SubmitRequest{Board: strings.Repeat("x", 5000)})
	check(t, err, fault.InvalidArgument, false)
	if err := submit(within(t), c); err != nil {
		t.Error(err)
	}
}

// A reply that makes no sense is an error of that call alone.
func TestReplyThatMakesNoSense(t *testing.T) {
	s := &script{serve: func(k *scripted, f wire.Frame) {
		if k.frames == 1 {
			k.reply(f, []byte{0xc1})
			return
		}
		k.submitted(f)
	}}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	check(t, submit(within(t), c), fault.Internal, true)
	if err := submit(within(t), c); err != nil {
		t.Error(err)
	}
}

// What was sent too long ago is not sent again: the server may have forgotten
// its number.
func TestCallsExpire(t *testing.T) {
	arrived := make(chan struct{}, 1)
	s := &script{}
	s.serve = func(k *scripted, f wire.Frame) {
		if k.number == 1 {
			arrived <- struct{}{}
			return
		}
		k.submitted(f)
	}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	answer := make(chan error, 1)
	go func() { answer <- submit(within(t), c) }()
	<-arrived
	c.mu.Lock()
	c.mu.writes.calls[1].first = time.Now().Add(-RetryFor - time.Second)
	c.mu.Unlock()
	s.mu.Lock()
	s.conns[0].Close()
	s.mu.Unlock()
	check(t, <-answer, fault.DeadlineExceeded, true)
	if err := submit(within(t), c); err != nil {
		t.Error(err)
	}
}

// A batch for a client that has ended fails, and says so of each call.
func TestBatchAfterClose(t *testing.T) {
	c := connect(t, startScript(t, &script{}), Custom("player-0001"))
	c.Close()
	b := c.Batch()
	r := b.Submit(leaderboard.SubmitRequest{Board: "b"})
	check(t, b.Do(within(t)), fault.Cancelled, false)
	_, err := r.Get()
	check(t, err, fault.Cancelled, false)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	r = b.Submit(leaderboard.SubmitRequest{Board: "b"})
	check(t, b.Do(gone), fault.Cancelled, false)
	_, err = r.Get()
	check(t, err, fault.Cancelled, false)
}
