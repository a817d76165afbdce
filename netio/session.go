package netio

import (
	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/grid"
)

// state is where a connection stands. It only grows.
type state uint8

const (
	fresh   state = iota // no hello yet
	open                 // serves requests
	leaving              // goodbye was said: nothing is read, what is in flight is answered
	half                 // everything was written and our side is shut; waits for the client's
	gone
)

// session is one connection. It belongs to its loop's goroutine.
type session struct {
	conn   gnet.Conn
	loop   *loop
	handle uint64
	caller grid.Caller
	out    []byte    // frames not yet written, of the loop's buffers; nil: none
	reads  []confirm // linearizable reads that wait for the leader's confirmation
	serial uint32    // numbers the confirms

	need     int32  // bytes that must have come before it is worth looking at them
	deadline uint32 // the tick at which its being fresh, choked or leaving ends it
	writes   uint16 // in flight
	state    state
	dirty    bool // is in the loop's list of connections to write to
	parked   bool // is in one of the loop's lists of connections that wait
	choked   bool // the client does not read what it was sent
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
func (k *session) takeConfirm(serial uint32) (confirm, bool) {
	for i := range k.reads {
		if c := k.reads[i]; c.serial == serial {
			last := len(k.reads) - 1
			k.reads[i] = k.reads[last]
			k.reads[last] = confirm{}
			if k.reads = k.reads[:last]; last == 0 {
				k.reads = nil // idle sessions stay small
			}
			return c, true
		}
	}
	return confirm{}, false
}

// settled says whether nothing is in flight.
func (k *session) settled() bool { return k.writes == 0 && len(k.reads) == 0 }

// table finds the connections of a loop by handle: index in the low half, the
// generation of that index in the high half.
type table struct {
	rows []row
	free []uint32
}

type row struct {
	session    *session // nil: free
	generation uint32
}

func (t *table) add(k *session) {
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = uint32(len(t.rows))
		t.rows = append(t.rows, row{})
	}
	t.rows[i].session = k
	k.handle = uint64(t.rows[i].generation)<<32 | uint64(i)
}

// get returns the connection of a handle, nil when it is gone.
func (t *table) get(handle uint64) *session {
	i := uint32(handle)
	if int(i) >= len(t.rows) || t.rows[i].generation != uint32(handle>>32) {
		return nil
	}
	return t.rows[i].session
}

func (t *table) remove(k *session) {
	i := uint32(k.handle)
	t.rows[i].session = nil
	t.rows[i].generation++
	t.free = append(t.free, i)
}

func (t *table) len() int { return len(t.rows) - len(t.free) }
