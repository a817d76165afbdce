package netio

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/netio/wire"
)

// fan is the fan-out of pushes to all that are on a stream, in rounds.
//
// All loops write the same round, each connection once, and what comes up
// meanwhile makes the next. That one waits a little, so that those who send and wait
// for an answer, which leaves when a round is over, join it with what they send
// next. Were each loop to write when
// it liked, loops would drift apart and write fewer frames at a time; and it is
// the number of writes that costs.
//
// A round that takes long, since it has a very large room, is overtaken: others begin
// beside it, with what has come up for other streams. Of one stream nothing is in two
// rounds at a time, for it must arrive in order.
type fan struct {
	server   *Server
	origin   grid.Origin
	share    int // bytes of a stream in one round
	interest interest
	loops    [loopsMax]atomic.Pointer[loop]
	answers  sync.Pool // of *grid.Outcomes
	pause    *time.Timer
	rounds   meter.Histogram // µs that each round took

	// mu is taken by shards' goroutines, loops and timers. Loops' inboxes are locked
	// under it.
	mu struct {
		sync.Mutex
		next    *round   // gathers
		held    *round   // gathers what is for streams of which some is under way
		under   []*round // under way, the oldest first; RoundsMax at the most
		spares  []*round // empty
		last    pace
		begins  time.Time // when pause ends; zero: it does not run
		closed  bool
		changes changes
	}
}

func newFan(s *Server) *fan {
	f := &fan{server: s, origin: s.options.Shards.Origin()}
	f.share = min(RoundBytesMax, s.chokeBytes())
	f.interest.lasting = s.options.Loops > 64
	f.mu.next, f.mu.held = newRound(), newRound()
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
	if r, s := f.segment(slot, key); s == nil || !f.add(r, s, kind, body) {
		f.server.lost.Add(1)
		f.miss(slot, key)
	}
}

// add appends a frame to a segment of the next round, or of held; false if there is no
// room for it. Under mu.
func (f *fan) add(r *round, s *segment, kind grid.Kind, body []byte) bool {
	size := wire.HeadBytes + len(body)
	pending := f.mu.next.bytes + f.mu.held.bytes
	if pending+size > PendingBytesMax || len(s.frames)+size > StreamBytesMax {
		return false
	}
	r.add(s, kind, body)
	return true
}

// miss notes that something could not be added, so that all on the stream are told
// that they missed it. Under mu.
func (f *fan) miss(slot grid.Slot, key []byte) {
	if _, s := f.segment(slot, key); s != nil {
		s.lost = true
	} else {
		f.mu.next.lost = true
	}
}

// relay adds a message that a client has sent to a stream. It goes out with start.
func (f *fan) relay(slot grid.Slot, key []byte, kind grid.Kind, body []byte, ref grid.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, s := f.segment(slot, key)
	if s == nil || f.interest.in(slot) != 0 && !f.add(r, s, kind, body) {
		e := fault.New(fault.ResourceExhausted,
			"more is sent to this stream than its members can be sent: send less, or later")
		e.Retry = relayPause
		return e
	}
	s.acks = append(s.acks, ref)
	r.asked = true
	return nil
}

// segment returns where the frames of a stream gather, nil if there are too many
// streams. Under mu.
func (f *fan) segment(slot grid.Slot, key []byte) (*round, *segment) {
	for _, r := range [...]*round{f.mu.next, f.mu.held} {
		if s := r.find(key); s != nil {
			return r, s
		}
	}
	if len(f.mu.next.segments)+len(f.mu.held.segments) >= StreamsPendingMax {
		return nil, nil
	}
	r := f.mu.next
	for _, u := range f.mu.under {
		if u.has(key) {
			r = f.mu.held
		}
	}
	return r, r.newSegment(slot, string(key))
}

// start begins a round, if there is something to push, and nothing is waited for.
func (f *fan) start() {
	f.mu.Lock()
	r := f.ripe()
	f.mu.Unlock()
	f.launch(r)
}

// ripe returns the round that may begin now, nil when there is none. Under mu.
func (f *fan) ripe() *round {
	nothing := len(f.mu.next.segments) == 0 && !f.mu.next.lost
	if f.mu.closed || nothing || len(f.mu.under) == RoundsMax {
		return nil
	}
	now := time.Now()
	pause := f.mu.last.pause(f.mu.next.frames, now)
	if n := len(f.mu.under); n > 0 {
		pause = max(pause, roundPatience-now.Sub(f.mu.under[n-1].began))
	}
	if pause < roundPauseMin {
		return f.take(now)
	}
	if begins := now.Add(pause); f.mu.begins.IsZero() || begins.Before(f.mu.begins) {
		f.mu.begins = begins
		f.pause.Reset(pause)
	}
	return nil
}

// take returns the round that has been gathered: it is under way. Under mu.
func (f *fan) take(now time.Time) *round {
	if !f.mu.begins.IsZero() {
		f.mu.begins = time.Time{}
		f.pause.Stop()
	}
	r := f.mu.next
	if n := len(f.mu.spares); n > 0 {
		f.mu.next, f.mu.spares = f.mu.spares[n-1], f.mu.spares[:n-1]
	} else {
		f.mu.next = newRound()
	}
	r.leave(f.mu.held, f.share)
	r.began = now
	f.mu.under = append(f.mu.under, r)
	return r
}

// launch hands a round to the loops that care.
func (f *fan) launch(r *round) {
	for r != nil {
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

// done is called by each loop that has written its part of a round.
func (f *fan) done(r *round) {
	if r.left.Add(-1) == 0 {
		f.launch(f.finish(r))
	}
}

// finish answers the requests of a round that was written, lets go on what it has
// held up, and returns the next if that begins at once.
func (f *fan) finish(r *round) *round {
	f.answer(r)
	now := time.Now()
	f.rounds.Note(uint64(max(0, now.Sub(r.began)).Microseconds()))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.under = slices.DeleteFunc(f.mu.under, func(u *round) bool { return u == r })
	f.mu.held.release(r, f.mu.next)
	f.mu.last = pace{frames: r.frames + f.mu.next.frames, ended: now, took: now.Sub(r.began)}
	r.reset()
	f.mu.spares = append(f.mu.spares, r)
	return f.ripe()
}

// resume begins the round that has waited long enough.
func (f *fan) resume() {
	f.mu.Lock()
	var r *round
	if !f.mu.begins.IsZero() && !f.mu.closed {
		r = f.take(time.Now())
	}
	f.mu.Unlock()
	f.launch(r)
}

// answer tells those who have sent messages that they were passed on.
func (f *fan) answer(r *round) {
	if !r.asked {
		return
	}
	var batches [loopsMax]*grid.Outcomes
	for i := range r.segments {
		for _, ref := range r.segments[i].acks {
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
