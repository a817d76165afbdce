package mesh

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// A line is one of the two ways to a node: for all channels but Snapshot, or for that
// one. At most one connection at a time is its. Its keeper, one goroutine, dials, reads
// what comes over one connection after the other, and reports what becomes of them: so
// nothing of an earlier connection is handled after something of a later one.
type line struct {
	mesh    *Mesh
	node    *node
	purpose purpose
	wake    chan struct{} // for the keeper: look again
	before  chan struct{} // closed when the keeper of a node with that number has ended
	kept    chan struct{} // closed when the keeper has ended
	senders atomic.Pointer[conn]
	counts  counts
	effort  effort // the keeper's

	mu struct {
		sync.Mutex
		closed  bool
		opening *conn // takes messages until there is a connection; of snapshots only
		next    *conn // agreed on with the other side, not taken by the keeper yet
		live    *conn // which the keeper reads
		resting clock.Timer
		dialing context.CancelFunc // ends the dial under way; nil: there is none
		greeted bool               // the dial under way has said hello
		last    uint64             // id of the newest connection
	}
}

func newLine(n *node, p purpose) *line {
	return &line{mesh: n.mesh, node: n, purpose: p, wake: make(chan struct{}, 1),
		kept: make(chan struct{})}
}

// nudge lets the keeper look again.
func (l *line) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// tell sends a message, and with done a call.
func (l *line) tell(c peer.Channel, body []byte, done peer.Done) error {
	to := l.senders.Load()
	if to == nil && l.purpose == forBulk {
		to = l.open()
	}
	if to == nil {
		return peer.ErrUnreachable
	}
	return to.tell(c, body, done)
}

// open returns a conn that takes messages before there is a connection.
func (l *line) open() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to := l.senders.Load(); to != nil || l.mu.closed {
		return to
	}
	if l.node.lines[forMain].senders.Load() == nil {
		return nil // nothing is queued for a node that is not there
	}
	c := l.mu.next
	if c == nil {
		c = l.mu.live
	}
	if c == nil {
		c = newConn(l)
		l.mu.opening = c
		l.nudge()
	}
	l.senders.Store(c)
	return c
}

// keep is the keeper.
func (l *line) keep() {
	defer l.mesh.running.Done()
	defer close(l.kept)
	if l.before != nil {
		<-l.before
	}
	for c := l.await(); c != nil; c = l.await() {
		l.attend(c)
	}
	l.effort.finish(l)
}

// attend reads a connection to its end.
func (l *line) attend(c *conn) {
	began := l.mesh.o.Clock.Micros()
	c.heard.Store(began)
	l.senders.Store(c)
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	l.effort.begun(l, c.origin())
	if l.purpose == forMain && c.meeting.dialed == "" {
		l.mesh.verify(l.node, &c.meeting.them)
	}
	err := c.read()
	c.shut(err)
	<-written
	l.mu.Lock()
	l.mu.live = nil
	l.senders.CompareAndSwap(c, nil)
	l.mu.Unlock()
	c.lose(peer.ErrLost)
	l.effort.ended(l, c.ended(), after(l.mesh.o.Clock.Micros(), began, steady))
}

// await returns the next connection, dialled or accepted; nil when the line is closed.
func (l *line) await() *conn {
	for {
		l.mu.Lock()
		c := l.mu.next
		l.mu.live, l.mu.next = c, nil
		closed := l.mu.closed
		dial := l.mu.resting == nil && l.mesh.self.Load().number != 0 &&
			(l.purpose == forMain || l.mu.opening != nil)
		l.mu.Unlock()
		switch {
		case closed:
			if c != nil {
				c.shut(errRemoved)
				c.lose(peer.ErrLost)
			}
			return nil
		case c != nil:
			return c
		case dial:
			if err := l.dial(); err != nil {
				l.fail(err)
			}
		default:
			<-l.wake
		}
	}
}

// fail acts on a dial that gave no connection.
func (l *line) fail(err error) {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		l.node.refused(refusal)
	}
	l.mu.Lock()
	if l.mu.next != nil || l.mu.closed {
		l.mu.Unlock()
		return
	}
	lost := l.mu.opening
	if refusal != nil && refusal.Reason == Crossed {
		lost = nil // the other side's connection will carry what waits
	}
	if lost != nil {
		l.mu.opening = nil
		l.senders.CompareAndSwap(lost, nil)
	}
	l.mu.Unlock()
	if lost != nil {
		lost.shut(err)
		lost.lose(peer.ErrUnreachable)
	}
	l.effort.failed(l, err)
}

// settle makes a connection that was agreed on the line's next; with mu locked. What
// waits for a connection goes over this one, after the bytes of first.
func (l *line) settle(g *meeting, first []byte) {
	for _, old := range [...]*conn{l.mu.live, l.mu.next} {
		if old != nil {
			old.shut(errReplaced)
		}
	}
	c := l.mu.opening
	if c == nil {
		c = newConn(l)
	}
	l.mu.opening = nil
	c.mu.Lock()
	c.meeting, c.first = g, first
	c.mu.Unlock()
	if dropped := l.mu.next; dropped != nil {
		l.mesh.fails.addAll(dropped.forget(), peer.ErrLost)
	}
	l.mu.next, l.mu.last = c, g.id()
	l.node.met(g)
	l.nudge()
}

// admit decides on a connection that the other side has dialled, and takes it: then the
// sealed verdict is the first that is written.
func (l *line) admit(g *meeting, seal func(*Refusal) []byte) *Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.closed {
		return unknown(&g.them)
	}
	lower := g.us.number < g.them.number // whose dials win
	have := l.mu.next
	if have == nil {
		have = l.mu.live
	}
	switch {
	case have != nil && have.origin() != g.them.origin():
		// It has started anew: what we have is dead.
	case have != nil && have.meeting.dialed != "" && lower && have.meeting.id() != g.them.last,
		have == nil && l.mu.greeted && lower:
		// It did not know of ours yet when it dialled.
		return refuse(Crossed, "both nodes have dialled, and the connection of node %d stays",
			g.us.number)
	}
	if l.mu.dialing != nil {
		l.mu.dialing()
	}
	l.settle(g, seal(nil))
	return nil
}

// rest keeps the keeper from dialling for d.
func (l *line) rest(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.closed {
		return
	}
	l.mu.resting = l.mesh.o.Clock.AfterFunc(d, func() {
		l.mu.Lock()
		l.mu.resting = nil
		l.mu.Unlock()
		l.nudge()
	})
}

// close ends the line; its keeper ends soon.
func (l *line) close(why error) {
	l.mu.Lock()
	l.mu.closed = true
	conns := [...]*conn{l.mu.opening, l.mu.next, l.mu.live}
	opening := l.mu.opening
	l.mu.opening = nil
	l.senders.Store(nil)
	if l.mu.dialing != nil {
		l.mu.dialing()
	}
	if l.mu.resting != nil {
		l.mu.resting.Stop()
	}
	l.mu.Unlock()
	for _, c := range conns {
		if c != nil {
			c.shut(why)
		}
	}
	if opening != nil { // whoever closes may hold a lock that done takes
		l.mesh.fails.addAll(opening.forget(), peer.ErrUnreachable)
	}
	l.nudge()
}

// report lets who watches know of a state; of the main line alone. The keeper calls it.
func (l *line) report(s peer.State) {
	if l.purpose == forMain && !l.mesh.closing() {
		l.node.report(l.effort.origin, s)
	}
}
