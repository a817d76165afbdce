package netio

import (
	"context"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// A read of which memory has but a part is completed by a worker, at any level.
func TestReadsCompleted(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	for _, level := range []grid.Level{grid.Leader, grid.Linearizable, grid.Stale} {
		if n, _ := p.aged(p.send(kindPart, wire.LevelFlags(level), get("x")), level); n != 7 {
			t.Errorf("level %d: %d", level, n)
		}
	}
	p.failure(p.send(kindPart, 0, get("planted error")), fault.Unavailable)
	q := s.login()
	q.send(kindPart, 0, get("planted panic"))
	q.goodbye(wire.InternalFail)
	if v := s.Stats(); v.Panics != 1 {
		t.Errorf("%+v", v)
	}
	p.works()
}

// What memory has of a read costs its turn, too: who asks for much gets little in a
// turn of the loop, and others theirs.
func TestPartialReadsTakeTheirTurn(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.ReadsPerTurn = 1, 60 }) // one large part, and begin another
	p, q, blocker := s.login(), s.login(), s.login()
	blocked := blocker.send(kindBlock, 0, get("x"))
	<-s.shards.blocked
	var ids []uint32
	for range grid.RequestsMax {
		ids = append(ids, p.send(kindPart, 0, get("large")))
	}
	asked := q.send(kindGet, 0, get(partsRead))
	s.shards.unblock <- struct{}{}
	blocker.number(blocked)
	// In this turn, the one that was under way, and the next. A turn that does not
	// count what is partial serves 11, and is ended only by what waits to be sent.
	if n := q.number(asked); n > 6 {
		t.Errorf("%d large reads came before another's", n)
	}
	for range ids { // in any order
		if f := p.frame(); f.Flags != wire.Reply || len(f.Body) < 60_000 {
			t.Fatalf("answered with %+v", f)
		}
	}
}

// More returns of workers than a loop goes on with in a turn are all gone on with.
func TestManyReturns(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.Workers = 1, 4 })
	p, blocker := s.login(), s.login()
	blocked := blocker.send(kindBlock, 0, get("x"))
	var ids []uint32
	<-s.shards.blocked
	for range grid.RequestsMax {
		ids = append(ids, p.send(kindPart, 0, get("x")))
	}
	s.shards.unblock <- struct{}{}
	blocker.number(blocked)
	s.until("all are asked", func() bool { return s.shards.runsOf(kindPart) == grid.RequestsMax })
	for range ids {
		if f := p.frame(); f.Flags != wire.Reply {
			t.Fatalf("answered with %+v", f)
		}
	}
	p.works()
}

// A fault in an errand ends its connection, also when the server shuts down.
func TestShutdownAfterAFault(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.send(kindPart, 0, get("planted panic"))
	if f := p.frame(); f.Kind != wire.KindGoodbye {
		t.Fatalf("got %+v, want goodbye", f)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(ctx) }()
	p.ended()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Only so many reads of a connection, and of all, may wait for workers.
func TestErrandsMax(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.Workers = 1, 1 })
	p := s.login()
	blocked := p.send(kindPart, 0, get("block"))
	<-s.shards.blocked
	ids := []uint32{blocked}
	for range grid.RequestsMax - 1 {
		ids = append(ids, p.send(kindPart, 0, get("x")))
	}
	s.until("the others are asked", func() bool { return s.shards.runsOf(kindPart) == grid.RequestsMax })
	p.failure(p.send(kindPart, 0, get("x")), fault.ResourceExhausted)
	if n := s.shards.runsOf(kindPart); n != grid.RequestsMax {
		t.Error("what was refused was read before")
	}
	many := []*peer{}
	for waiting := grid.RequestsMax - 1; waiting < ErrandsMax; waiting += grid.RequestsMax {
		q := s.login()
		many = append(many, q)
		for range min(grid.RequestsMax, ErrandsMax-waiting) {
			q.send(kindPart, 0, get("x"))
		}
	}
	s.until("the queue is full", func() bool { return len(s.readers.queue) == ErrandsMax })
	q := s.login()
	q.failure(q.send(kindPart, 0, get("x")), fault.ResourceExhausted)
	many[0].Close()
	s.shards.unblock <- struct{}{}
	for _, id := range ids {
		p.reply(id)
	}
	p.works()
	q.works()
}
