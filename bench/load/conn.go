package load

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// readBytes is how much room a read has at first.
const readBytes = 32 << 10

// conn is one connection; all but mu belongs to its goroutine.
type conn struct {
	g       *Generator
	net     net.Conn
	dialect Dialect
	source  Source
	random  *rand.Rand
	sliding bool

	depth     uint64
	next, low uint64      // the next request's number; the oldest unanswered one's
	at        []time.Time // by slot: when it was sent, or was due
	busy      []bool      // by slot
	again     []int       // slots whose operation needs a second request
	flying    int         // requests without a reply
	ended     bool        // the source is at its end

	gap time.Duration // open loop: the mean time between requests
	due time.Time     // open loop: when the next one is

	in, out []byte

	mu struct {
		sync.Mutex
		ops     int64
		pushes  int64
		latency *hdrhistogram.Histogram
	}
}

func (c *conn) run() {
	if err := c.loop(); err != nil {
		c.g.fail(err)
	}
}

func (c *conn) loop() error {
	c.due = time.Now()
	for {
		if c.g.stop.Load() {
			c.ended = true
		}
		if c.flying == 0 || c.sliding || c.gap > 0 {
			c.fill()
		}
		if len(c.out) > 0 {
			if _, err := c.net.Write(c.out); err != nil {
				return fmt.Errorf("send requests: %w", err)
			}
			c.out = c.out[:0]
		}
		if c.flying == 0 && c.ended {
			return nil
		}
		if err := c.read(); err != nil {
			return err
		}
	}
}

// fill appends the requests that may be sent now.
func (c *conn) fill() {
	for _, slot := range c.again {
		c.out = c.dialect.Again(c.out, slot)
		c.flying++
	}
	c.again = c.again[:0]
	now := time.Now()
	for !c.ended && c.next < c.low+c.depth {
		at := now
		if c.gap > 0 {
			if c.due.After(now) {
				return
			}
			at = c.due
			c.due = c.due.Add(time.Duration(c.random.ExpFloat64() * float64(c.gap)))
		}
		op, ok := c.source()
		if !ok {
			c.ended = true
			return
		}
		slot := c.next % c.depth
		c.at[slot], c.busy[slot] = at, true
		c.out = c.dialect.Append(c.out, c.next, c.low, op)
		c.next++
		c.flying++
	}
}

// read waits for bytes and takes the replies in them. In an open loop it returns
// without any when the next request is due.
func (c *conn) read() error {
	if c.gap > 0 {
		var until time.Time
		if !c.ended && c.next < c.low+c.depth {
			until = c.due
		}
		c.net.SetReadDeadline(until)
		if c.g.stop.Load() && !c.ended {
			return nil // wake may have come before this deadline was set
		}
	}
	if len(c.in) == cap(c.in) {
		if cap(c.in) >= 2*ReplyBytesMax {
			return fmt.Errorf("a reply of more than %d bytes", ReplyBytesMax)
		}
		c.in = append(make([]byte, 0, 2*cap(c.in)), c.in...)
	}
	n, err := c.net.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	if err != nil && !(c.gap > 0 && errors.Is(err, os.ErrDeadlineExceeded)) {
		return fmt.Errorf("wait for replies: %w", err)
	}
	return c.replies()
}

// wake ends a wait for the next request to be due. In a closed loop there is none:
// what is waited for is replies.
func (c *conn) wake() {
	if c.gap > 0 {
		c.net.SetReadDeadline(time.Unix(1, 0))
	}
}

// replies takes all whole replies out of what was read.
func (c *conn) replies() error {
	now := time.Now()
	used := 0
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		r, err := c.dialect.Next(c.in[used:])
		if err != nil {
			return err
		}
		if r.Size == 0 {
			break
		}
		used += r.Size
		if r.Push {
			c.mu.pushes++
		}
		if r.Push || r.Aside {
			continue
		}
		c.flying--
		if r.More {
			c.again = append(c.again, r.Slot)
			continue
		}
		if !c.busy[r.Slot] {
			return errors.New("a reply to a request that was not sent")
		}
		c.busy[r.Slot] = false
		c.mu.ops++
		c.mu.latency.RecordValue(min(now.Sub(c.at[r.Slot]).Microseconds(), latencyMax))
	}
	for c.low < c.next && !c.busy[c.low%c.depth] {
		c.low++
	}
	c.in = c.in[:copy(c.in, c.in[used:])]
	return nil
}
