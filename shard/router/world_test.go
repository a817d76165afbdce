package router

import (
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

const (
	testShards = 4
	kindAdd    = grid.Kind(0x0501) // a command
	kindGet    = grid.Kind(0x0511) // a query
)

var (
	errNotHere = &fault.Error{Code: fault.Unavailable, Message: "no leader here"}
	errMaybe   = &fault.Error{Code: fault.Unavailable, Unknown: true, Message: "lost"}
)

// state is what all replicas of all shards have in common.
type state struct {
	mu      sync.Mutex
	table   *shard.Table
	leaders [testShards]uint32
	terms   [testShards]uint64
	done    map[grid.RequestID]int // executed commands
	order   map[uint64][]uint64    // by client's first byte and slot: sequence numbers
	flaky   func() int             // what becomes of a flush: 0 well, 1 unknown and done, 2 unknown
	routers map[uint32]*Router
	replica uint32 // serves stale reads; 0: leaders alone do
}

func newState() *state {
	return &state{table: shard.NewTable(testShards), done: map[grid.RequestID]int{},
		order: map[uint64][]uint64{}, flaky: func() int { return 0 }, routers: map[uint32]*Router{}}
}

// replicas are those that Options.Replicas names: all nodes.
func (s *state) replicas(_ int, out []uint32) []uint32 {
	for n := range uint32(len(s.routers)) {
		out = append(out, n+1)
	}
	return out
}

// lead makes a node the leader of a shard; 0: nobody.
func (s *state) lead(number int, node uint32) {
	s.mu.Lock()
	was, term := s.leaders[number], s.terms[number]
	s.leaders[number] = node
	s.terms[number]++
	old, now := s.routers[was], s.routers[node]
	s.mu.Unlock()
	if old != nil {
		old.Reign(number, term, false)
	}
	if now != nil {
		now.Reign(number, term+1, true)
	}
}

func (s *state) leads(node uint32, at grid.Slot) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaders[s.table.Shard(at)] == node
}

// fakeHost is one node's part of it.
type fakeHost struct {
	*state
	node uint32
}

func (h *fakeHost) Open(d grid.Deliver) grid.Lane    { return &fakeLane{host: h, deliver: d} }
func (h *fakeHost) OpenOwn(d grid.Deliver) grid.Lane { return h.Open(d) }
func (h *fakeHost) Listen(func(*grid.Effects))       {}
func (h *fakeHost) Origin() grid.Origin              { return grid.OriginOf(h.node, 1) }
func (h *fakeHost) Table() *shard.Table              { return h.table }
func (h *fakeHost) Leader(int) uint32                { return 0 }

type fakeLane struct {
	host     *fakeHost
	deliver  grid.Deliver
	commands []slot.Command
	refs     []grid.Ref
	confirms []grid.Ref
}

func (l *fakeLane) Write(
	s grid.Slot, k grid.Kind, id grid.RequestID, body []byte, ref grid.Ref,
) error {
	if !l.host.leads(l.host.node, s) {
		return errNotHere
	}
	l.commands = append(l.commands, slot.Command{Slot: s, Kind: k, ID: id, Body: append([]byte(nil), body...)})
	l.refs = append(l.refs, ref)
	return nil
}

func (l *fakeLane) Confirm(s grid.Slot, ref grid.Ref) error {
	if !l.host.leads(l.host.node, s) {
		return errNotHere
	}
	l.confirms = append(l.confirms, ref)
	return nil
}

func (l *fakeLane) Ask(grid.Slot, grid.Level, grid.Kind, []byte, grid.Ref) error { return errNotHere }

func (l *fakeLane) Read(
	s grid.Slot, level grid.Level, _ grid.Kind, body, out []byte,
) ([]byte, error) {
	if !l.host.leads(l.host.node, s) && !(level == grid.Stale && l.host.node == l.host.replica) {
		return out, errNotHere
	}
	if level == grid.Stale {
		out = grid.BeginStale(out, 0)
	}
	return append(out, body...), nil
}

func (l *fakeLane) Flush() {
	commands, refs, confirms := l.commands, l.refs, l.confirms
	l.commands, l.refs, l.confirms = nil, nil, nil
	if len(refs)+len(confirms) == 0 {
		return
	}
	fate := l.host.flaky()
	time.AfterFunc(time.Millisecond, func() { l.execute(commands, refs, confirms, fate) })
}

func (l *fakeLane) execute(commands []slot.Command, refs, confirms []grid.Ref, fate int) {
	if len(confirms) > 0 {
		l.deliver(&grid.Outcomes{Refs: confirms, Confirmed: true})
	}
	for i := range commands { // each an entry of its own
		c := &commands[i]
		o := &grid.Outcomes{Refs: refs[i : i+1]}
		if fate != 2 {
			l.host.note(c)
		}
		if fate != 0 {
			o.Err, o.Bytes = errMaybe, c.Append(nil)
		} else {
			o.Bytes = append([]byte{0}, c.Body...)
			o.Ends = []uint32{uint32(len(o.Bytes))}
		}
		l.deliver(o)
	}
}

// note executes a command; one that was executed is not again.
func (s *state) note(c *slot.Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID.Seq != 0 && s.done[c.ID] > 0 {
		return
	}
	s.done[c.ID]++
	key := uint64(c.ID.Client[0])<<16 | uint64(c.Slot)
	s.order[key] = append(s.order[key], c.ID.Seq)
}
