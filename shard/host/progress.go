package host

import (
	"io"
	"time"
)

// progressEvery is how often a long start says how far it is.
const progressEvery = time.Second

// clockBehindMax is how far the clock may lie behind the newest stamp before a
// start says so.
const clockBehindMax = 500 * time.Millisecond

// loading counts what was read of a snapshot and says how far it is.
type loading struct {
	r    io.Reader
	g    *Group
	read int64 // bytes
	next int64 // µs: when to say something
}

func (g *Group) loading(r io.Reader) *loading {
	return &loading{r: r, g: g, next: g.host.clock.Micros() + progressEvery.Microseconds()}
}

func (l *loading) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	l.read += int64(n)
	if now := l.g.host.clock.Micros(); now >= l.next {
		l.next = now + progressEvery.Microseconds()
		l.g.host.options.Logger.Info("loading a snapshot", "shard", l.g.number,
			"read", l.read, "of", l.g.snapshotBytes)
	}
	return n, err
}

// reportReplay says, until every group serves, how much of its log each group
// that does not has applied.
func (h *Host) reportReplay() {
	groups := *h.roster.Load()
	begin := make([]uint64, len(groups))
	for i, g := range groups {
		begin[i] = g.fsm.applied()
	}
	var again func()
	again = func() {
		select {
		case <-h.stop:
			return
		default:
		}
		for i, g := range groups {
			last, err := g.log.LastIndex()
			if g.Serving() || err != nil {
				continue
			}
			at := max(g.fsm.applied(), begin[i])
			h.options.Logger.Info("replaying the log", "group", groupName(g.number),
				"entry", at, "of", last)
		}
		if !h.leads() {
			h.clock.AfterFunc(progressEvery, again)
		}
	}
	h.clock.AfterFunc(progressEvery, again)
}

// checkClock says so when the clock lies behind the newest stamp of a shard:
// stamps then run ahead of time until it has caught up.
func (g *Group) checkClock() {
	if g.machine == nil {
		return
	}
	behind := time.Duration(g.machine.Stamp()-g.host.clock.Micros()) * time.Microsecond
	if behind > clockBehindMax {
		g.host.options.Logger.Warn("this machine's clock is behind what this shard has stored; "+
			"times will run ahead of it until it has caught up: check the clock",
			"group", groupName(g.number), "behind", behind.Round(time.Millisecond))
	}
}
