package client

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// script is a server that does with each frame what the test says.
type script struct {
	net.Listener
	t     *testing.T
	wg    sync.WaitGroup
	serve func(c *scripted, f wire.Frame)
	hello func(c *scripted, f wire.Frame) // nil: welcome

	mu    sync.Mutex
	conns []net.Conn
}

// scripted is one connection of a script.
type scripted struct {
	net.Conn
	number int // of the connection, from 1
	frames int // served on it, hello not counted
	seq    uint64
	low    uint64
}

func startScript(t *testing.T, s *script) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Listener, s.t = l, t
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return l.Addr().String()
}

func (s *script) accept() {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		k := &scripted{Conn: c, number: len(s.conns)}
		s.mu.Unlock()
		s.wg.Go(func() { s.read(k) })
	}
}

func (s *script) read(c *scripted) {
	defer c.Close()
	l := &link{conn: c}
	for l.fill() == nil {
		l.frames(func(f wire.Frame) {
			switch {
			case f.Kind == wire.KindHello && s.hello == nil:
				w := wire.Welcome{Version: 1, User: grid.UserID("custom", "x"), RequestsMax: 64, FrameBytesMax: 4096}
				c.reply(f, w.Append(nil))
			case f.Kind == wire.KindHello:
				s.hello(c, f)
			default:
				c.frames++
				if f.Kind == leaderboard.KindSubmit {
					in := pack.NewCursor(f.Body)
					in.Array()
					c.seq, c.low = in.Uint(), in.Uint()
				}
				s.serve(c, f)
			}
		})
	}
}

func (c *scripted) reply(f wire.Frame, body []byte) {
	c.Write(wire.End(append(wire.Begin(nil, f.Kind, wire.Reply, f.ID), body...), 0))
}

func (c *scripted) fail(f wire.Frame, e fault.Error) {
	c.Write(wire.End(e.Append(wire.Begin(nil, f.Kind, wire.Reply|wire.Error, f.ID)), 0))
}

func (c *scripted) goodbye(r wire.Reason) {
	g := wire.Goodbye{Reason: r, Text: "as the script says", After: time.Millisecond}
	c.Write(wire.End(g.Append(wire.Begin(nil, wire.KindGoodbye, 0, 0)), 0))
}

// submitted answers a submit.
func (c *scripted) submitted(f wire.Frame) { c.reply(f, []byte{0x93, 1, 0, 0xc3}) }

func submit(ctx context.Context, c *Client) error {
	_, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Score: 1})
	return err
}

func read(ctx context.Context, c *Client) error {
	_, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: "b"})
	return err
}

// check compares an error with what it must be.
func check(t *testing.T, err error, code fault.Code, unknown bool) {
	t.Helper()
	if e, ok := err.(*fault.Error); !ok || e.Code != code || e.Unknown != unknown {
		t.Errorf("got %#v, want %v, unknown %v", err, code, unknown)
	}
}

// Errors with a hint are tried again under the same number; those without are
// the answer.
func TestErrorsOfTheServer(t *testing.T) {
	var seqs []uint64
	for name, c := range map[string]struct {
		first   fault.Error
		times   int // how often the server sees the request
		code    fault.Code
		unknown bool
	}{
		"final":            {fault.Error{Code: fault.NotFound}, 1, fault.NotFound, false},
		"try again":        {fault.Error{Code: fault.Unavailable, Retry: time.Millisecond}, 2, fault.OK, false},
		"unknown":          {fault.Error{Code: fault.Unavailable, Unknown: true}, 2, fault.OK, false},
		"number forgotten": {fault.Error{Code: fault.Aborted}, 1, fault.Aborted, true},
	} {
		t.Run(name, func(t *testing.T) {
			seqs = nil
			done := make(chan struct{})
			s := &script{}
			s.serve = func(k *scripted, f wire.Frame) {
				seqs = append(seqs, k.seq)
				if len(seqs) == 1 {
					k.fail(f, c.first)
				} else {
					k.submitted(f)
				}
				if len(seqs) == c.times {
					close(done)
				}
			}
			cl := connect(t, startScript(t, s), Custom("player-0001"))
			err := submit(within(t), cl)
			<-done
			if c.code == fault.OK && err != nil {
				t.Error(err)
			} else if c.code != fault.OK {
				check(t, err, c.code, c.unknown)
			}
			for _, seq := range seqs {
				if seq != seqs[0] {
					t.Errorf("numbers %v: want the same each time", seqs)
				}
			}
		})
	}
}

// What a context's end means depends on whether the call was sent.
func TestContextEnds(t *testing.T) {
	arrived := make(chan struct{}, 200)
	s := &script{serve: func(*scripted, wire.Frame) { arrived <- struct{}{} }}
	c := connect(t, startScript(t, s), Custom("player-0001"))

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	check(t, submit(gone, c), fault.Cancelled, false)

	// 64 writes fill the window; their outcome is unknown.
	ctx, cancel := context.WithCancel(within(t))
	var wg sync.WaitGroup
	for range grid.RequestsMax {
		wg.Go(func() { check(t, submit(ctx, c), fault.Cancelled, true) })
	}
	for range grid.RequestsMax {
		<-arrived
	}
	// The next one is not sent: it has failed for sure. A read changes nothing.
	short, stop := context.WithTimeout(ctx, 5*time.Millisecond)
	defer stop()
	check(t, submit(short, c), fault.DeadlineExceeded, false)
	check(t, read(short, c), fault.DeadlineExceeded, false)
	cancel()
	wg.Wait()
	// Those that were given up still hold their places: the server has not answered.
	short, stop = context.WithTimeout(within(t), 5*time.Millisecond)
	defer stop()
	check(t, submit(short, c), fault.DeadlineExceeded, false)
}

// hasSent says whether so many writes were answered and so many more were sent.
func (c *Client) hasSent(answered, more uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.mu.writes
	return w.low == answered+1 && w.next == w.low+more
}

// A batch whose context ends says of each call what is known, and its space is
// not touched by answers that come later.
func TestBatchContextEnds(t *testing.T) {
	release := make(chan struct{})
	s := &script{}
	s.serve = func(k *scripted, f wire.Frame) {
		if k.frames == 10 {
			<-release
		}
		k.submitted(f)
	}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	b := c.Batch()
	var results []Result[leaderboard.SubmitReply]
	for range 200 {
		results = append(results, b.Submit(leaderboard.SubmitRequest{Board: "b", Score: 1}))
	}
	ctx, cancel := context.WithCancel(within(t))
	go func() {
		for !c.hasSent(9, grid.RequestsMax) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	check(t, b.Do(ctx), fault.Cancelled, true)
	known, unknown := 0, 0
	for _, r := range results {
		_, err := r.Get()
		switch {
		case err == nil:
			known++
		case err.(*fault.Error).Unknown:
			unknown++
		}
	}
	if known != 9 || unknown != grid.RequestsMax {
		t.Errorf("%d answered, %d unknown: want 9 and %d", known, unknown, grid.RequestsMax)
	}
	b.Reset()
	close(release)
	for range 100 {
		b.Submit(leaderboard.SubmitRequest{Board: "b", Score: 1})
	}
	if err := b.Do(within(t)); err != nil {
		t.Error(err)
	}
}

// Numbers obey the window on every connection, whatever becomes of the answers.
func TestNumbersStayInTheWindow(t *testing.T) {
	s := &script{}
	s.serve = func(k *scripted, f wire.Frame) {
		if k.seq < k.low || k.seq-k.low >= grid.RequestsMax {
			t.Errorf("number %d with low %d", k.seq, k.low)
		}
		if k.frames == 100 && k.number < 20 {
			k.Close()
		} else if k.seq%7 != 3 || k.number%2 == 0 { // else it never answers
			k.submitted(f)
		}
	}
	c := connect(t, startScript(t, s), Custom("player-0001"))
	b := c.Batch()
	for range 1000 {
		b.Submit(leaderboard.SubmitRequest{Board: "b", Score: 1})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Do(within(t)); err != nil {
			t.Error(err)
		}
	})
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for { // connections with an odd number leave some without an answer: cut them
		select {
		case <-done:
			return
		case <-time.After(20 * time.Millisecond):
			s.mu.Lock()
			s.conns[len(s.conns)-1].Close()
			s.mu.Unlock()
		}
	}
}

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
