package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/netio/wire"
)

// class is what a request has to wait for: answers of one class take about as long.
type class uint8

const (
	classRead         class = iota // memory
	classLinearizable              // a majority that confirms the leader, and memory
	classRemote                    // another node, and what that waits for
	classArchive                   // memory, a worker and the disk
	classWrite                     // the log
	classRelay                     // that all on a stream have been written to
	classHello                     // a check of who speaks, and the log
	classOther                     // nothing
	classes
)

func (c class) String() string {
	return [classes]string{
		"read", "linearizable", "remote", "archive", "write", "relay", "hello", "other",
	}[c]
}

// classOf returns the class of a kind's requests, as far as the kind says it.
func classOf(op *grid.Op) class {
	switch {
	case op.Write:
		return classWrite
	case op.Relay != 0:
		return classRelay
	}
	return classRead
}

// asked is a request that is to be answered, or was in this event.
type asked struct {
	grid.Ref
	class class
	steps grid.Steps // of a write that was answered
}

// noSlot is the slot of a request of which nobody knows yet where it is served.
const noSlot grid.Slot = grid.Slots

// asked returns what is kept of a frame until it is answered. It came when something was
// first asked of the loop in this event: so no request costs a look at the clock.
// It is valid until the next call, or of refers.
func (l *loop) asked(k *conn, f *wire.Frame) *asked {
	ref := grid.Ref{Conn: k.number(), Came: l.nanos(), ID: f.ID, Kind: f.Kind, Slot: noSlot}
	return l.refers(&ref)
}

// refers returns the request that a reference is to, until the next call, or of asked.
func (l *loop) refers(ref *grid.Ref) *asked {
	rows := l.server.rows
	l.served = asked{Ref: *ref, class: rows.classes[rows.of(ref.Kind)]}
	return &l.served
}

// noteAnswers notes how long the answers of this event took, which are about to be written:
// who has its answer finds it counted. Those of one class to what came in one event took
// equally long, for they leave together.
func (l *loop) noteAnswers() {
	if len(l.answers) == 0 {
		return
	}
	now, slow := l.server.nanos(), l.server.limits.Load().slow
	for rest := l.answers; len(rest) > 0; {
		q, n := &rest[0], 1
		for n < len(rest) && rest[n].Came == q.Came && rest[n].class == q.class {
			n++
		}
		took := now - q.Came
		l.took[q.class].NoteMany(uint64(took)/1000, uint64(n))
		if took >= slow {
			l.tellSlow(rest[:n], took)
		}
		rest = rest[n:]
	}
	l.answers = keep(l.answers)
}

// ClassTook is how long the answers of a class took.
type ClassTook struct {
	Class  string // read, linearizable, remote, archive, write, relay, hello or other
	Micros meter.Reading
}

// tooks sums up what loops have counted.
func tooks(loops []*loop) []ClassTook {
	out := make([]ClassTook, classes)
	for c := range classes {
		out[c].Class = c.String()
		for _, l := range loops {
			r := l.took[c].Read()
			out[c].Micros.Add(&r)
		}
	}
	return out
}
