package client

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// breaker stands between client and server and cuts each connection after a
// random number of bytes, in either direction.
type breaker struct {
	net.Listener
	to string
	wg sync.WaitGroup

	mu    sync.Mutex
	chaos *rand.Rand
	heal  bool
	cuts  int
}

func startBreaker(t *testing.T, to string) *breaker {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &breaker{Listener: l, to: to, chaos: rand.New(rand.NewPCG(1, 2))}
	b.wg.Go(b.accept)
	t.Cleanup(func() { l.Close(); b.wg.Wait() })
	return b
}

func (b *breaker) accept() {
	for {
		c, err := b.Accept()
		if err != nil {
			return
		}
		b.wg.Go(func() { b.join(c) })
	}
}

// lives is how many bytes a direction lives for.
func (b *breaker) lives() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heal {
		return 1 << 40
	}
	return 200 + b.chaos.Int64N(8000)
}

func (b *breaker) join(c net.Conn) {
	s, err := net.Dial("tcp", b.to)
	if err != nil {
		c.Close()
		return
	}
	var both sync.WaitGroup
	pass := func(to, from net.Conn) {
		io.CopyN(to, from, b.lives())
		c.Close()
		s.Close()
	}
	both.Go(func() { pass(s, c) })
	both.Go(func() { pass(c, s) })
	both.Wait()
	b.mu.Lock()
	b.cuts++
	b.mu.Unlock()
}

func (b *breaker) heals() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heal = true
}

// On connections that break at any byte every write is done exactly once: the
// operator adds, so a write done twice or lost shows in the sum.
func TestExactlyOnceOverBrokenConnections(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	b := startBreaker(t, n.addr)
	studio := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, studio, leaderboard.Incr)

	c := dialThrough(t, b)
	const callers, calls, batched = 20, 30, 2000
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range calls {
				r, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Owner: owner(i), Score: 1})
				if err != nil || r.Score != int64(j)+1 {
					t.Errorf("caller %d, call %d: %+v, %v", i, j, r, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		batch := c.Batch()
		for range batched {
			batch.Submit(leaderboard.SubmitRequest{Board: "b", Owner: owner(callers), Score: 1})
		}
		if err := batch.Do(ctx); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	b.heals()

	owners := make([]grid.ID, callers+1)
	for i := range owners {
		owners[i] = owner(i)
	}
	page := must[leaderboard.PageReply](t)(studio.Owners(ctx, leaderboard.OwnersRequest{Board: "b", Owners: owners}))
	sum := int64(0)
	for _, r := range page.Records {
		sum += r.Score
	}
	if want := int64(callers*calls + batched); sum != want {
		t.Errorf("%d was added, want %d", sum, want)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cuts < 10 {
		t.Errorf("only %d connections were cut", b.cuts)
	}
}

// dialThrough dials until a connection lives long enough for hello.
func dialThrough(t *testing.T, b *breaker) *Client {
	c, err := Dial(within(t), b.Addr().String(), Options{Credential: ServerKey(testKey)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Calls made while the server is away wait for it, as long as their context
// allows.
func TestServerRestarts(t *testing.T) {
	m := newMemory(t)
	n := serveMemory(t, m, "127.0.0.1:0")
	c := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, c, leaderboard.Incr)
	for round := range 3 {
		n.kill()
		short, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		_, err := c.BoardInfo(short, leaderboard.InfoRequest{Board: "b"})
		cancel()
		if err == nil {
			t.Fatal("a server that is away has answered")
		}
		answer := make(chan error, 1)
		go func() {
			_, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Owner: owner(1), Score: 1})
			answer <- err
		}()
		n = serveMemory(t, m, n.addr)
		if err := <-answer; err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	page := must[leaderboard.PageReply](t)(c.Page(ctx, leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 1}))
	if page.Records[0].Score != 3 {
		t.Errorf("%+v", page)
	}
}

// A server that shuts down in order loses nothing and fails nothing.
func TestServerShutsDown(t *testing.T) {
	m := newMemory(t)
	n := serveMemory(t, m, "127.0.0.1:0")
	c := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, c, leaderboard.Incr)
	const calls = 3000
	done := make(chan error, 1)
	go func() {
		b := c.Batch()
		for range calls {
			b.Submit(leaderboard.SubmitRequest{Board: "b", Owner: owner(1), Score: 1})
		}
		done <- b.Do(ctx)
	}()
	for range 3 {
		if err := n.server.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		n = serveMemory(t, m, n.addr)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	page := must[leaderboard.PageReply](t)(c.Page(ctx, leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 1}))
	if page.Records[0].Score != calls {
		t.Errorf("%+v", page)
	}
}
