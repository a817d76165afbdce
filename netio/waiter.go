package netio

import (
	"slices"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// GatherMax is how long a read of what lies at several slots may wait for other nodes.
const GatherMax = 10 * time.Second

var errGatherLate = &fault.Error{Code: fault.Unavailable, Retry: 200 * time.Millisecond,
	Message: "the nodes that have parts of this did not all answer in time; ask again"}

// waiters are lanes for workers who gather, to be used again.
type waiters struct {
	server *Server
	mu     sync.Mutex
	free   []*waiter
}

func (w *waiters) take() *waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.free); n > 0 {
		r := w.free[n-1]
		w.free = w.free[:n-1]
		return r
	}
	r := &waiter{ended: w.server.ended, came: make(chan *grid.Outcomes, 1)}
	r.lane = w.server.options.Shards.Open(r.deliver)
	return r
}

func (w *waiters) put(r *waiter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.free = append(w.free, r)
}

// waiter reads at any slot of the cluster, one at a time, and waits for what other nodes
// say. It belongs to one worker at a time.
type waiter struct {
	lane  grid.Lane
	ended <-chan struct{} // the server has
	came  chan *grid.Outcomes
	late  <-chan time.Time
	aged

	mu     sync.Mutex
	serial uint32 // of what is waited for; nothing else is let into came
}

// gather finishes a read of which the first slot had a part.
func (r *waiter) gather(op *grid.Op, level grid.Level, body, part []byte) ([]byte, error) {
	timer := time.NewTimer(GatherMax)
	defer timer.Stop()
	r.late, r.aged = timer.C, aged{level: level}
	if level == grid.Linearizable {
		r.level = grid.Leader // as of the others: the leader of the first was confirmed
	}
	part, err := r.cut(part)
	if err != nil {
		return nil, err
	}
	reply, err := op.Scatter.Gather(body, part, r.read, nil)
	if err != nil || r.level != grid.Stale {
		return reply, err
	}
	var room [16]byte
	return slices.Insert(reply, 0, r.begin(room[:0])...), nil
}

// read is grid.Read.
func (r *waiter) read(slot grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	reply, err := r.lane.Read(slot, r.level, kind, body, out)
	if err == grid.ErrAway {
		reply, err = r.ask(slot, kind, body, out)
	}
	if err != nil {
		return out, err
	}
	rest, err := r.cut(reply[len(out):])
	if err != nil {
		return out, err
	}
	return append(reply[:len(out)], rest...), nil
}

// ask asks another node, and waits.
func (r *waiter) ask(slot grid.Slot, kind grid.Kind, body, out []byte) ([]byte, error) {
	ref := grid.Ref{ID: r.next(), Kind: kind, Slot: slot}
	if err := r.lane.Ask(slot, r.level, kind, body, ref); err != nil {
		return out, err
	}
	r.lane.Flush()
	var o *grid.Outcomes
	select {
	case o = <-r.came:
	case <-r.late:
		return out, errGatherLate
	case <-r.ended:
		return out, errGatherLate
	}
	defer o.Release()
	if o.Err != nil {
		return out, o.Err
	}
	reply, err := outcome(o, 0)
	if err != nil {
		return out, err
	}
	return append(out, reply...), nil
}

// next begins to wait for an outcome: what comes of earlier ones is let go.
func (r *waiter) next() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case o := <-r.came:
		o.Release()
	default:
	}
	r.serial++
	return r.serial
}

// deliver takes outcomes from the shards: the lane's grid.Deliver.
func (r *waiter) deliver(o *grid.Outcomes) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(o.Refs) == 1 && o.Refs[0].ID == r.serial {
		select {
		case r.came <- o:
			return
		default:
		}
	}
	o.Release()
}
