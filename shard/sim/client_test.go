package sim

import (
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
)

const (
	tryTimeout = 1500 * time.Millisecond // how long a client waits for one answer
	giveUp     = 20 * time.Second        // how long it asks again
)

// client asks one thing at a time, of whichever node seems to lead, and asks
// again with the same request id until it knows the outcome or gives up.
type client struct {
	w       *world
	rand    *rand.Rand
	numbers *numbers
	// patient: a command that failed is asked again, not given up.
	patient bool
	node    int
	tries   uint32
	inbox   chan answer
	lanes   map[*node]laneOf
	// name is the client's number in histories: a new one after an operation
	// whose outcome stayed unknown, because that one may still be going on.
	name int

	mu sync.Mutex
	// asked holds, by try, who was sent each command that is not answered.
	asked map[uint32]lifeOf
}

type laneOf struct {
	life int // of the node, when the lane was opened
	lane grid.Lane
}

// lifeOf is one life of a node.
type lifeOf struct {
	node *node
	life int
}

type answer struct {
	try       uint32
	err       error
	status    byte
	body      []byte
	confirmed bool
}

func (w *world) newClient(n uint64, s *numbers) *client {
	return &client{w: w, numbers: s, rand: rand.New(rand.NewPCG(w.seed, 100+n)),
		inbox: make(chan answer, 64), lanes: make(map[*node]laneOf), name: w.name(),
		asked: make(map[uint32]lifeOf)}
}

// lane returns the client's lane to a node's present life, nil when it is down.
func (c *client) lane(n *node) grid.Lane {
	h, life := n.running()
	if h == nil {
		return nil
	}
	if l, ok := c.lanes[n]; ok && l.life == life {
		return l.lane
	}
	l := h.Open(func(o *grid.Outcomes) {
		n.whileAlive(life, func() { c.take(o) })
		o.Release()
	})
	c.lanes[n] = laneOf{life, l}
	return l
}

// take copies outcomes to the inbox. Called on a node's goroutine.
func (c *client) take(o *grid.Outcomes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range o.Refs {
		delete(c.asked, r.ID)
		a := answer{try: r.ID, err: o.Err, confirmed: o.Confirmed}
		if o.Err == nil && !o.Confirmed {
			status, body := o.Body(i)
			a.status, a.body = status, append([]byte(nil), body...)
		}
		select {
		case c.inbox <- a:
		default:
		}
	}
}

// wait waits for the answer to the present try.
func (c *client) wait() (answer, bool) {
	late := time.NewTimer(tryTimeout)
	defer late.Stop()
	for {
		select {
		case a := <-c.inbox:
			if a.try == c.tries {
				return a, true
			}
		case <-late.C:
			return answer{}, false
		}
	}
}

// note notes that a node is sent the command of the present try.
func (c *client) note(n *node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[c.tries] = lifeOf{n, c.lanes[n].life}
}

// settled says whether all commands up to a try were answered, or sent to lives
// that are over: no node will propose any of them any more.
func (c *client) settled(try uint32) bool {
	c.mu.Lock()
	asked := maps.Clone(c.asked)
	c.mu.Unlock()
	for t, at := range asked {
		if h, life := at.node.running(); t <= try && h != nil && life == at.life {
			return false
		}
	}
	return true
}

// elsewhere lets the next try go to another node, after a moment.
func (c *client) elsewhere() {
	c.node = c.rand.IntN(len(c.w.nodes))
	time.Sleep(time.Duration(20+c.rand.IntN(200)) * time.Millisecond)
}
