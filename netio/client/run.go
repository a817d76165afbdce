package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// sendBytes is how much the writer gathers for one system call.
const sendBytes = 32 << 10

// run keeps a connection up until the client is closed or refused.
func (c *Client) run(life context.Context, l *link) {
	defer close(c.closed)
	for {
		epoch := c.attach(l)
		stop := context.AfterFunc(life, func() { l.conn.Close() })
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			c.writeTo(l, epoch)
		}()
		c.readFrom(l)
		l.conn.Close()
		c.detach()
		<-ended
		stop()

		next, err := c.redial(life, l)
		if err != nil {
			c.end(err)
			return
		}
		l = next
	}
}

// attach opens the windows for a new connection and returns its number.
func (c *Client) attach(l *link) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.epoch++
	c.mu.leaving = false
	c.mu.again = c.mu.again[:0]
	c.mu.frameMax = int(l.welcome.FrameBytesMax)
	c.mu.writes.reset(uint64(l.welcome.RequestsMax))
	c.mu.reads.reset(uint64(l.welcome.RequestsMax))
	c.mu.session, c.mu.trace = l.welcome.Session, l.welcome.Trace
	c.mu.stats.Connects++
	c.mu.ping = l.welcome.Resumed || l.welcome.Tokens != nil // the server sees that they came
	if l.welcome.Resumed {
		c.mu.stats.Resumed++
		c.missed()
	}
	c.rejoin(l.welcome.Resumed)
	c.wake()
	return c.mu.epoch
}

// detach stops the writer.
func (c *Client) detach() {
	c.mu.Lock()
	c.mu.epoch++
	c.mu.leaving = true
	c.mu.writes.reset(slots)
	c.mu.reads.reset(slots)
	c.mu.Unlock()
	c.wake()
}

// writeTo sends what the windows allow until the connection ends.
func (c *Client) writeTo(l *link, epoch uint64) {
	var buf []byte
	for range c.kick {
		runtime.Gosched() // let others who are about to call join this packet
		for {
			var over bool
			buf, over = c.gather(buf[:0], epoch)
			if over {
				c.wake() // the token may have been meant for the next writer
				return
			}
			if len(buf) == 0 {
				break
			}
			if _, err := l.conn.Write(buf); err != nil {
				l.conn.Close() // the reader notices
				break
			}
		}
	}
}

// gather appends the frames to send next, and says whether this connection is
// over.
func (c *Client) gather(buf []byte, epoch uint64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.epoch != epoch {
		return buf, true
	}
	if c.mu.leaving {
		return buf, false
	}
	now := time.Now()
	if c.mu.ping {
		c.mu.ping = false
		buf = wire.End(pack.AppendArray(wire.Begin(buf, wire.KindPing, 0, 0), 0), 0)
	}
	for _, k := range c.mu.again {
		if !k.abandoned && !k.flying && !k.finished {
			buf = c.send(buf, k, now)
		}
	}
	c.mu.again = c.mu.again[:0]
	for _, w := range []*window{&c.mu.reads, &c.mu.writes} {
		if w == &c.mu.writes && c.mu.hold > 0 {
			break
		}
		for len(buf) < sendBytes {
			k := w.take()
			if k == nil {
				break
			}
			buf = c.send(buf, k, now)
		}
	}
	return buf, false
}

func (c *Client) send(buf []byte, k *call, now time.Time) []byte {
	if k.first.IsZero() {
		k.first = now
	}
	k.flying = true
	return k.appendFrame(buf, c.mu.writes.low)
}

// readFrom answers calls until the connection ends. After a silence it pings,
// after a second one it gives the connection up.
func (c *Client) readFrom(l *link) {
	silent := false
	for {
		now := time.Now()
		l.conn.SetReadDeadline(now.Add(c.options.PingEvery))
		c.mu.Lock()
		err := l.frames(func(f wire.Frame) {
			if f.Kind == wire.KindGoodbye {
				c.leave(l, f)
				return
			}
			c.answer(f, now)
		})
		more := c.mu.reads.waiting() || c.mu.hold == 0 && c.mu.writes.waiting()
		c.mu.Unlock()
		if more {
			c.wake()
		}
		if err != nil {
			return
		}
		switch err := l.fill(); {
		case err == nil:
			silent = false
		case timedOut(err) && !silent:
			silent = true
			c.mu.Lock()
			c.mu.ping = true
			c.mu.Unlock()
			c.wake()
		default:
			return
		}
	}
}

// leave notes a goodbye, under mu: nothing more is sent on this connection, but
// answers that are under way still come.
func (c *Client) leave(l *link, f wire.Frame) {
	in := pack.NewCursor(f.Body)
	var g wire.Goodbye
	if g.Decode(&in) == nil {
		l.goodbye = &g
	}
	c.mu.leaving = true
}

// redial connects again, with growing pauses, until it succeeds, is refused, or
// the client is closed. The node that was connected last is tried last, and the
// others need no time before they can be.
func (c *Client) redial(life context.Context, last *link) (*link, error) {
	pause := c.options.BackoffMin / 2
	if g := last.goodbye; g != nil {
		if !g.Reason.Reconnect() && !c.nodes.replacedByStray(g.Reason) {
			return nil, goodbyeError(g)
		}
		if c.nodes.single() {
			pause = max(pause, g.After)
		}
	}
	c.nodes.leave()
	for {
		c.expire()
		if err := sleep(life, pause/2+rand.N(pause+1)); err != nil {
			return nil, fault.New(fault.Cancelled, "the client was closed")
		}
		l, err := c.nodes.dial(life, &c.options, &last.welcome.Resume)
		if err == nil {
			c.renew(l)
			return l, nil
		}
		if errors.As(err, new(refusal)) {
			return nil, err
		}
		pause = min(max(2*pause, c.options.BackoffMin), c.options.BackoffMax)
	}
}

// renew keeps what a welcome has brought in place of the refresh token that it used.
// Nothing was sent yet, so the server still takes that one, too.
func (c *Client) renew(l *link) {
	t := l.welcome.Tokens
	if t == nil {
		return
	}
	c.options.Credential = RefreshToken(t.Refresh)
	if c.options.Renewed != nil {
		c.options.Renewed(*t)
	}
}

// expire ends calls that were first sent too long ago to be sent again: the
// server may have forgotten their numbers.
func (c *Client) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := time.Now().Add(-RetryFor)
	for _, w := range []*window{&c.mu.writes, &c.mu.reads} {
		for n := w.low; n < w.next; n++ {
			if k := w.calls[n%slots]; k != nil && k.first.Before(last) {
				w.remove(k)
				k.finish(nil, k.giveUp(fault.DeadlineExceeded, "no answer in "+RetryFor.String()))
			}
		}
		w.sent = max(w.sent, w.low)
	}
}

// end fails all calls, now and later.
func (c *Client) end(err error) {
	f := *fault.Of(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mu.err = &f
	fail := func(k *call) { k.finish(nil, k.giveUp(f.Code, f.Message)) }
	c.mu.writes.drain(fail)
	c.mu.reads.drain(fail)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
