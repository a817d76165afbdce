package router

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/slot"
)

// A stale read needs no leader: another node with a replica answers it.
func TestStaleReadsNeedNoLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(4)
		defer w.end()
		w.replica = 3
		synctest.Wait()
		c := w.caller(1)
		stale, strong := c.ask(t, 0, grid.Stale), c.ask(t, 0, grid.Leader)
		c.lane.Flush()
		time.Sleep(time.Second)
		synctest.Wait()
		if c.times(stale) != 1 || c.err(stale) != nil || c.times(strong) != 0 {
			t.Errorf("stale: %d times, %v; of the leader: %d times",
				c.times(stale), c.err(stale), c.times(strong))
		}
	})
}

// What is on its way to a node has a bound for all lanes together, and is let go with
// the node.
func TestANodeIsNotFlooded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		defer w.end()
		w.lead(w.table.Shard(0), 2)
		synctest.Wait()
		w.net.Cut(1, 2, true)
		callers := []*caller{w.caller(1), w.caller(1)}
		body := make([]byte, 4<<20)
		var err error
		sent := 0
		for i := 0; err == nil && sent < 2*NodeBytesMax; i++ {
			err = callers[i%2].lane.Write(0, kindAdd, grid.RequestID{}, body, grid.Ref{ID: uint32(i)})
			if err == nil {
				sent += len(body)
				callers[i%2].last++
			}
			callers[i%2].lane.Flush()
		}
		if fault.CodeOf(err) != fault.ResourceExhausted || sent < NodeBytesMax/2 {
			t.Errorf("%d bytes were taken, then %v", sent, err)
		}
		time.Sleep(2 * defaultPatience)
		synctest.Wait()
		if n := w.routers[1].road(2).flying.Load(); n != 0 {
			t.Errorf("%d bytes are still under way", n)
		}
	})
}

// The queries of another node that wait have a bound, and what is more is refused at
// once; none is counted any more when all are answered.
func TestQueriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1)
		defer w.end()
		q := &w.routers[1].reads
		c := slot.Command{Kind: kindGet, Body: make([]byte, 1<<20)}
		request := c.Append(nil)
		q.mu.Lock()
		q.bytes = ReadBytesMax - 2*len(request)
		q.mu.Unlock()
		for i := range 3 {
			err := q.add(query{from: grid.OriginOf(2, 1), level: grid.Leader, request: request})
			if full := fault.CodeOf(err) == fault.ResourceExhausted; full != (i > 0) {
				t.Errorf("query %d: %v", i, err)
			}
		}
		w.lead(w.table.Shard(0), 1)
		q.mu.Lock()
		q.bytes -= ReadBytesMax - 2*len(request)
		q.mu.Unlock()
		for _, level := range []grid.Level{grid.Leader, grid.Linearizable} {
			a := query{from: grid.OriginOf(2, 1), level: level, request: request}
			if err := q.add(a); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.bytes != 0 || len(q.parked) != 0 {
			t.Errorf("%d bytes, %d parked", q.bytes, len(q.parked))
		}
	})
}

// A request whose patience has begun to run where it was sent gets no new one when that
// fails.
func TestPatienceIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		defer w.end()
		w.lead(w.table.Shard(0), 2)
		synctest.Wait()
		w.flaky = func() int { time.Sleep(8 * time.Second); return 2 }
		c := w.caller(1)
		id := c.write(t, 0, 1, 1)
		c.lane.Flush()
		time.Sleep(defaultPatience + time.Second)
		synctest.Wait()
		if c.times(id) != 1 {
			t.Errorf("answered %d times after %v", c.times(id), defaultPatience+time.Second)
		}
		time.Sleep(time.Minute)
	})
}

// Who has another leader is asked there at once, however lately it was refused.
func TestANewLeaderIsAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		defer w.end()
		number := w.table.Shard(0)
		w.lead(number, 1)
		synctest.Wait()
		c := w.caller(1)
		w.flaky = func() int { return 2 } // it fails here
		id := c.write(t, 0, 1, 1)
		c.lane.Flush()
		time.Sleep(10 * time.Millisecond) // and again, when it is tried once more
		synctest.Wait()
		w.mu.Lock()
		w.flaky = func() int { return 0 }
		w.mu.Unlock()
		w.lead(number, 2)
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if c.times(id) != 1 || c.err(id) != nil {
			t.Errorf("answered %d times, %v", c.times(id), c.err(id))
		}
	})
}

// Who is told of changes hears of each leader once, wherever it leads.
func TestMovedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(2)
		defer w.end()
		synctest.Wait()
		heard := make(chan int, 9)
		w.routers[1].Moved = func(number int) { heard <- number }
		for _, leader := range []uint32{2, 1, 0, 2} {
			w.lead(3, leader)
			synctest.Wait()
		}
		if len(heard) != 3 || <-heard != 3 {
			t.Errorf("heard of %d changes, want 3", len(heard))
		}
	})
}
