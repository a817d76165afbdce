package netio

import (
	"runtime/debug"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// errand is something for a connection that takes longer than its loop may be busy.
type errand struct {
	loop   *loop
	number uint64 // of the connection
	// work is done on a worker's goroutine. What it returns is then called by the
	// loop, if the connection is still there.
	work func() func(k *conn)
	then func(k *conn)
}

// workers run errands.
type workers struct {
	server *Server
	queue  chan errand
	all    sync.WaitGroup
}

func newWorkers(s *Server) *workers {
	w := &workers{server: s, queue: make(chan errand, ErrandsMax)}
	for range s.options.Workers {
		w.all.Go(w.run)
	}
	return w
}

func (w *workers) run() {
	for {
		select {
		case e := <-w.queue:
			w.do(e)
		case <-w.server.ended:
			return
		}
	}
}

func (w *workers) do(e errand) {
	defer func() {
		if cause := recover(); cause != nil {
			w.server.panics.Add(1)
			w.server.options.Logger.Error("a fault in an errand, whose connection is closed",
				"fault", cause, "stack", string(debug.Stack()))
			e.then = func(k *conn) {
				if k.state < leaving {
					e.loop.dismiss(k, wire.InternalFail)
				}
			}
		}
		e.loop.leaveErrand(e)
	}()
	e.then = e.work()
}

// send has one of some workers do something for a connection, which may end
// meanwhile. The error, when there is too much to do, is a client's.
func (l *loop) send(w *workers, k *conn, work func() func(k *conn)) error {
	select {
	case w.queue <- errand{loop: l, number: k.number(), work: work}:
		k.errands++
		return nil
	default:
		e := fault.New(fault.ResourceExhausted,
			"the server has more to look up than it can: ask again later")
		e.Retry = 100 * time.Millisecond
		return e
	}
}

// takeReturns goes on with some of what workers have done.
func (l *loop) takeReturns() {
	for range min(returnsTurn, len(l.returns)-l.returned) {
		e := l.returns[l.returned]
		l.returns[l.returned] = errand{}
		l.returned++
		if k := l.table.get(e.number); k != nil {
			l.now = k
			k.errands--
			e.then(k)
		}
	}
	if l.returned == len(l.returns) {
		l.returns, l.returned = l.returns[:0], 0
	}
}
