package client

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// call is one request from its making to its answer. Between submit and its
// answer it is guarded by Client.mu.
type call struct {
	kind   grid.Kind
	level  grid.Level
	age    *time.Duration // where to store the age of a stale read; nil: nowhere
	write  bool
	again  bool // a write that may be done again: it has no number, and goes with the reads
	fields int
	body   []byte // the encoded fields, without the array's head

	seq       uint64    // its number in its window; 0: not sent yet
	flying    bool      // sent, and unanswered since
	doubt     bool      // an earlier sending may have been done
	abandoned bool      // nobody waits for it any more: only flying may still change
	first     time.Time // when it was first sent
	last      *fault.Error

	batch    *Batch      // who waits for it,
	hook     func(error) // or what is called, under Client.mu; both nil: done
	done     chan struct{}
	finished bool
	reply    []byte
	err      error
}

// frameExtra bounds what appendFrame adds to a body.
const frameExtra = wire.HeadBytes + 5 + 9 + 9

// appendFrame appends the call's frame. Calls of the write window have even
// frame ids, reads odd ones.
func (c *call) appendFrame(b []byte, low uint64) []byte {
	start := len(b)
	switch {
	case c.again:
		b = wire.Begin(b, c.kind, 0, uint32(c.seq)<<1|1)
		b = pack.AppendArray(b, c.fields+2)
		b = pack.AppendUint(b, 0)
		b = pack.AppendUint(b, 0)
	case c.write:
		b = wire.Begin(b, c.kind, 0, uint32(c.seq)<<1)
		b = pack.AppendArray(b, c.fields+2)
		b = pack.AppendUint(b, c.seq)
		b = pack.AppendUint(b, low)
	default:
		b = wire.Begin(b, c.kind, wire.LevelFlags(c.level), uint32(c.seq)<<1|1)
		b = pack.AppendArray(b, c.fields)
	}
	return wire.End(append(b, c.body...), start)
}

// finish records the answer and wakes who waits. reply is copied.
func (c *call) finish(reply []byte, err error) {
	c.flying = false
	if c.abandoned {
		return
	}
	c.finished, c.err = true, err
	switch {
	case c.batch != nil:
		c.batch.answered(c, reply)
		return
	case c.hook != nil:
		c.hook(err)
		return
	}
	c.reply = append(c.reply[:0], reply...)
	c.done <- struct{}{}
}

// uncertain says whether the call may have been done, or may yet be.
func (c *call) uncertain() bool { return c.write && (c.doubt || c.flying) }

// giveUp is the error of a call that ends without an answer.
func (c *call) giveUp(code fault.Code, why string) *fault.Error {
	e := fault.New(code, "%s", why)
	if c.last != nil {
		e.Message += "; the last answer was " + c.last.Error()
	}
	e.Unknown = c.uncertain()
	return e
}

// decodeNothing reads an empty reply.
func decodeNothing(in *pack.Cursor) (struct{}, error) {
	for range in.Array() {
		in.Skip()
	}
	return struct{}{}, in.Done()
}
