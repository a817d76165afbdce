package host

import (
	"github.com/hashicorp/raft"
)

// reign is one term of this node's leadership.
type reign struct {
	term    uint64
	barrier uint64 // log index: all before it is applied
}

// lead follows Raft's leadership until leading is closed.
func (g *Group) lead() {
	defer close(g.led)
	for {
		select {
		case won, open := <-g.leading:
			switch {
			case !open:
				return
			case won:
				g.won()
			default:
				g.lost()
			}
		case <-g.again:
			if g.raft.Load().State() == raft.Leader {
				g.won()
			}
		}
	}
}

// won begins a reign, if this node may have one.
func (g *Group) won() {
	if g.Serving() {
		g.lost() // of an earlier term, perhaps
	}
	select {
	case <-g.reigning:
		defer func() { g.reigning <- struct{}{} }()
	case <-g.stop:
		return
	}
	if g.Serving() {
		return
	}
	if g.barred() {
		g.host.helm.kick()
		return
	}
	r := g.reign()
	if r == nil {
		return
	}
	g.checkClock()
	g.lease.enter(r.term)
	g.serving.Store(r)
	if g.machine != nil {
		g.host.errands.in.leads(g, true)
	} else {
		g.swept.Store(true)
	}
	g.tell(r.term, true)
	g.host.changed()
	g.host.helm.kick()
}

// lost ends a reign that Raft says is over. The notice may come late: if Raft
// leads again in the term that is served, the news is old.
func (g *Group) lost() {
	r := g.serving.Load()
	if r == nil || g.leads(r) {
		return
	}
	g.resign(r)
}

// resign ends a reign.
func (g *Group) resign(r *reign) {
	if !g.serving.CompareAndSwap(r, nil) {
		return
	}
	g.lease.end(r.term)
	g.flights.watcher.kick()
	g.confirms.worker.kick()
	if g.machine != nil {
		g.host.errands.in.leads(g, false)
	}
	g.tell(r.term, false)
}

func (g *Group) tell(term uint64, leads bool) {
	if f := g.host.options.Reign; f != nil {
		f(g.number, term, leads)
	}
}

// leads says whether Raft leads in the term of a reign, at this moment. Raft
// knows it before it votes for anybody else.
func (g *Group) leads(r *reign) bool {
	at := g.raft.Load()
	return at.State() == raft.Leader && at.CurrentTerm() == r.term
}

// reign waits until all that former leaders committed is applied here. It
// returns nil if leadership is lost before.
func (g *Group) reign() *reign {
	r := g.raft.Load()
	term := r.CurrentTerm()
	barrier := r.Barrier(0)
	if barrier.Error() != nil || r.CurrentTerm() != term || r.State() != raft.Leader {
		return nil
	}
	index, ok := barrier.(raft.IndexFuture)
	if !ok {
		return nil
	}
	return &reign{term: term, barrier: index.Index()}
}
