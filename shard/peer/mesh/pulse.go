package mesh

import (
	"encoding/binary"
	"time"

	"github.com/thronggrid/throng/shard/peer"
)

// A beat is what the pulse remembers of a connection.
type beat struct {
	pinged   int64  // µs
	messages uint64 // there were so many
	used     int64  // µs, when there were fewer
}

// newPulse returns what looks after all connections each half second: it asks who says
// nothing, and ends what is dead. It is one timer for all.
func (m *Mesh) newPulse() func() {
	last := m.o.Clock.Micros()
	var pulse func()
	pulse = func() {
		now := m.o.Clock.Micros()
		// A process that was stopped for a while has not heard anybody: what came
		// meanwhile is read first.
		late := after(now, last, 2*pulseEvery)
		last = now
		for _, n := range *m.nodes.Load() {
			for _, l := range n.lines {
				l.pulse(now, late)
			}
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.mu.closed {
			m.mu.pulse = m.o.Clock.AfterFunc(pulseEvery, pulse)
		}
	}
	return pulse
}

// pulse looks after the line's connection.
func (l *line) pulse(now int64, late bool) {
	l.mu.Lock()
	c := l.mu.live
	l.mu.Unlock()
	if c == nil || c.heard.Load() == 0 || late {
		return
	}
	heard, writing := c.heard.Load(), c.writing.Load()
	if n := l.counts.messages(); n != c.beat.messages || c.beat.used == 0 {
		c.beat.messages, c.beat.used = n, now
	}
	switch {
	case after(now, heard, peer.SilenceMax):
		c.shut(errSilent)
	case writing != 0 && after(now, writing, peer.SilenceMax):
		c.shut(errStuck)
	case l.purpose == forBulk && after(now, c.beat.used, bulkIdleMax) && c.idle():
		c.shut(errIdle)
	case after(now, heard, pingAfter) && after(now, c.beat.pinged, pingAfter),
		after(now, c.beat.pinged, measureEvery):
		c.beat.pinged = now
		c.control(head{sort: sortPing}, binary.BigEndian.AppendUint64(nil, uint64(now)))
	}
}

// idle says whether nobody waits for anything on a connection.
func (c *conn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mu.waiting == 0 && len(c.mu.calls) == 0 && len(c.mu.open) == 0
}

// after says whether d has passed since a moment in µs.
func after(now, since int64, d time.Duration) bool {
	return time.Duration(now-since)*time.Microsecond >= d
}
