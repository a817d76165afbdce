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
		if n := p.number(p.send(kindPart, wire.LevelFlags(level), get("x"))); n != 7 {
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
	for range ConfirmsMax - 1 {
		ids = append(ids, p.send(kindPart, 0, get("x")))
	}
	p.failure(p.send(kindPart, 0, get("x")), fault.ResourceExhausted)
	many := []*peer{}
	for waiting := ConfirmsMax - 1; waiting < ErrandsMax; waiting += ConfirmsMax {
		q := s.login()
		many = append(many, q)
		for range min(ConfirmsMax, ErrandsMax-waiting) {
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
