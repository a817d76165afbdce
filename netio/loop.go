package netio

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/websocket"
	"github.com/thronggrid/throng/netio/wire"
)

// loop is what we keep beside one of gnet's event loops. Everything but inbox,
// bell, ticks and count belongs to the loop's goroutine.
type loop struct {
	server *Server
	events gnet.EventLoop
	lane   grid.Lane
	table  table
	rooms  rooms
	now    *conn // being served: to blame for a panic
	time   int64 // see nanos; 0: nothing was asked in this event

	served    asked       // being served; here so as not to be copied or allocated,
	asks      grid.Caller // who sent it, likewise
	cursor    pack.Cursor // over the request being served, likewise
	scratch   []byte      // the prepared body of the request being served
	part      []byte      // what memory had of the reply to a read that lies at several slots
	gathers   gathering   // how the rest of it is read
	readOther grid.Read   // readSlot
	failure   []byte      // the encoded error of a batch of outcomes
	refusal   fault.Error // of the request being served, if it came too fast
	copied    []byte      // stands for gnet's inbound buffer when invariants are on
	staged    bool        // the lane has something to flush
	relayed   bool        // the fan-out has something to begin with
	traffic   traffic     // of this event

	answers  []asked                      // in this event
	dirty    []*conn                      // to be written to at the end of this event
	buffers  []*outgoing                  // not in use
	pieces   [3][]byte                    // of what is written to a WebSocket
	headRoom [websocket.HeadBytesMax]byte // for one of them

	budget  int   // reads left in this turn
	parked  turns // connections that wait for the next turn's budget
	stalled turns // connections whose client does not read

	backlog  []*grid.Outcomes // not yet settled
	first    int              // of backlog that is not settled
	settled  int              // how many of backlog[first] are
	received uint64           // outcomes that ever were in backlog,
	released uint64           // and of these, how many are settled

	letters      []letter // not yet read
	paper        []byte   // their bodies
	lettersRead  int      // how many of letters are
	lettersAfter uint64   // outcomes that come before those still in the inbox; never: none is

	parts    []part  // of rounds that are under way, the oldest first
	targets  []*conn // empty, for one of them
	links    []link
	unlinked int32  // those not in use: 1 + the place of the first; 0: none
	gathered []byte // what a connection is sent, if it is not one segment

	returns     []errand           // done by workers
	returned    int                // how many of them were gone on with
	detaching   map[uint64]*detach // ends of connections that are not acknowledged
	toDetach    []uint64           // those to be told now,
	notDetached []uint64           // and those to be told again at the next tick
	patience    int                // ticks until they are given up, at shutdown

	recheck recheck // of sessions whose end may have gone unheard

	tick     uint32   // this loop's clock
	turned   []uint64 // connections to be turned away, oldest first
	fresh    []uint64 // connections without a session, oldest first
	strange  int      // how many there are
	leaving  []uint64 // connections that were told goodbye
	shutdown bool     // all connections have been told goodbye

	inbox inbox
	bell  bell
	ticks atomic.Uint32 // what tick shall be
	count counters

	replies []atomic.Uint64 // see replied
	took    [classes]meter.Histogram
	seen    atomic.Uint32 // the tick of its last turn
}

// number is the loop's own, the first part of its connections' numbers.
func (l *loop) number() int { return int(l.table.loop) }

// endEvent hands on what the event has staged and written.
func (l *loop) endEvent() {
	l.now, l.time = nil, 0
	l.handOn()
	l.noteAnswers()
	l.flush()
	l.handOn() // what the end of a connection, found in writing, has staged
	l.count.traffic.add(&l.traffic)
	if n := int64(l.stalled.len()); n != l.count.unread.Load() {
		l.count.unread.Store(n)
	}
}

// handOn gives the shards and the fan-out what was left for them.
func (l *loop) handOn() {
	if l.staged {
		l.staged = false
		l.lane.Flush()
	}
	if l.relayed {
		l.relayed = false
		l.server.fan.start()
		if others := l.server.options.Relays; others != nil {
			others.Flush()
		}
	}
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
	l.now, l.time = nil, 0
	if k != nil && k.state < leaving {
		l.dismiss(k, wire.InternalFail)
	}
	l.bell.ring() // what the event left undone is done in the next
}

// dismiss says goodbye: the connection is not served any more and ends once
// what is in flight is answered.
func (l *loop) dismiss(k *conn, r wire.Reason) {
	l.dismissFor(k, r, l.server.options.ReconnectAfter)
}

// dismissFor is dismiss with the time after which the client may come again, if it may.
func (l *loop) dismissFor(k *conn, r wire.Reason, after time.Duration) {
	g := wire.Goodbye{Reason: r, Text: r.Text()}
	if r.Reconnect() {
		g.After = after
	}
	l.end(k, g.Append(l.head(k, wire.KindGoodbye, 0, 0)))
	k.ws.closing(r)
	l.depart(k)
}

// depart stops serving a connection, which ends once what is in flight is answered.
func (l *loop) depart(k *conn) {
	if k.state == gone {
		return // the goodbye found its socket broken
	}
	if k.state < open {
		l.strange--
	}
	k.state = leaving
	k.deadline = l.tick + LingerTicks
	l.leaving = append(l.leaving, k.number())
}

// close ends a connection at once.
func (l *loop) close(k *conn) {
	if k.state != gone {
		l.events.Close(k.conn) // calls closed
	}
}

// drop says goodbye and ends a connection at once, whatever it has not read yet.
func (l *loop) drop(k *conn, r wire.Reason) {
	l.dismiss(k, r)
	l.push(k)
	if k.state != gone && k.ws != nil {
		l.sayClosing(k)
	}
	l.close(k)
}

// closed forgets a connection that has ended.
func (l *loop) closed(k *conn) {
	if k.state < open {
		l.strange--
	}
	if k.is(bound) {
		l.detach(k)
	}
	k.state = gone
	if k.ws != nil {
		l.count.webs.Add(-1)
	}
	if k.shared != nil {
		l.server.users.remove(&k.user, k.shared, l.server.nanos())
	}
	l.leaveAll(k)
	l.table.remove(k)
	l.release(k)
	l.unlinkAll(k)
	k.rare, k.conn, k.shared = nil, nil, nil
}
