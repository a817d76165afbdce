package client

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/credential"
)

const testKey = "a server key of these tests"

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

// node is a real listener over real slots, without a log.
type node struct {
	server *netio.Server
	shards *memory
	addr   string
}

func startNode(t testing.TB, addr string) *node {
	t.Helper()
	return serveMemory(t, newMemory(t), addr)
}

func serveMemory(t testing.TB, m *memory, addr string) *node {
	t.Helper()
	s, err := netio.Start(netio.Options{
		Addr: addr, Loops: 2, Shards: m, Ops: slot.Ops(nil), ServerKey: testKey,
		ConnectionsMax: 1000, ReconnectAfter: time.Millisecond, Tokens: m.tokens,
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{server: s, shards: m, addr: s.Addr().String()}
	t.Cleanup(n.kill)
	return n
}

// kill ends the node at once.
func (n *node) kill() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n.server.Shutdown(ctx)
}

// memory keeps slots in memory and answers from a goroutine of its own. It
// outlives its node, as a log would.
type memory struct {
	mu      sync.Mutex
	slots   map[grid.Slot]*slot.Slot
	stamp   int64
	applied int
	queue   chan func()
	tokens  *credential.Tokens
	hints   atomic.Pointer[func(*grid.Effects)]
}

func newMemory(t testing.TB) *memory {
	keys, err := credential.ParseKeys(credential.DrawKeys())
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := credential.New(credential.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{slots: map[grid.Slot]*slot.Slot{}, queue: make(chan func(), 1<<16), tokens: tokens}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f := range m.queue {
			f()
		}
	}()
	t.Cleanup(func() { close(m.queue); <-done })
	return m
}

func (m *memory) slot(s grid.Slot) *slot.Slot {
	if m.slots[s] == nil {
		m.slots[s] = slot.New()
	}
	return m.slots[s]
}

func (m *memory) Listen(hints func(*grid.Effects)) { m.hints.Store(&hints) }

func (m *memory) Origin() grid.Origin { return grid.OriginOf(1, 1) }

func (m *memory) Open(deliver grid.Deliver) grid.Lane { return &lane{memory: m, deliver: deliver} }

type lane struct {
	*memory
	deliver  grid.Deliver
	refs     []grid.Ref
	commands []slot.Command
	confirms []grid.Ref
}

func (l *lane) Write(s grid.Slot, k grid.Kind, id grid.RequestID, body []byte, ref grid.Ref) error {
	l.refs = append(l.refs, ref)
	l.commands = append(l.commands, slot.Command{Slot: s, Kind: k, ID: id, Body: bytes.Clone(body)})
	return nil
}

func (l *lane) Ask(grid.Slot, grid.Level, grid.Kind, []byte, grid.Ref) error {
	return grid.ErrAway
}

func (l *lane) Confirm(_ grid.Slot, ref grid.Ref) error {
	l.confirms = append(l.confirms, ref)
	return nil
}

func (l *lane) Flush() {
	refs, commands, confirms := l.refs, l.commands, l.confirms
	l.refs, l.commands, l.confirms = nil, nil, nil
	l.queue <- func() {
		if len(refs) > 0 {
			l.deliver(l.apply(refs, commands))
		}
		if len(confirms) > 0 {
			l.deliver(&grid.Outcomes{Refs: confirms, Confirmed: true})
		}
	}
}

func (m *memory) apply(refs []grid.Ref, commands []slot.Command) *grid.Outcomes {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := &grid.Outcomes{Refs: refs}
	m.stamp++
	effects := &grid.Effects{}
	for i := range commands {
		o.Bytes = m.do(effects, &commands[i], o.Bytes)
		o.Ends = append(o.Ends, uint32(len(o.Bytes)))
	}
	m.applied += len(commands)
	for len(effects.Due) > 0 {
		m.deliver(effects, effects.Due[0])
		effects.Due = effects.Due[1:]
	}
	if hints := m.hints.Load(); hints != nil {
		(*hints)(effects)
	}
	return o
}

func (m *memory) do(effects *grid.Effects, c *slot.Command, out []byte) []byte {
	return m.slot(c.Slot).Apply(&grid.Turn{Effects: effects}, m.stamp, c, out)
}

// deliver carries out the duties of a slot at once.
func (m *memory) deliver(effects *grid.Effects, from grid.Slot) {
	var commands []slot.Command
	m.slot(from).Duties(from, nil, func(to grid.Slot, last uint64, body []byte) {
		commands = append(commands,
			slot.Command{Slot: to, Kind: slot.KindDeliver, Body: bytes.Clone(body)},
			slot.Command{Slot: from, Kind: slot.KindCarried, Body: slot.AppendCarried(nil, to, last)})
	})
	for i := range commands {
		m.do(effects, &commands[i], nil)
	}
}

// staleBy is how old the state is that is read at level grid.Stale, µs.
const staleBy = 41_500

func (l *lane) Read(s grid.Slot, level grid.Level, kind grid.Kind, body, out []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if level == grid.Stale {
		out = grid.BeginStale(out, staleBy)
	}
	return l.slot(s).Query(kind, body, out)
}
