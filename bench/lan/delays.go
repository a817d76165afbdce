package lan

import (
	"container/heap"
	"sync"
	"time"
)

// WaitingMax is how many delayed packets wait at a time.
const WaitingMax = 8192

// delays holds packets until they are due.
type delays struct {
	deliver func(to int, packet []byte)
	rules   *Rules
	wake    chan struct{}
	ended   chan struct{}

	mu      sync.Mutex
	stopped bool
	queue   queue
	count   uint64
}

// waiting is one packet.
type waiting struct {
	due    time.Time
	number uint64 // those due at once keep their order
	to     int
	packet []byte
}

func (d *delays) start(s *Switch) {
	d.deliver, d.rules = s.deliver, s.Rules
	d.wake, d.ended = make(chan struct{}, 1), make(chan struct{})
	go d.run()
}

// add keeps a copy of a packet until it is due.
func (d *delays) add(to int, wait time.Duration, packet []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) >= WaitingMax || d.stopped {
		d.rules.dropped.Add(1)
		return
	}
	d.count++
	heap.Push(&d.queue, waiting{time.Now().Add(wait), d.count, to, append([]byte(nil), packet...)})
	d.rules.delayed.Add(1)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// next returns the next packet when it is due, or how long it must wait yet.
func (d *delays) next() (w waiting, due bool, wait time.Duration, stopped bool) {
	const forever = time.Hour
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return w, false, 0, true
	}
	if len(d.queue) == 0 {
		return w, false, forever, false
	}
	if wait = time.Until(d.queue[0].due); wait > 0 {
		return w, false, wait, false
	}
	return heap.Pop(&d.queue).(waiting), true, 0, false
}

func (d *delays) run() {
	defer close(d.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		w, due, wait, stopped := d.next()
		switch {
		case stopped:
			return
		case due:
			d.deliver(w.to, w.packet)
		default:
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-d.wake:
			}
		}
	}
}

// stop loses all that wait; without effect when start was not called.
func (d *delays) stop() {
	if d.wake == nil {
		return
	}
	d.mu.Lock()
	d.stopped = true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
	<-d.ended
}

// queue is a heap, the next one due first.
type queue []waiting

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].number < q[j].number
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(waiting)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = waiting{}
	*q = old[:len(old)-1]
	return last
}
