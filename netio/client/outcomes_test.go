package client

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

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
