package netio

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// Shutdown says goodbye, answers what is in flight, serves nothing new, and
// ends well.
func TestShutdown(t *testing.T) {
	s := serve(t, nil)
	idle, busy := s.login(), s.login()
	s.shards.hold()
	id := busy.send(kindPut, 0, put(1, 1, "a", 1))
	s.until("the write is in flight", func() bool { return s.shards.waiting() == 1 })

	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	idle.goodbye(wire.Shutdown)
	f := busy.frame()
	if f.Kind != wire.KindGoodbye {
		t.Fatalf("got %+v, want goodbye", f)
	}
	busy.send(kindPut, 0, put(2, 1, "a", 2)) // comes too late
	s.dial().goodbye(wire.Shutdown)
	s.shards.release()
	busy.number(id)
	busy.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	if w := s.Stats().Writes; w != 1 {
		t.Errorf("%d writes were served", w)
	}
	if c, err := net.Dial("tcp", s.Addr().String()); err == nil {
		c.Close()
		t.Error("the port is still open")
	}
}

// A client that stays, and a write that is never answered, end with the context.
func TestShutdownCutsOff(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	s.shards.hold()
	p.send(kindPut, 0, put(1, 1, "a", 1))
	s.until("the write is in flight", func() bool { return s.shards.waiting() == 1 })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(ctx) }()
	p.frame() // goodbye
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	p.ended()
	s.shards.release() // outcomes that come after the end harm nobody
}

// A client that does not close its side is closed in time.
func TestShutdownDoesNotWaitForClients(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	s.login()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestShutdownTwice(t *testing.T) {
	s := serve(t, nil)
	for range 2 {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// An end that nobody asked for is told.
func TestUnaskedEnd(t *testing.T) {
	s := serve(t, nil)
	s.login().works()
	s.stop()
	<-s.Done()
	if s.Err() == nil {
		t.Error("the end of the event loops went unnoticed")
	}
}

// TestCut: a node that is cut off closes its connections and lets nobody in, and serves
// again when it is back.
func TestCut(t *testing.T) {
	s := serve(t, nil)
	a, b := s.login(), s.login()
	s.Cut(true)
	a.goodbye(wire.CutOff)
	b.goodbye(wire.CutOff)
	s.dial().goodbye(wire.CutOff)
	s.Cut(true) // is nothing new
	s.Cut(false)
	c := s.login()
	c.number(c.send(kindPut, 0, put(1, 1, "a", 1)))
}

// TestCutKeepsWhatItOwes: while a node is cut off, the ends of its connections cannot be
// stored. Those are all that it keeps, however long that takes and however many knock; once
// it is back they are stored, and it serves.
func TestCutKeepsWhatItOwes(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	const sessions = 20
	peers := make([]*peer, sessions)
	for i := range peers {
		peers[i] = s.login()
	}
	s.shards.fail(&fault.Error{Code: fault.Unavailable, Retry: 1, Message: "planted"})
	s.Cut(true)
	for _, p := range peers {
		p.goodbye(wire.CutOff)
		p.Close()
	}
	for range 2 * sessions {
		s.dial().goodbye(wire.CutOff)
	}
	asked := s.shards.runsOf(session.KindDetach)
	s.until("they are told again", func() bool {
		return s.shards.runsOf(session.KindDetach) > asked+2*sessions
	})
	if n := s.detaching.Load(); n != sessions {
		t.Errorf("%d ends are kept, want %d", n, sessions)
	}
	s.shards.fail(nil)
	s.Cut(false)
	s.login().works()
	s.until("all are stored", func() bool { return s.detaching.Load() == 0 })
	if all, detached := s.shards.detached(); all != sessions+1 || detached != sessions {
		t.Errorf("%d of %d sessions are detached", detached, all)
	}
}
