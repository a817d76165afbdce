package courier

import (
	"slices"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/shard/peer"
)

// A turn of the announcer looks at so many streams and slots; then it rests.
const (
	streamsTurn = 512
	restTurn    = time.Millisecond
)

// announcer tells gateways of the streams whose hints they may have lost. It makes one
// pass over all slots after another, while there is a reason for one.
type announcer struct {
	turning sync.Mutex // held over a turn
	mu      struct {
		sync.Mutex
		next   reasons     // of the next pass
		timer  clock.Timer // of the next turn; nil: there is none
		closed bool
	}

	// The rest belongs to the turn.
	now     reasons // of this pass
	slot    grid.Slot
	after   string // the key of the stream that was looked at last
	effects grid.Effects
	toAll   bool // effects are for all nodes, else for those that are back
}

// reasons are what a pass is for.
type reasons struct {
	reigns []int    // shards over which this node has begun to reign
	back   []uint32 // nodes whose connection has come up
}

func (r *reasons) none() bool { return len(r.reigns)+len(r.back) == 0 }

// Reign tells of the beginning or the end of this node's reign over a shard, as
// host.Options.Reign does. It does not block.
func (c *Courier) Reign(shard int, _ uint64, leads bool) {
	c.news.mu.Lock()
	defer c.news.mu.Unlock()
	if leads && !slices.Contains(c.news.mu.next.reigns, shard) {
		c.news.mu.next.reigns = append(c.news.mu.next.reigns, shard)
		c.wake()
	}
}

// heed is told of what happens to nodes.
func (c *Courier) heed(e peer.Event) {
	c.news.mu.Lock()
	defer c.news.mu.Unlock()
	if n := e.Node.Node(); e.State == peer.Up && !slices.Contains(c.news.mu.next.back, n) {
		c.news.mu.next.back = append(c.news.mu.next.back, n)
		c.wake()
	}
}

// wake lets the next turn come, if none is to. Under mu.
func (c *Courier) wake() {
	if c.news.mu.timer == nil && !c.news.mu.closed {
		c.news.mu.timer = c.options.Clock.AfterFunc(restTurn, c.turn)
	}
}

// Close ends the announcements.
func (c *Courier) Close() {
	c.news.mu.Lock()
	c.news.mu.closed = true
	if t := c.news.mu.timer; t != nil {
		t.Stop()
	}
	c.news.mu.Unlock()
	c.news.turning.Lock() // the turn that was under way is over
	defer c.news.turning.Unlock()
}

// turn is one turn of the announcer.
func (c *Courier) turn() {
	c.news.turning.Lock()
	defer c.news.turning.Unlock()
	n := &c.news
	n.mu.Lock()
	if n.mu.closed {
		n.mu.Unlock()
		return
	}
	if n.now.none() {
		n.now, n.mu.next = n.mu.next, reasons{}
		n.slot, n.after = 0, ""
	}
	n.mu.Unlock()
	c.look()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mu.timer = nil
	if !n.now.none() || !n.mu.next.none() {
		c.wake()
	}
}

// look looks at some streams of the pass, and announces those that need it.
func (c *Courier) look() {
	n := &c.news
	for left := streamsTurn; left > 0 && n.slot < grid.Slots; left-- {
		toAll := slices.Contains(n.now.reigns, c.options.State.ShardOf(n.slot))
		if toAll != n.toAll {
			c.tellNews()
			n.toAll = toAll
		}
		more := false
		if toAll || len(n.now.back) > 0 {
			turn := grid.Turn{Slot: n.slot}
			n.after, more = c.options.State.Streams(n.slot, n.after, left,
				func(stamp int64, key string, nodes []uint32, last uint64) {
					left--
					turn.Stamp = stamp
					c.announce(&turn, key, nodes, last)
				})
		}
		if !more {
			n.slot, n.after = n.slot+1, ""
		}
	}
	c.tellNews()
	if n.slot == grid.Slots {
		n.now = reasons{}
	}
}

// announce adds what those who have members on a stream may not know of it.
func (c *Courier) announce(t *grid.Turn, key string, nodes []uint32, last uint64) {
	n := &c.news
	var room [16]uint32
	to := append(room[:0], nodes...)
	if !n.toAll {
		to = slices.DeleteFunc(to, func(node uint32) bool {
			return !slices.Contains(n.now.back, node)
		})
	}
	if len(to) == 0 {
		return
	}
	if len(nodes) > 1 {
		set := presence.NodeSet{Stamp: t.Stamp, Nodes: nodes}
		n.effects.TellNodes(t, to, []byte(key), presence.KindNodes, set.Append(n.effects.Begin()))
	}
	if last > 0 {
		at := chat.AtEvent{Key: key, Last: last}
		n.effects.TellNodes(t, to, []byte(key), chat.KindAt, at.Append(n.effects.Begin()))
	}
}

// tellNews sends what was announced.
func (c *Courier) tellNews() {
	n := &c.news
	if n.toAll {
		c.hear(&n.effects)
	}
	c.post(&n.effects, peer.Hints)
	n.effects.Reset()
}
