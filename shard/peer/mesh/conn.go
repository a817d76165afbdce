package mesh

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// Why a connection was ended from this side.
var (
	errSilent   = errors.New("nothing was heard of the node for too long")
	errStuck    = errors.New("the node does not read what it is sent")
	errReplaced = errors.New("a newer connection takes its place")
	errRemoved  = errors.New("the node was removed from the topology")
	errClosing  = errors.New("this node stops")
	errIdle     = errors.New("nothing was sent for a while")
	errFull     = errors.New("the node takes no answers")
)

// A conn carries messages over one connection to a node. One of a line of snapshots
// may take messages before there is a connection (meeting is nil): they wait.
//
// Any goroutine sends; the line's keeper reads, and a goroutine of the conn's own writes.
type conn struct {
	line *line
	wake chan struct{} // for the writer: there is something, or the end

	// Set before the keeper gets it.
	meeting *meeting
	first   []byte // the verdict, which goes before all frames

	heard   atomic.Int64 // µs, when something was last read
	writing atomic.Int64 // µs, since when the writer is in a write; 0: it is not
	beat    beat         // the pulse's

	mu struct {
		sync.Mutex
		end     error // why nothing can be sent any more
		out     outbox
		waiting int                  // bytes in out, and with the writer
		last    uint64               // number of the newest call
		calls   map[uint64]peer.Done // made, and not answered yet
		open    map[uint64]struct{}  // of the other side, not answered yet
	}
}

func newConn(l *line) *conn {
	c := &conn{line: l, wake: make(chan struct{}, 1)}
	c.mu.calls, c.mu.open = map[uint64]peer.Done{}, map[uint64]struct{}{}
	return c
}

func (c *conn) origin() grid.Origin { return c.meeting.them.origin() }

// tell queues a message, and with done a call.
func (c *conn) tell(channel peer.Channel, body []byte, done peer.Done) error {
	h := head{sort: sortTell, channel: channel}
	c.mu.Lock()
	if c.mu.end != nil || c.mu.waiting+len(body)+headBytes > c.line.mesh.o.QueueBytesMax ||
		len(c.mu.calls) >= callsMax {
		c.mu.Unlock()
		return peer.ErrUnreachable
	}
	if done != nil {
		c.mu.last++
		h.sort, h.call = sortCall, c.mu.last
		c.mu.calls[h.call] = done
	}
	c.add(h, body)
	c.mu.Unlock()
	c.line.counts.out()
	return nil
}

// add queues a frame and wakes the writer; with mu locked.
func (c *conn) add(h head, body []byte) {
	idle := c.mu.out.bytes == 0
	c.mu.out.add(h, body)
	c.mu.waiting += headBytes + len(body)
	if idle {
		c.nudge()
	}
}

// nudge wakes the writer.
func (c *conn) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// control queues a ping or a pong, which nothing holds up.
func (c *conn) control(h head, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.end == nil {
		c.add(h, body)
	}
}

// answer queues the answer to a call of the other side. The second answer to a call, and
// one that comes when the connection has ended, go nowhere.
func (c *conn) answer(h head, body []byte) {
	if len(body) > peer.BodyBytesMax {
		c.line.mesh.o.Logger.Error("an answer to a node is too long, and is not sent",
			"node", c.line.node.number, "channel", h.channel, "bytes", len(body))
		h.sort, body = sortUnsaid, nil
	}
	c.mu.Lock()
	_, open := c.mu.open[h.call]
	if !open || c.mu.end != nil {
		c.mu.Unlock()
		return
	}
	delete(c.mu.open, h.call)
	// Answers may fill the queue twice: they are what empties the other side's.
	full := c.mu.waiting > 2*c.line.mesh.o.QueueBytesMax
	c.add(h, body)
	c.mu.Unlock()
	c.line.counts.out()
	if full {
		c.shut(errFull)
	}
}

// shut ends the connection, for the reason given if it is the first.
func (c *conn) shut(why error) {
	c.mu.Lock()
	first := c.mu.end == nil
	if first {
		c.mu.end = why
		c.mu.out = outbox{}
	}
	raw := c.meeting
	c.mu.Unlock()
	if first && raw != nil {
		raw.raw.Close() // not the TLS above it, which would wait to say so
	}
	c.nudge()
}

// ended returns why the connection has ended, or nil.
func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.end
}

// lose tells all who wait for an answer that there will be none. Nobody sends any more.
func (c *conn) lose(err error) {
	for _, done := range c.forget() {
		done(nil, err)
	}
}

// forget returns all who wait for an answer, and knows them no more.
func (c *conn) forget() map[uint64]peer.Done {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.mu.calls
	c.mu.calls = nil
	return calls
}
