package client

import (
	"testing"

	"pgregory.net/rapid"
)

// modelled checks a window against the plain rules: every call is sent at least
// once on each connection until it is answered, in the order in which it came,
// under one number for ever, and never more than max at a time.
type modelled struct {
	w       window
	waiting []*call          // pushed and without a number
	sent    map[uint64]*call // unanswered, by number
	due     []uint64         // to be sent again on this connection, in order
	last    uint64
}

func (m *modelled) push(t *rapid.T) {
	c := &call{write: true}
	m.w.push(c)
	m.waiting = append(m.waiting, c)
}

func (m *modelled) take(t *rapid.T) {
	c := m.w.take()
	if len(m.due) > 0 {
		n := m.due[0]
		m.due = m.due[1:]
		if c == nil || c != m.sent[n] || c.seq != n {
			t.Fatalf("took %+v, want number %d again", c, n)
		}
		c.flying = true
		return
	}
	for len(m.waiting) > 0 && m.waiting[0].abandoned {
		m.waiting = m.waiting[1:]
	}
	if len(m.waiting) == 0 || m.last+1 >= m.low()+m.w.max {
		if c != nil {
			t.Fatalf("took %+v, want none", c)
		}
		return
	}
	m.last++
	if c != m.waiting[0] || c.seq != m.last {
		t.Fatalf("took %+v, want a new call with number %d", c, m.last)
	}
	m.waiting = m.waiting[1:]
	m.sent[c.seq] = c
	c.flying = true
}

// low is the lowest number unanswered.
func (m *modelled) low() uint64 {
	low := m.last + 1
	for n := range m.sent {
		low = min(low, n)
	}
	return low
}

// any draws the number of an unanswered call.
func (m *modelled) any(t *rapid.T) (uint64, bool) {
	var all []uint64
	for n := m.low(); n <= m.last; n++ {
		if m.sent[n] != nil {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(all).Draw(t, "number"), true
}

func (m *modelled) answer(t *rapid.T) {
	n, ok := m.any(t)
	if !ok || !m.sent[n].flying {
		return
	}
	c := m.w.find(uint32(n) & (1<<31 - 1))
	if c != m.sent[n] {
		t.Fatalf("number %d finds %+v", n, c)
	}
	m.w.remove(c)
	delete(m.sent, n)
	if m.w.find(uint32(n)&(1<<31-1)) != nil {
		t.Fatalf("number %d is still found", n)
	}
}

func (m *modelled) abandon(t *rapid.T) {
	if n, ok := m.any(t); ok && m.sent[n].flying {
		m.sent[n].abandoned = true
	} else if len(m.waiting) > 0 {
		rapid.SampledFrom(m.waiting).Draw(t, "call").abandoned = true
	}
}

func (m *modelled) reconnect(t *rapid.T) {
	m.w.reset(rapid.Uint64Range(1, 2*slots).Draw(t, "max"))
	m.due = nil
	for n := m.low(); n <= m.last; n++ {
		switch c := m.sent[n]; {
		case c == nil:
		case c.abandoned:
			delete(m.sent, n)
		default:
			if c.flying {
				t.Fatalf("number %d still flies", n)
			}
			m.due = append(m.due, n)
		}
	}
}

func (m *modelled) check(t *rapid.T) {
	if m.w.low != m.low() || m.w.next != m.last+1 {
		t.Fatalf("window %d to %d, want %d to %d", m.w.low, m.w.next, m.low(), m.last+1)
	}
	if m.w.next-m.w.low > slots {
		t.Fatalf("window %d to %d is too wide", m.w.low, m.w.next)
	}
	for n, c := range m.sent {
		if c.seq != n || c.seq < m.w.low {
			t.Fatalf("number %d has become %d, low %d", n, c.seq, m.w.low)
		}
	}
}

func TestWindowModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &modelled{w: newWindow(), sent: map[uint64]*call{}}
		start := rapid.SampledFrom([]uint64{1, 1<<31 - 5, 1<<32 - 5}).Draw(t, "start")
		m.w.low, m.w.next, m.w.sent, m.last = start, start, start, start-1
		t.Repeat(map[string]func(*rapid.T){
			"push": m.push, "push more": m.push, "take": m.take, "take more": m.take, "take again": m.take,
			"answer": m.answer, "abandon": m.abandon, "reconnect": m.reconnect, "": m.check,
		})
	})
}

// A queue that is always in use does not grow for ever.
func TestQueueStaysSmall(t *testing.T) {
	w := newWindow()
	for range 100 {
		w.push(&call{})
	}
	for range 100_000 {
		w.push(&call{})
		w.pop()
	}
	if n := cap(w.queue); n > 10_000 {
		t.Errorf("room for %d calls, with 100 in it", n)
	}
	w.drain(func(*call) {})
	if w.pop() != nil {
		t.Error("a drained window has calls")
	}
}
