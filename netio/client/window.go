package client

import "github.com/thronggrid/throng/grid"

// slots is the size of a window. It divides 1<<31, so that a frame id still
// leads to its slot after it has wrapped around.
const slots = grid.RequestsMax

// window holds the unanswered calls of one sort and those that wait for a
// number. Numbers in [low, next) are given out; next-low is at most max.
type window struct {
	calls [slots]*call // call n at n % slots; nil: answered
	low   uint64       // the lowest number unanswered, or next
	next  uint64       // the next number to give
	sent  uint64       // the first number not yet sent on this connection
	max   uint64       // how many the server allows, 1 to slots

	queue []*call // without a number yet, first come first
	head  int     // of the queue
}

func newWindow() window { return window{low: 1, next: 1, sent: 1, max: slots} }

// push puts calls at the end of the queue.
func (w *window) push(calls ...*call) {
	if w.head == len(w.queue) {
		w.queue, w.head = w.queue[:0], 0
	}
	w.queue = append(w.queue, calls...)
}

// pop takes the first call of the queue that somebody still waits for.
func (w *window) pop() *call {
	for w.head < len(w.queue) {
		c := w.queue[w.head]
		w.queue[w.head] = nil
		w.head++
		if w.head >= 1024 && w.head*2 >= len(w.queue) {
			w.queue = w.queue[:copy(w.queue, w.queue[w.head:])]
			w.head = 0
		}
		if !c.abandoned {
			return c
		}
	}
	return nil
}

// take returns the next call to send on this connection: one that was sent on
// an earlier one, else the queue's first, which gets a number. nil: none.
func (w *window) take() *call {
	for w.sent < w.next {
		c := w.calls[w.sent%slots]
		w.sent++
		if c != nil {
			return c
		}
	}
	if w.next >= w.low+w.max {
		return nil
	}
	c := w.pop()
	if c == nil {
		return nil
	}
	c.seq = w.next
	w.calls[w.next%slots] = c
	w.next++
	w.sent = w.next
	return c
}

// waiting says whether take may have something to return.
func (w *window) waiting() bool {
	return w.sent < w.next || w.head < len(w.queue) && w.next < w.low+w.max
}

// find returns the unanswered call whose number ends in these 31 bits.
func (w *window) find(number uint32) *call {
	c := w.calls[number%slots]
	if c == nil || uint32(c.seq)&(1<<31-1) != number {
		return nil
	}
	return c
}

// remove takes an answered call out of the window.
func (w *window) remove(c *call) {
	w.calls[c.seq%slots] = nil
	for w.low < w.next && w.calls[w.low%slots] == nil {
		w.low++
	}
}

// reset prepares for a new connection: what was sent and is unanswered will be
// sent again, except what nobody waits for.
func (w *window) reset(max uint64) {
	for n := w.low; n < w.next; n++ {
		c := w.calls[n%slots]
		if c == nil {
			continue
		}
		c.doubt = c.doubt || c.flying
		c.flying = false
		if c.abandoned {
			w.remove(c)
		}
	}
	w.sent, w.max = w.low, min(max, slots)
}

// drain takes out all calls, for good.
func (w *window) drain(each func(*call)) {
	for n := w.low; n < w.next; n++ {
		if c := w.calls[n%slots]; c != nil {
			w.calls[n%slots] = nil
			each(c)
		}
	}
	w.low, w.sent = w.next, w.next
	for c := w.pop(); c != nil; c = w.pop() {
		each(c)
	}
}
