package main

import (
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

// countPause is how often boards and channels are counted, if their number is bounded.
const countPause = time.Second

// bounds keeps the edge's limits on the state. An edge is told how many boards and
// channels there may be only while there are as many: so a request that makes none
// need not be told from one that would.
type bounds struct {
	count func() []slot.Sizes
	put   func(grid.Limits)
	stop  chan struct{}
	done  chan struct{}

	mu struct {
		sync.Mutex
		limits grid.Limits // the configuration's
	}
}

// startBounds puts limits in force, and keeps them so until close.
func startBounds(
	limits grid.Limits, count func() []slot.Sizes, put func(grid.Limits),
) *bounds {
	b := &bounds{count: count, put: put, stop: make(chan struct{}), done: make(chan struct{})}
	b.set(limits)
	go b.run()
	return b
}

func (b *bounds) run() {
	defer close(b.done)
	t := time.NewTicker(countPause)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			b.look()
		case <-b.stop:
			return
		}
	}
}

// set takes other limits over.
func (b *bounds) set(limits grid.Limits) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mu.limits = limits
	b.put(inForce(limits, b.count()))
}

// look counts, if that may change anything.
func (b *bounds) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.mu.limits
	if l.Of(grid.BoardsBound) > 0 || l.Of(grid.ChannelsBound) > 0 {
		b.put(inForce(*l, b.count()))
	}
}

// inForce returns the limits that count while there is so much.
func inForce(l grid.Limits, all []slot.Sizes) grid.Limits {
	boards, channels := 0, 0
	for i := range all {
		boards += int(all[i].Boards.Count)
		channels += int(all[i].Channels.Count)
	}
	if boards < l[grid.BoardsBound] {
		l[grid.BoardsBound] = 0
	}
	if channels < l[grid.ChannelsBound] {
		l[grid.ChannelsBound] = 0
	}
	return l
}

// close ends the counting.
func (b *bounds) close() {
	if b != nil {
		close(b.stop)
		<-b.done
	}
}
