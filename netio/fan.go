package netio

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// fan is the fan-out of pushes to all that are on a stream, in rounds.
//
// All loops write the same round, each connection once, and what comes up
// meanwhile makes the next. That one waits a little, so that those who send and wait
// for an answer, which leaves when a round is over, join it with what they send
// next. Were each loop to write when
// it liked, loops would drift apart and write fewer frames at a time; and it is
// the number of writes that costs.
type fan struct {
	server   *Server
	origin   grid.Origin
	share    int // bytes of a stream in one round
	interest interest
	loops    [loopsMax]atomic.Pointer[loop]
	answers  sync.Pool // of *grid.Outcomes
	pause    *time.Timer

	// mu is taken by shards' goroutines, loops and timers. Loops' inboxes are locked
	// under it.
	mu struct {
		sync.Mutex
		next    *round // gathers
		spare   *round // empty; nil while it is under way
		busy    bool   // a round is under way
		waiting bool   // pause is to end
		closed  bool
		last    pace // of the round before
		changes changes
	}
}

// pace is how a round went.
type pace struct {
	frames int // it had, and waited for the next when it ended: what may come together
	ended  time.Time
	took   time.Duration
}

// pause is how long the next round, which has so many frames, waits for more: little
// beside what the last one took, and not at all when that is long ago.
func (p *pace) pause(frames int, now time.Time) time.Duration {
	if frames >= p.frames || now.Sub(p.ended) > p.took {
		return 0
	}
	return min(roundPauseMax, p.took/10)
}

func newFan(s *Server) *fan {
	f := &fan{server: s, origin: s.options.Shards.Origin()}
	f.share = min(RoundBytesMax, s.chokeBytes())
	f.interest.lasting = s.options.Loops > 64
	f.mu.next, f.mu.spare = newRound(), newRound()
	f.mu.changes.init(f)
	f.answers.New = func() any {
		return &grid.Outcomes{Recycle: func(o *grid.Outcomes) { f.answers.Put(o) }}
	}
	f.pause = time.AfterFunc(time.Hour, f.resume)
	f.pause.Stop()
	return f
}

// push adds a frame for all on a stream. Under mu.
func (f *fan) push(slot grid.Slot, key []byte, kind grid.Kind, body []byte) {
	if f.interest.in(slot) == 0 {
		return
	}
	if !f.mu.next.add(slot, key, kind, body) {
		f.server.lost.Add(1)
		f.mu.next.miss(slot, key)
	}
}

// relay adds a message that a client has sent to a stream. It goes out with start.
func (f *fan) relay(slot grid.Slot, key []byte, kind grid.Kind, body []byte, ref grid.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.interest.in(slot) != 0 && !f.mu.next.add(slot, key, kind, body) {
		e := fault.New(fault.ResourceExhausted,
			"more is sent to this stream than its members can be sent: send less, or later")
		e.Retry = relayPause
		return e
	}
	f.mu.next.acks = append(f.mu.next.acks, ref)
	return nil
}

// start begins a round, if there is something to push, none is under way, and
// nothing more is waited for.
func (f *fan) start() {
	f.mu.Lock()
	r := f.ripe()
	f.mu.Unlock()
	f.launch(r)
}

// ripe returns the round that may begin now, nil when there is none. Under mu.
func (f *fan) ripe() *round {
	if f.mu.busy || f.mu.closed || f.mu.next.empty() {
		return nil
	}
	if pause := f.mu.last.pause(f.mu.next.frames, time.Now()); pause >= roundPauseMin {
		if !f.mu.waiting {
			f.mu.waiting = true
			f.pause.Reset(pause)
		}
		return nil
	}
	return f.take()
}

// take returns the round that has been gathered: it is under way. Under mu.
func (f *fan) take() *round {
	if f.mu.waiting {
		f.mu.waiting = false
		f.pause.Stop()
	}
	f.mu.busy = true
	r := f.mu.next
	f.mu.next, f.mu.spare = f.mu.spare, nil
	r.carry(f.mu.next, f.share)
	return r
}

// launch hands a round to the loops that care.
func (f *fan) launch(r *round) {
	for r != nil {
		r.began = time.Now()
		loops := r.aim(&f.interest)
		r.left.Store(1) // ours, so that it is not over before all have it
		for i := range f.loops {
			l := f.loops[i].Load()
			if l == nil {
				break
			}
			if loops&bit(i) == 0 {
				continue
			}
			r.left.Add(1)
			if !l.leaveRound(r) {
				r.left.Add(-1)
			}
		}
		if r.left.Add(-1) > 0 {
			return
		}
		r = f.finish(r)
	}
}

// aim notes which loops care for the segments of a round, and returns them all.
func (r *round) aim(i *interest) (loops uint64) {
	for n := range r.segments {
		s := &r.segments[n]
		s.loops = i.in(s.slot)
		loops |= s.loops
	}
	if r.lost {
		loops = ^uint64(0)
	}
	return loops
}

// done is called by each loop that has written its part of a round.
func (f *fan) done(r *round) {
	if r.left.Add(-1) == 0 {
		f.launch(f.finish(r))
	}
}

// finish answers the requests of a round that was written, and returns the next
// if that begins at once.
func (f *fan) finish(r *round) *round {
	f.answer(r.acks)
	now := time.Now()
	last := pace{frames: r.frames, ended: now, took: now.Sub(r.began)}
	r.reset()
	f.mu.Lock()
	defer f.mu.Unlock()
	last.frames += f.mu.next.frames
	f.mu.spare, f.mu.busy, f.mu.last = r, false, last
	return f.ripe()
}

// resume begins the round that has waited long enough.
func (f *fan) resume() {
	f.mu.Lock()
	var r *round
	if f.mu.waiting && !f.mu.closed {
		r = f.take()
	}
	f.mu.Unlock()
	f.launch(r)
}

// answer tells those who have sent messages that they were passed on.
func (f *fan) answer(acks []grid.Ref) {
	var batches [loopsMax]*grid.Outcomes
	for _, ref := range acks {
		o := batches[loopOfNumber(ref.Conn)]
		if o == nil {
			o = f.answers.Get().(*grid.Outcomes)
			o.Refs, o.Ends, o.Bytes = o.Refs[:0], o.Ends[:0], o.Bytes[:0]
			batches[loopOfNumber(ref.Conn)] = o
		}
		o.Refs = append(o.Refs, ref)
		o.Bytes = append(o.Bytes, byte(fault.OK), emptyArray)
		o.Ends = append(o.Ends, uint32(len(o.Bytes)))
	}
	if len(acks) == 0 {
		return
	}
	for i, o := range batches {
		if o != nil {
			f.loops[i].Load().post(o)
		}
	}
}

// close ends all rounds.
func (f *fan) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.closed = true
	f.pause.Stop()
	f.mu.changes.timer.Stop()
}
