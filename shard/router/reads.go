package router

import (
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

var errReadsFull = &fault.Error{Code: fault.ResourceExhausted, Retry: pause,
	Message: "too many reads of other nodes wait at the node that leads this shard; " +
		"send fewer at a time and ask again"}

// query is a read that another node asks for, or a task of this one.
type query struct {
	name    // where from is not zero
	from    grid.Origin
	serial  uint64 // of the task
	level   grid.Level
	request []byte // slot.Command without request id
}

// reads answers queries on a goroutine of its own: a large one holds up no message.
type reads struct {
	router *Router
	lane   grid.Lane
	wake   chan struct{}

	mu      sync.Mutex
	queue   []query
	bytes   int              // of those in queue, parked and refused
	parked  map[uint64]query // linearizable ones, until the leader is confirmed
	serial  uint64
	refused []refusedQuery // of those that were parked
}

type refusedQuery struct {
	query
	err error
}

func (q *reads) start(r *Router) {
	q.router, q.wake, q.parked = r, make(chan struct{}, 1), make(map[uint64]query)
	q.lane = r.Host.Open(q.confirmed)
	r.running.Go(q.run)
}

// size is what a query takes of ReadBytesMax.
func (a *query) size() int { return taskBytes + len(a.request) }

// add queues a query, unless too many wait. Any goroutine may call it.
func (q *reads) add(a query) error {
	q.mu.Lock()
	full := q.bytes+a.size() > ReadBytesMax
	if !full {
		q.queue = append(q.queue, a)
		q.bytes += a.size()
	}
	q.mu.Unlock()
	if full {
		return errReadsFull
	}
	q.kick()
	return nil
}

func (q *reads) kick() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *reads) run() {
	for {
		select {
		case <-q.wake:
			q.round()
		case <-q.router.stop:
			return
		}
	}
}

// round answers all that has come.
func (q *reads) round() {
	q.mu.Lock()
	all, refused := q.queue, q.refused
	q.queue, q.refused = nil, nil
	q.mu.Unlock()
	replies := make(map[uint32]*reply)
	for _, a := range refused {
		q.answer(replies, &a.query, nil, a.err)
	}
	var room []byte
	for i := range all {
		a := &all[i]
		in := pack.NewCursor(a.request)
		var c slot.Command
		if err := c.Decode(&in); err != nil {
			q.answer(replies, a, nil, err)
			continue
		}
		if a.level == grid.Linearizable {
			if err := q.park(a, c.Slot); err != nil {
				q.answer(replies, a, nil, err)
			}
			continue
		}
		out, err := q.lane.Read(c.Slot, a.level, c.Kind, c.Body, room[:0])
		q.answer(replies, a, out, err)
		room = out
	}
	q.lane.Flush()
	for _, p := range replies {
		p.send(q.router)
	}
	q.mu.Lock()
	for i := range all {
		q.bytes -= all[i].size()
	}
	for i := range refused {
		q.bytes -= refused[i].size()
	}
	q.mu.Unlock()
}

// park lets a linearizable read wait until the leader is confirmed.
func (q *reads) park(a *query, s grid.Slot) error {
	q.mu.Lock()
	q.serial++
	serial := q.serial
	q.parked[serial] = *a
	q.bytes += a.size() // and round takes it off once
	q.mu.Unlock()
	err := q.lane.Confirm(s, grid.Ref{Conn: serial, Slot: s})
	if err != nil {
		q.mu.Lock()
		delete(q.parked, serial)
		q.bytes -= a.size()
		q.mu.Unlock()
	}
	return err
}

// confirmed is the lane's Deliver: what was confirmed is read as by a leader.
func (q *reads) confirmed(o *grid.Outcomes) {
	q.mu.Lock()
	for _, ref := range o.Refs {
		a, ok := q.parked[ref.Conn]
		delete(q.parked, ref.Conn)
		switch {
		case !ok:
		case o.Err != nil:
			q.refused = append(q.refused, refusedQuery{a, o.Err})
		default:
			a.level = grid.Leader
			q.queue = append(q.queue, a)
		}
	}
	q.mu.Unlock()
	o.Release()
	q.kick()
}

// answer sends the outcome of a query home.
func (q *reads) answer(replies map[uint32]*reply, a *query, out []byte, err error) {
	status := byte(fault.OK)
	if err == grid.ErrPartial {
		status, err = grid.StatusPartial, nil
	}
	r := q.router
	if a.from == 0 {
		ref := grid.Ref{Conn: a.serial}
		switch {
		case err != nil:
			r.refuseTask(a.serial, ref, err)
		default:
			b := append([]byte{status}, out...)
			ends := []uint32{uint32(len(b))}
			r.retried(&grid.Outcomes{Refs: []grid.Ref{ref}, Bytes: b, Ends: ends})
		}
		return
	}
	node := a.from.Node()
	p := replies[node]
	if p == nil {
		p = &reply{node: node}
		replies[node] = p
	}
	if err == nil {
		p.add(r, a.from, a.name, status, out)
		return
	}
	s := grid.Slot(0)
	in := pack.NewCursor(a.request)
	var c slot.Command
	if c.Decode(&in) == nil {
		s = c.Slot
	}
	p.fail(r, a.from, a.name, s, err)
}
