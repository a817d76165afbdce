package router

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/invariant"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard/peer"
)

// guest is another node whose commands this one executes. Refs of its commands have the
// lane and the batch in Conn and the place in ID; Came is its origin.
type guest struct {
	router *Router
	node   uint32

	mu    sync.Mutex // of who writes: one message at a time
	lanes [2]grid.Lane
}

func (r *Router) guest(node uint32) *guest {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := r.mu.guests[node]
	if g == nil {
		g = &guest{router: r, node: node}
		g.lanes = [2]grid.Lane{r.Host.Open(g.deliver), r.Host.OpenOwn(g.deliver)}
		r.mu.guests[node] = g
	}
	return g
}

// takeRequests serves a message of another node's router.
func (r *Router) takeRequests(from grid.Origin, body []byte, _ func([]byte)) {
	switch {
	case len(body) == 0 || from == 0:
	case body[0] == leadsMessage:
		r.takeLeads(from, body[1:])
	case body[0] == batchMessage:
		r.guest(from.Node()).take(from, body)
	}
}

// take puts the commands of a batch on a lane, and its queries into the reader's queue.
// What cannot be understood ends the batch: the node that sent it is broken, and learns
// so when its patience ends.
func (g *guest) take(from grid.Origin, body []byte) {
	own, lane, batch, rest, err := readHead(body)
	if err != nil {
		return
	}
	answers := reply{node: g.node}
	defer answers.send(g.router)
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.lanes[0]
	if own {
		to = g.lanes[1]
	}
	defer to.Flush()
	for place := uint32(0); len(rest) > 0; place++ {
		level, request, more, err := readRequest(rest)
		in := pack.NewCursor(request)
		var c slot.Command
		if err != nil || c.Decode(&in) != nil || in.Done() != nil {
			return
		}
		rest = more
		n := name{lane, batch, place}
		if level != command {
			if err := g.router.reads.add(query{name: n, from: from, level: grid.Level(level),
				request: slices.Clone(request)}); err != nil {
				answers.fail(g.router, from, n, c.Slot, err)
			}
			continue
		}
		ref := grid.Ref{Conn: uint64(lane)<<32 | uint64(batch), Came: int64(from), ID: place,
			Kind: c.Kind, Slot: c.Slot}
		if err := to.Write(c.Slot, c.Kind, c.ID, c.Body, ref); err != nil {
			answers.fail(g.router, from, n, c.Slot, err)
		}
	}
}

// deliver sends outcomes home.
func (g *guest) deliver(o *grid.Outcomes) {
	answers := reply{node: g.node}
	for i, ref := range o.Refs {
		n := name{uint32(ref.Conn >> 32), uint32(ref.Conn), ref.ID}
		from := grid.Origin(ref.Came)
		if o.Err != nil {
			answers.fail(g.router, from, n, ref.Slot, o.Err)
			continue
		}
		status, body := o.Body(i)
		answers.add(g.router, from, n, status, body)
	}
	o.Release()
	answers.send(g.router)
}

// reply gathers outcomes for an incarnation of another node.
type reply struct {
	node    uint32
	to      grid.Origin
	message []byte
}

// begin begins an outcome; what is for another incarnation, or too much, is sent before.
func (p *reply) begin(r *Router, to grid.Origin, n name) (from int) {
	if to != p.to || len(p.message) > messageBytes {
		p.send(r)
		p.to = to
	}
	if len(p.message) == 0 {
		p.message = binary.BigEndian.AppendUint64(p.message, uint64(to))
	}
	p.message = beginOutcome(p.message, n)
	return len(p.message)
}

func (p *reply) add(r *Router, to grid.Origin, n name, status byte, body []byte) {
	from := p.begin(r, to, n)
	p.message = endOutcome(append(append(p.message, status), body...), from)
}

// fail answers with an error; one that another try may cure says who leads.
func (p *reply) fail(r *Router, to grid.Origin, n name, s grid.Slot, err error) {
	from := p.begin(r, to, n)
	f := fault.Of(err)
	if leaderless(err) {
		l := leadership(0)
		if at := r.shardOf(s); at >= 0 {
			l = leadership(r.leaders[at].Load())
		}
		p.message = appendRefusal(p.message, f.Unknown, l)
	} else {
		p.message = f.Append(append(p.message, byte(f.Code)))
	}
	p.message = endOutcome(p.message, from)
}

func (p *reply) send(r *Router) {
	if len(p.message) > 0 {
		_ = r.Peers.Tell(p.node, peer.Outcomes, p.message) // lost with the connection: asked again
		p.message = nil
	}
}

// takeOutcomes takes what another node says has become of requests.
func (r *Router) takeOutcomes(from grid.Origin, body []byte, _ func([]byte)) {
	if len(body) < 8 || grid.Origin(binary.BigEndian.Uint64(body)) != r.Origin() {
		return // for an earlier incarnation
	}
	var out *grid.Outcomes
	var of *lane
	for rest := body[8:]; len(rest) > 0; {
		n, outcome, more, err := readOutcome(rest)
		if err != nil {
			break
		}
		rest = more
		l := r.lane(n.lane)
		if l == nil {
			continue
		}
		if l != of {
			of.hand(out)
			of, out = l, r.blank()
		}
		r.settle(l, from.Node(), n, outcome, out)
	}
	of.hand(out)
}

// hand delivers outcomes, if there are some.
func (l *lane) hand(o *grid.Outcomes) {
	switch {
	case l == nil:
	case len(o.Refs) == 0:
		o.Release()
	default:
		l.deliver(o)
	}
}

// blank returns empty outcomes.
func (r *Router) blank() *grid.Outcomes {
	if o, ok := r.pool.Get().(*grid.Outcomes); ok {
		return o
	}
	return &grid.Outcomes{Recycle: r.recycle}
}

// wipe takes outcomes back that were released.
func (r *Router) wipe(o *grid.Outcomes) {
	if cap(o.Bytes) > messageBytes {
		return
	}
	invariant.Poison(o.Bytes)
	*o = grid.Outcomes{Refs: o.Refs[:0], Ends: o.Ends[:0], Bytes: o.Bytes[:0], Recycle: r.recycle}
	r.pool.Put(o)
}

func (r *Router) lane(number uint32) *lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	if int(number) >= len(r.mu.lanes) {
		return nil
	}
	return r.mu.lanes[number]
}

// settle takes an outcome to the lane that waits for it; one that comes twice, or late, or
// from a node that was not asked, counts for nothing.
func (r *Router) settle(l *lane, from uint32, n name, outcome []byte, out *grid.Outcomes) {
	l.flying.Lock()
	b := l.flying.batches[n.batch]
	if b == nil || b.node != from || n.place >= uint32(len(b.items)) || b.items[n.place].done {
		l.flying.Unlock()
		return
	}
	t := b.items[n.place]
	if outcome[0] != refused {
		l.settle(b, &b.items[n.place])
		l.flying.Unlock()
		out.Refs = append(out.Refs, t.ref)
		out.Bytes = append(out.Bytes, outcome...)
		out.Ends = append(out.Ends, uint32(len(out.Bytes)))
		return
	}
	request, until := slices.Clone(b.bytes[t.from:t.to]), b.until
	l.settle(b, &b.items[n.place])
	l.flying.Unlock()
	unknown, leader, err := readRefusal(outcome)
	if at := r.shardOf(t.ref.Slot); err == nil && at >= 0 {
		if was := leadership(r.leaders[at].Load()); was.node() == from && leader.node() != from {
			r.forget(at, was)
		}
		r.learn(at, leader)
	}
	unknown = (unknown || err != nil) && t.level == command
	r.hold(l, t.ref, t.level, t.named, request, unknown, until)
}
