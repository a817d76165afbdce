package netio

import (
	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
)

// state is where a connection stands. It only grows.
type state uint8

const (
	fresh    state = iota // no hello yet
	greeting              // hello was said; the session is being opened, and nothing else is served
	open                  // serves requests
	leaving               // goodbye was said: nothing is read, what is in flight is answered
	half                  // everything was written and our side is shut; waits for the client's
	gone
)

// conn is one connection, and what the gateway keeps of its session. It
// belongs to its loop's goroutine. Most connections are idle, so it is small.
type conn struct {
	conn    gnet.Conn
	user    grid.ID
	client  grid.ID // names its request ids
	session grid.SessionID
	id      uint64     // the connection's number
	bucket  int64      // of its requests: see rate
	shared  *user      // the bucket of all its user's connections; nil: nothing was asked yet
	out     *outgoing  // frames not yet written; nil: none
	first   seat       // the streams it is on
	more    *[]seat    // if there are others; else nil
	rare    *rare      // else nil
	ws      *webSocket // nil: it speaks bare frames

	need     int32  // bytes that must have come before it is worth looking at them
	deadline uint32 // the tick at which its being fresh, choked or leaving ends it
	links    int32  // what it gets of rounds: 1 + the place of the loop's link; 0: nothing
	writes   uint8  // in flight
	errands  uint8  // in flight: relays, reads that workers complete, writes without number
	state    state
	marks    marks
}

// rare is what idle connections do not have.
type rare struct {
	opening *opening  // while the session is being opened; else nil
	reads   []waiting // reads that wait for the leader, or for another node
	serial  uint32    // numbers them
}

// marks are what is so, or not, of a connection.
type marks uint8

const (
	parked      marks = 1 << iota // waits for a later turn to be served
	stalled                       // is in the loop's list of clients that do not read
	choked                        // so much waits that its requests do too
	missed                        // pushes were dropped; it is told once it has read what waits
	bound                         // a session may be bound to this connection
	unconfirmed                   // has sent nothing since a welcome with its next tokens
	server                        // is the studio's own server
	turned                        // there is no room for it: it is told so when it speaks
)

func (k *conn) is(m marks) bool { return k.marks&m != 0 }

func (k *conn) mark(m marks, is bool) {
	if k.marks &^= m; is {
		k.marks |= m
	}
}

// number is the connection's number, a handle that never finds another one.
func (k *conn) number() uint64 { return k.id }

// caller returns who sends the requests of a connection, until the next call.
func (l *loop) caller(k *conn) *grid.Caller {
	l.asks = grid.Caller{
		User: k.user, Client: k.client, Server: k.is(server), Limits: l.server.bounds.Load(),
		Address: grid.Address{Session: k.session, Origin: l.server.fan.origin, Conn: k.id},
	}
	return &l.asks
}

// opening is what is known of the session that is being opened; nil: none is.
func (k *conn) opening() *opening {
	if k.rare == nil {
		return nil
	}
	return k.rare.opening
}

// settled says whether nothing is in flight.
func (k *conn) settled() bool { return k.writes == 0 && k.errands == 0 && k.rare == nil }

// asking is how many requests are unanswered that count against PendingMax together.
func (k *conn) asking() int {
	if k.rare == nil {
		return int(k.errands)
	}
	return int(k.errands) + len(k.rare.reads)
}

// answered notes that one request less is in flight.
func (k *conn) answered(op *grid.Op) {
	if op.Write && !op.Again {
		k.writes--
	} else {
		k.errands--
	}
}

// takeRead removes and returns the read of a serial number.
func (k *conn) takeRead(serial uint32) (waiting, bool) {
	if k.rare == nil {
		return waiting{}, false
	}
	reads := k.rare.reads
	for i := range reads {
		if r := reads[i]; r.serial == serial {
			last := len(reads) - 1
			reads[i] = reads[last]
			reads[last] = waiting{}
			k.rare.reads = reads[:last]
			if last == 0 && k.rare.opening == nil {
				k.rare = nil
			}
			return r, true
		}
	}
	return waiting{}, false
}
