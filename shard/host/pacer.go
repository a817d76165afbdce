package host

import "sync/atomic"

// pacer decides, for all groups of the node, when a batch becomes an entry.
// Raft's cost is per entry and per fsync, not per command. So the small batches
// of all groups leave together, when nothing is in flight anywhere on the node:
// one fsync then serves them all. A large batch leaves as soon as its group has
// room. It is one goroutine, started by Host.
//
// Two simpler designs were measured first. Each group for itself: two groups
// fall out of phase and double the fsyncs. Whoever has something to propose
// proposes it at once, without this goroutine: its switch is what gives the
// loops' commands a moment to gather, and 500 connections that write one at a
// time cost a fifth more CPU a command without it.
type pacer struct {
	host *Host
	wake chan struct{}
	// flying counts the entries of all groups that are proposed and not yet
	// answered.
	flying atomic.Int32
	visits chan struct{} // who is let in knows that no round is under way
	ended  chan struct{} // closed behind the last round
}

func newPacer(h *Host) pacer {
	return pacer{host: h, wake: make(chan struct{}, 1),
		visits: make(chan struct{}), ended: make(chan struct{})}
}

// pass waits until the round that is under way is over.
func (p *pacer) pass() {
	select {
	case p.visits <- struct{}{}:
	case <-p.ended:
	}
}

type proposal struct {
	group *Group
	batch *batch
}

// kick lets the pacer look at the queues. Any goroutine; never blocks.
func (p *pacer) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *pacer) run(stop <-chan struct{}) {
	defer close(p.ended)
	var round []proposal
	for {
		select {
		case <-p.wake:
		case <-p.visits:
		case <-stop:
			return
		}
		for {
			round = p.gather(round[:0])
			if len(round) == 0 {
				break
			}
			for i, r := range round {
				r.group.propose(r.batch)
				round[i] = proposal{}
			}
			select {
			case <-p.visits:
			default:
			}
		}
	}
}

// gather takes from every group's queue what may leave now, and announces it to
// the log, so that the groups' fsyncs wait for each other.
func (p *pacer) gather(round []proposal) []proposal {
	idle := p.flying.Load() == 0
	for _, g := range *p.host.roster.Load() {
		if b := g.queue.take(idle, g.flying.Load() < entriesInFlightMax); b != nil {
			g.flying.Add(1)
			p.flying.Add(1)
			g.log.Announce()
			round = append(round, proposal{g, b})
		}
	}
	return round
}

// landed notes that an entry was answered.
func (p *pacer) landed(g *Group) {
	g.flying.Add(-1)
	p.flying.Add(-1)
	p.kick()
}
