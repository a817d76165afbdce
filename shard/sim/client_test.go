package sim

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

const (
	tryTimeout = 1500 * time.Millisecond // how long a client waits for one answer
	giveUp     = 20 * time.Second        // how long it asks again
)

// client asks one thing at a time, of whichever node seems to lead, and asks
// again with the same request id until it knows the outcome or gives up.
type client struct {
	w     *world
	rand  *rand.Rand
	id    grid.ID
	seq   uint64
	node  int
	tries uint32
	inbox chan answer
	lanes map[*node]laneOf
	// name is the client's number in histories: a new one after an operation
	// whose outcome stayed unknown, because that one may still be going on.
	name int
}

type laneOf struct {
	life int // of the node, when the lane was opened
	lane grid.Lane
}

type answer struct {
	try       uint32
	err       error
	status    byte
	body      []byte
	confirmed bool
}

func (w *world) newClient(n uint64) *client {
	c := &client{w: w, rand: rand.New(rand.NewPCG(w.seed, 100+n)),
		inbox: make(chan answer, 64), lanes: make(map[*node]laneOf), name: w.name()}
	binary.BigEndian.PutUint64(c.id[:], n)
	return c
}

// lane returns the client's lane to a node's present life, nil when it is down.
func (c *client) lane(n *node) grid.Lane {
	h, life := n.running()
	if h == nil {
		return nil
	}
	if l, ok := c.lanes[n]; ok && l.life == life {
		return l.lane
	}
	l := h.Open(func(o *grid.Outcomes) {
		n.whileAlive(life, func() { c.take(o) })
		o.Release()
	})
	c.lanes[n] = laneOf{life, l}
	return l
}

// take copies outcomes to the inbox. Called on a node's goroutine.
func (c *client) take(o *grid.Outcomes) {
	for i, r := range o.Refs {
		a := answer{try: r.ID, err: o.Err, confirmed: o.Confirmed}
		if o.Err == nil && !o.Confirmed {
			status, body := o.Body(i)
			a.status, a.body = status, append([]byte(nil), body...)
		}
		select {
		case c.inbox <- a:
		default:
		}
	}
}

// wait waits for the answer to the present try.
func (c *client) wait() (answer, bool) {
	late := time.NewTimer(tryTimeout)
	defer late.Stop()
	for {
		select {
		case a := <-c.inbox:
			if a.try == c.tries {
				return a, true
			}
		case <-late.C:
			return answer{}, false
		}
	}
}

// elsewhere lets the next try go to another node, after a moment.
func (c *client) elsewhere() {
	c.node = c.rand.IntN(len(c.w.nodes))
	time.Sleep(time.Duration(20+c.rand.IntN(200)) * time.Millisecond)
}

// write runs one command. It returns false when its outcome stayed unknown.
func (c *client) write(op grid.Op, name string, body []byte) (answer, bool) {
	c.seq++
	id := grid.RequestID{Client: c.id, Seq: c.seq, Low: c.seq}
	for until := time.Now().Add(giveUp); time.Now().Before(until); c.elsewhere() {
		c.tries++
		l := c.lane(c.w.nodes[c.node])
		ref := grid.Ref{ID: c.tries, Kind: op.Kind}
		if l == nil || l.Write(grid.SlotOf(name), op.Kind, id, body, ref) != nil {
			continue
		}
		l.Flush()
		if a, ok := c.wait(); ok && a.err == nil {
			c.w.failIf(a.status == byte(fault.Aborted), "request %d was forgotten: %q", c.seq, a.body)
			return a, true
		}
	}
	return answer{}, false
}

// read runs one query at a level until it is answered or gives up.
func (c *client) read(level grid.Level, op grid.Op, name string, body []byte) ([]byte, bool) {
	for until := time.Now().Add(giveUp / 4); time.Now().Before(until); c.elsewhere() {
		l := c.lane(c.w.nodes[c.node])
		if l == nil {
			continue
		}
		if level == grid.Linearizable && !c.confirmed(l, grid.SlotOf(name)) {
			continue
		}
		at := level
		if level == grid.Linearizable {
			at = grid.Stale
		}
		n := c.w.nodes[c.node]
		var reply []byte
		var err error
		if !n.whileAlive(c.lanes[n].life, func() {
			reply, err = l.Read(grid.SlotOf(name), at, op.Kind, body, nil)
		}) {
			continue
		}
		if err == nil {
			return reply, true
		}
		c.w.failIf(fault.CodeOf(err) != fault.Unavailable, "read: %v", err)
	}
	return nil, false
}

func (c *client) confirmed(l grid.Lane, s grid.Slot) bool {
	c.tries++
	if l.Confirm(s, grid.Ref{ID: c.tries}) != nil {
		return false
	}
	l.Flush()
	a, ok := c.wait()
	return ok && a.err == nil && a.confirmed
}

// operate does one random operation and records it.
func (c *client) operate() {
	in := input{kind: opKind(c.rand.IntN(4)), board: c.rand.IntN(len(boards)),
		owner: c.rand.IntN(ownersPerBoard), score: int64(1 + c.rand.IntN(20))}
	if in.kind == opRemove && c.rand.IntN(3) > 0 {
		in.kind = opSubmit
	}
	if in.kind >= opRank && c.rand.IntN(3) == 0 {
		in.kind = opSubmit
	}
	called := c.w.event()
	out, done := c.do(in)
	o := porcupine.Operation{ClientId: c.name, Input: in, Call: called, Output: out, Return: c.w.event()}
	if !done {
		if in.kind >= opRank {
			return // it changed nothing and says nothing
		}
		o.Return = math.MaxInt64
		c.name = c.w.name()
	}
	c.w.record(o, done)
}

func (c *client) do(in input) (output, bool) {
	name, owner := boards[in.board].name, ownerID(in.owner)
	level := grid.Level(c.rand.IntN(2)) // Leader or Linearizable
	switch in.kind {
	case opSubmit:
		r := leaderboard.SubmitRequest{Board: name, Owner: owner, Score: in.score}
		a, ok := c.write(ops[leaderboard.KindSubmit], name, fields(r.Fields(), r.Append))
		if !ok {
			return output{}, false
		}
		cur := pack.NewCursor(a.body)
		reply, err := leaderboard.DecodeSubmitReply(&cur)
		c.w.failIf(err != nil || a.status != 0, "submit: status %d, %v", a.status, err)
		return output{known: true, score: reply.Score, changed: reply.Changed}, true
	case opRemove:
		r := leaderboard.RemoveRequest{Board: name, Owner: owner}
		a, ok := c.write(ops[leaderboard.KindRemove], name, fields(r.Fields(), r.Append))
		if !ok {
			return output{}, false
		}
		cur := pack.NewCursor(a.body)
		reply, err := leaderboard.DecodeRemoveReply(&cur)
		c.w.failIf(err != nil || a.status != 0, "remove: status %d, %v", a.status, err)
		return output{known: true, changed: reply.Removed}, true
	case opRank:
		r := leaderboard.OwnersRequest{Board: name, Owners: []grid.ID{owner}}
		return c.records(c.read(level, ops[leaderboard.KindOwners], name, fields(r.Fields(), r.Append)))
	default:
		r := leaderboard.PageRequest{Board: name, Rank: 1, Limit: ownersPerBoard}
		return c.records(c.read(level, ops[leaderboard.KindPage], name, fields(r.Fields(), r.Append)))
	}
}

func (c *client) records(reply []byte, ok bool) (output, bool) {
	if !ok {
		return output{}, false
	}
	cur := pack.NewCursor(reply)
	page, err := leaderboard.DecodePageReply(&cur)
	c.w.failIf(err != nil, "decode a page: %v", err)
	out := output{known: true}
	for _, r := range page.Records {
		out.records = append(out.records, seen{int(r.Owner[0]), r.Score, int(r.Rank)})
	}
	return out, true
}

func ownerID(n int) grid.ID { return grid.ID{byte(n), 1} }

var ops = func() map[grid.Kind]grid.Op {
	m := make(map[grid.Kind]grid.Op)
	for _, o := range leaderboard.Ops() {
		m[o.Kind] = o
	}
	return m
}()

// fields returns the array that a request's fields make: the canonical body.
func fields(n int, add func([]byte) []byte) []byte { return add(pack.AppendArray(nil, n)) }

// create makes the boards of a run; false when that did not succeed in time.
func (c *client) create() bool {
	for _, b := range boards {
		r := leaderboard.CreateRequest{Board: b.name, Operator: b.operator}
		a, ok := c.write(ops[leaderboard.KindCreate], b.name, fields(r.Fields(), r.Append))
		if !ok || a.status != 0 {
			return false
		}
	}
	return true
}
