package netio

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/presence"
)

// changes sums up who came to and went from each stream, so that its members are
// told once in a while, not of each. It is under fan.mu.
type changes struct {
	byKey  map[string]*presence.Events
	unused []*presence.Events
	bytes  int // of what was added, at the most
	body   []byte
	timer  *time.Timer
}

func (c *changes) init(f *fan) {
	c.byKey = make(map[string]*presence.Events)
	c.timer = time.AfterFunc(time.Hour, f.tellChanges)
	c.timer.Stop()
}

// change takes in one change of a stream's presences.
func (f *fan) change(slot grid.Slot, key, body []byte) {
	if f.interest.in(slot) == 0 {
		return
	}
	c := &f.mu.changes
	size := len(body) + changeBytes
	if c.bytes+size > PendingBytesMax {
		f.server.lost.Add(1)
		f.miss(slot, key)
		return
	}
	c.bytes += size
	e := c.byKey[string(key)]
	if e == nil {
		if len(c.byKey) == 0 {
			c.timer.Reset(changesPause)
		}
		e = c.take()
		c.byKey[string(key)] = e
	}
	if err := e.Add(body); err != nil {
		f.server.options.Logger.Error("take in a change of a stream's presences", "error", err)
	}
}

// tellChanges pushes what has been summed up.
func (f *fan) tellChanges() {
	f.mu.Lock()
	c := &f.mu.changes
	for key, e := range c.byKey {
		if !e.Empty() {
			k := []byte(key)
			c.body = e.Append(c.body[:0], k)
			f.push(grid.SlotOf(k), k, presence.KindChanged, c.body)
		}
		c.putBack(e)
	}
	if len(c.byKey) > segmentsKept {
		c.byKey = make(map[string]*presence.Events)
	}
	clear(c.byKey)
	c.bytes = 0
	f.mu.Unlock()
	f.start()
}

func (c *changes) take() *presence.Events {
	if n := len(c.unused); n > 0 {
		e := c.unused[n-1]
		c.unused = c.unused[:n-1]
		return e
	}
	return new(presence.Events)
}

func (c *changes) putBack(e *presence.Events) {
	if e.Reset(); len(c.unused) < eventsKept {
		c.unused = append(c.unused, e)
	}
}
