package netio

import (
	"runtime/debug"
	"sync/atomic"

	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// loop is what we keep beside one of gnet's event loops. Everything but inbox,
// bell, ticks and count belongs to the loop's goroutine.
type loop struct {
	server *Server
	events gnet.EventLoop
	lane   grid.Lane
	table  table
	now    *session // being served: to blame for a panic

	cursor  pack.Cursor // over the request being served; here so as not to be allocated
	scratch []byte      // the prepared body of the request being served
	failure []byte      // the encoded error of a batch of outcomes
	copied  []byte      // stands for gnet's inbound buffer when invariants are on
	staged  bool        // the lane has something to flush

	dirty   []*session // to be written to at the end of this event
	buffers [][]byte   // outgoing buffers not in use

	budget int      // reads left in this turn
	parked []uint64 // connections that wait for the next turn's budget
	choked []uint64 // connections whose client does not read
	spare  []uint64 // an empty list to swap with those

	backlog []*grid.Outcomes // not yet settled
	first   int              // of backlog that is not settled
	settled int              // how many of backlog[first] are

	tick     uint32   // this loop's clock
	fresh    []uint64 // connections without hello, oldest first
	leaving  []uint64 // connections that were told goodbye
	shutdown bool     // all connections have been told goodbye

	inbox inbox
	bell  bell
	ticks atomic.Uint32 // what tick shall be
	count counters
}

// endEvent hands on what the event has staged and written.
func (l *loop) endEvent() {
	l.now = nil
	if l.staged {
		l.staged = false
		l.lane.Flush()
	}
	l.flush()
}

// survive is deferred around every event: a panic closes the connection that
// was being served, and nothing else.
func (l *loop) survive() {
	cause := recover()
	if cause == nil {
		return
	}
	l.count.panics.Add(1)
	l.server.options.Logger.Error("a fault while serving a connection, which is closed",
		"fault", cause, "stack", string(debug.Stack()))
	k := l.now
	l.now = nil
	if k != nil && k.state < leaving {
		l.dismiss(k, wire.InternalFail)
	}
	l.bell.ring() // what the event left undone is done in the next
}

// dismiss says goodbye: the connection is not served any more and ends once
// what is in flight is answered.
func (l *loop) dismiss(k *session, r wire.Reason) {
	g := wire.Goodbye{Reason: r, Text: r.Text()}
	if r.Reconnect() {
		g.After = l.server.options.ReconnectAfter
	}
	l.begin(k)
	start := len(k.out)
	k.out = wire.End(g.Append(wire.Begin(k.out, wire.KindGoodbye, 0, 0)), start)
	k.state = leaving
	k.deadline = l.tick + LingerTicks
	l.leaving = append(l.leaving, k.handle)
}

// close ends a connection at once.
func (l *loop) close(k *session) {
	if k.state != gone {
		l.events.Close(k.conn) // calls closed
	}
}

// closed forgets a connection that has ended.
func (l *loop) closed(k *session) {
	k.state = gone
	l.table.remove(k)
	l.release(k)
	k.reads, k.conn = nil, nil
}
