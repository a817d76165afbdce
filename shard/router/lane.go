package router

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard/peer"
)

// lane implements grid.Lane. It belongs to its owner's goroutine, but for flying.
type lane struct {
	router  *Router
	deliver grid.Deliver
	local   grid.Lane // to the shards that this node leads
	own     bool
	number  uint32
	staged  []*batch // for each node concerned; node 0: nobody is known to lead
	last    uint32   // number of the newest batch

	flying struct {
		sync.Mutex
		batches map[uint32]*batch
		free    []*batch
	}
}

// road is what is under way to a node, from all lanes; node 0 is nobody.
type road struct {
	node   uint32
	flying atomic.Int64 // bytes of batches
}

func (r *Router) road(node uint32) *road {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := r.mu.roads[node]
	if to == nil {
		to = &road{node: node}
		r.mu.roads[node] = to
	}
	return to
}

// batch is what a lane has sent to a node at once.
type batch struct {
	number uint32
	*road
	until int64  // µs: when its requests are answered at the latest
	bytes []byte // the message
	items []item
	open  int // items without an outcome
}

// item is one request of a batch.
type item struct {
	ref   grid.Ref
	from  uint32 // in batch.bytes, of the encoded command
	to    uint32
	level byte // or command
	named bool // a write with a request id
	done  bool
}

// Write stages a command for the leader of its slot's shard.
func (l *lane) Write(
	s grid.Slot, kind grid.Kind, id grid.RequestID, body []byte, ref grid.Ref,
) error {
	node := l.router.leader(s)
	if node == l.router.self() {
		err := l.local.Write(s, kind, id, body, ref)
		if err == nil || !leaderless(err) {
			return err
		}
		node = 0
	}
	return l.stage(node, &slot.Command{Slot: s, Kind: kind, ID: id, Body: body}, command, ref)
}

// Confirm stages a linearizable read, if this node leads its slot's shard.
func (l *lane) Confirm(s grid.Slot, ref grid.Ref) error {
	if l.router.leader(s) != l.router.self() {
		return grid.ErrAway
	}
	err := l.local.Confirm(s, ref)
	if err != nil && leaderless(err) {
		return grid.ErrAway
	}
	return err
}

// Read answers a query from memory, if this node may.
func (l *lane) Read(
	s grid.Slot, level grid.Level, kind grid.Kind, body, out []byte,
) ([]byte, error) {
	if level != grid.Stale && l.router.leader(s) != l.router.self() {
		return out, grid.ErrAway
	}
	reply, err := l.local.Read(s, level, kind, body, out)
	if err == nil || err == grid.ErrPartial || !leaderless(err) {
		return reply, err
	}
	return out, grid.ErrAway
}

// Ask stages a query for the leader of its slot's shard.
func (l *lane) Ask(
	s grid.Slot, level grid.Level, kind grid.Kind, body []byte, ref grid.Ref,
) error {
	node := l.router.leader(s)
	if node == l.router.self() {
		node = 0 // it was asked, and could not: not yet, or not any more
	}
	if node == 0 && level == grid.Stale {
		node = l.router.replica(l.router.shardOf(s))
	}
	return l.stage(node, &slot.Command{Slot: s, Kind: kind, Body: body}, byte(level), ref)
}

// stage appends a request to the batch for a node.
func (l *lane) stage(node uint32, c *slot.Command, level byte, ref grid.Ref) error {
	if c.Slot >= grid.Slots {
		return fault.New(fault.InvalidArgument, "slot %d: there are %d", c.Slot, grid.Slots)
	}
	b := l.batch(node)
	if b.flying.Load()+int64(len(b.bytes)+len(c.Body)) > NodeBytesMax {
		return errPeerFull
	}
	b.bytes = append(b.bytes, level, 0, 0, 0, 0)
	from := len(b.bytes)
	b.bytes = c.Append(b.bytes)
	binary.BigEndian.PutUint32(b.bytes[from-4:], uint32(len(b.bytes)-from))
	ref.Slot = c.Slot
	b.items = append(b.items, item{ref: ref, from: uint32(from), to: uint32(len(b.bytes)),
		level: level, named: c.ID.Seq != 0})
	if len(b.bytes) > messageBytes {
		l.staged = slices.DeleteFunc(l.staged, func(s *batch) bool { return s == b })
		l.send(b)
	}
	return nil
}

// batch returns the batch that grows for a node.
func (l *lane) batch(node uint32) *batch {
	for _, b := range l.staged {
		if b.node == node {
			return b
		}
	}
	l.flying.Lock()
	b := &batch{}
	if n := len(l.flying.free); n > 0 {
		b, l.flying.free = l.flying.free[n-1], l.flying.free[:n-1]
	}
	l.flying.Unlock()
	l.last++
	b.number, b.road = l.last, l.router.road(node)
	b.bytes = appendHead(b.bytes[:0], l.own, l.number, b.number)
	l.staged = append(l.staged, b)
	return b
}

// Flush hands on all that was staged.
func (l *lane) Flush() {
	l.local.Flush()
	for _, b := range l.staged {
		if len(b.items) > 0 {
			l.send(b)
		} else {
			l.flying.Lock()
			l.reuse(b)
			l.flying.Unlock()
		}
	}
	l.staged = l.staged[:0]
}

// send sends a batch to its node.
func (l *lane) send(b *batch) {
	r := l.router
	b.open, b.until = len(b.items), r.patience()
	b.flying.Add(int64(len(b.bytes)))
	node, number := b.node, b.number
	var message []byte
	if node != 0 {
		message = slices.Clone(b.bytes)
	}
	l.flying.Lock()
	l.flying.batches[number] = b
	l.flying.Unlock()
	if node == 0 || r.Peers.Tell(node, peer.Requests, message) != nil {
		l.giveUp(func(f *batch, _ *item) bool { return f.number == number }, false)
		return
	}
	r.arm()
}

// reuse keeps a batch for another time. Called under flying.
func (l *lane) reuse(b *batch) {
	if cap(b.bytes) <= messageBytes && len(l.flying.free) < batchesKept {
		b.bytes, b.items = b.bytes[:0], b.items[:0]
		l.flying.free = append(l.flying.free, b)
	}
}

// batchesKept is how many batches a lane keeps to use again.
const batchesKept = 16

// settle takes an item out of its batch. Called under flying.
func (l *lane) settle(b *batch, i *item) {
	i.done = true
	if b.open--; b.open == 0 {
		delete(l.flying.batches, b.number)
		b.flying.Add(-int64(len(b.bytes)))
		l.reuse(b)
	}
}

// lostItem is one that was taken out of its batch to be tried again, or failed.
type lostItem struct {
	ref     grid.Ref
	level   byte
	named   bool
	request []byte
	until   int64 // µs: when it is answered at the latest
}

// takeOut removes the items that are chosen, with copies of their requests.
func (l *lane) takeOut(chosen func(*batch, *item) bool) (out []lostItem) {
	l.flying.Lock()
	defer l.flying.Unlock()
	for _, b := range l.flying.batches {
		for i := range b.items {
			if t := &b.items[i]; !t.done && chosen(b, t) {
				out = append(out, lostItem{t.ref, t.level, t.named,
					slices.Clone(b.bytes[t.from:t.to]), b.until})
				l.settle(b, t)
				if b.open == 0 {
					break
				}
			}
		}
	}
	return out
}

// giveUp stops waiting for some items: they are tried again, if they may be. Unknown says
// that they may have been done.
func (l *lane) giveUp(chosen func(*batch, *item) bool, unknown bool) {
	for _, t := range l.takeOut(chosen) {
		l.router.hold(l, t.ref, t.level, t.named, t.request, unknown && t.level == command, t.until)
	}
}

// takeBack fails some items.
func (l *lane) takeBack(chosen func(*batch, *item) bool) {
	for _, t := range l.takeOut(chosen) {
		if t.level == command {
			l.fail(t.ref, errUnknown)
		} else {
			l.fail(t.ref, errNoLeader)
		}
	}
}

// fail answers a request with an error.
func (l *lane) fail(ref grid.Ref, err error) {
	l.deliver(&grid.Outcomes{Refs: []grid.Ref{ref}, Err: err})
}

// delivered takes outcomes of the shards that this node leads.
func (l *lane) delivered(o *grid.Outcomes) {
	if o.Err == nil || !leaderless(o.Err) {
		l.deliver(o)
		return
	}
	if o.Confirmed {
		o.Err = grid.ErrAway
		l.deliver(o)
		return
	}
	if len(o.Bytes) == 0 {
		l.deliver(o)
		return
	}
	unknown, until := fault.Of(o.Err).Unknown, l.router.patience()
	in := pack.NewCursor(o.Bytes)
	for _, ref := range o.Refs {
		from := in.Offset()
		var c slot.Command
		if err := c.Decode(&in); err != nil {
			l.fail(ref, fault.New(fault.Internal, "a command came back broken: %v", err))
			continue
		}
		ref.Slot = c.Slot
		l.router.hold(l, ref, command, c.ID.Seq != 0,
			slices.Clone(o.Bytes[from:in.Offset()]), unknown, until)
	}
	o.Release()
}
