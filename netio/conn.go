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
// belongs to its loop's goroutine.
type conn struct {
	conn   gnet.Conn
	loop   *loop
	caller grid.Caller // Conn is the connection's number
	out    []byte      // frames not yet written, of the loop's buffers; nil: none
	rooms  []seat      // the streams it is on

	opening  *opening   // while the session is being opened; else nil
	confirms *confirms  // linearizable reads that wait for the leader; nil: none
	ws       *webSocket // nil: it speaks bare frames

	need     int32  // bytes that must have come before it is worth looking at them
	deadline uint32 // the tick at which its being fresh, choked or leaving ends it
	round    int32  // what it gets of the loop's round: 1 + place in its links; 0: nothing
	writes   uint16 // in flight
	errands  uint16 // in flight: relays, reads that workers complete, writes without number

	state       state
	dirty       bool // is in the loop's list of connections to write to
	parked      bool // waits for a later turn to be served
	stalled     bool // is in the loop's list of clients that do not read
	choked      bool // so much waits that its requests do too
	missed      bool // pushes were dropped; it is told once it has read what waits
	bound       bool // a session may be bound to this connection
	unconfirmed bool // was resumed, and has sent nothing since
}

// number is the connection's number, a handle that never finds another one.
func (k *conn) number() uint64 { return k.caller.Conn }

// settled says whether nothing is in flight.
func (k *conn) settled() bool {
	return k.writes == 0 && k.errands == 0 && k.confirms == nil && k.opening == nil
}

// asking is how many requests are unanswered that count against ConfirmsMax.
func (k *conn) asking() int {
	n := int(k.errands)
	if k.confirms != nil {
		n += len(k.confirms.reads)
	}
	return n
}

// confirms are the linearizable reads of a connection that wait.
type confirms struct {
	reads  []confirm
	serial uint32 // numbers them
}

// confirm is a read that waits until the leader is confirmed.
type confirm struct {
	serial uint32
	id     uint32
	kind   grid.Kind
	slot   grid.Slot
	body   []byte
}

// takeConfirm removes and returns the read of a serial number.
func (k *conn) takeConfirm(serial uint32) (confirm, bool) {
	if k.confirms == nil {
		return confirm{}, false
	}
	reads := k.confirms.reads
	for i := range reads {
		if c := reads[i]; c.serial == serial {
			last := len(reads) - 1
			reads[i] = reads[last]
			reads[last] = confirm{}
			if k.confirms.reads = reads[:last]; last == 0 {
				k.confirms = nil // idle sessions stay small
			}
			return c, true
		}
	}
	return confirm{}, false
}
