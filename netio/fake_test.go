package netio

import (
	"bytes"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// The requests of the fake feature.
const (
	kindPut   grid.Kind = 0x0201 // [key, value] → [value before]
	kindPanic grid.Kind = 0x0202 // [key]: Prepare panics
	kindGet   grid.Kind = 0x0211 // [key] → [value]
	kindFill  grid.Kind = 0x0212 // [bytes] → [that many bytes]
	kindTrap  grid.Kind = 0x0213 // [key]: the lane panics
)

func fakeOps() []grid.Op {
	return []grid.Op{
		{Kind: kindPut, Name: "fake.put", Write: true, Prepare: fields(2)},
		{Kind: kindPanic, Name: "fake.panic", Write: true, Prepare: preparePanic},
		{Kind: kindGet, Name: "fake.get", Prepare: fields(1)},
		{Kind: kindFill, Name: "fake.fill", Prepare: fields(1)},
		{Kind: kindTrap, Name: "fake.trap", Prepare: fields(1)},
	}
}

func preparePanic(*grid.Caller, *pack.Cursor, int, []byte) (key, body []byte, err error) {
	panic("planted in Prepare")
}

// fields prepares requests of n fields: a string, which is the key, and numbers.
func fields(n int) func(*grid.Caller, *pack.Cursor, int, []byte) ([]byte, []byte, error) {
	return func(_ *grid.Caller, in *pack.Cursor, have int, out []byte) ([]byte, []byte, error) {
		if have < n {
			return nil, nil, fault.New(fault.InvalidArgument, "%d fields, want %d", have, n)
		}
		out = pack.AppendArray(out, n)
		key := in.String()
		out = pack.AppendString(out, key)
		for range n - 1 {
			out = pack.AppendInt(out, in.Int())
		}
		return key, out, in.Err()
	}
}

// fakeShards answers from a map, on a goroutine of its own.
type fakeShards struct {
	mu      sync.Mutex
	values  map[string]int64
	held    []func() // deliveries kept back
	holding bool
	refuse  error // what Write returns
	err     error // what becomes of every write
	lanes   int
	hints   func(*grid.Effects)
	queue   chan func()
	done    chan struct{}
}

func newFakeShards() *fakeShards {
	s := &fakeShards{values: map[string]int64{}, queue: make(chan func(), 1<<16), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for f := range s.queue {
			f()
		}
	}()
	return s
}

func (s *fakeShards) stop() {
	close(s.queue)
	<-s.done
}

// hold keeps outcomes back until release.
func (s *fakeShards) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = true
}

func (s *fakeShards) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = false
	for _, f := range s.held {
		s.queue <- f
	}
	s.held = nil
}

func (s *fakeShards) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

func (s *fakeShards) Open(deliver grid.Deliver) grid.Lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes++
	return &fakeLane{shards: s, deliver: deliver}
}

func (s *fakeShards) Listen(hints func(*grid.Effects)) { s.hints = hints }

func (s *fakeShards) Origin() grid.Origin { return grid.OriginOf(1, 7) }

type fakeLane struct {
	shards   *fakeShards
	deliver  grid.Deliver
	refs     []grid.Ref
	bodies   [][]byte
	confirms []grid.Ref
}

func (l *fakeLane) Write(slot grid.Slot, _ grid.Kind, _ grid.RequestID, body []byte, ref grid.Ref) error {
	l.shards.mu.Lock()
	defer l.shards.mu.Unlock()
	if l.shards.refuse != nil {
		return l.shards.refuse
	}
	l.refs = append(l.refs, ref)
	l.bodies = append(l.bodies, bytes.Clone(body))
	return nil
}

func (l *fakeLane) Confirm(_ grid.Slot, ref grid.Ref) error {
	l.confirms = append(l.confirms, ref)
	return nil
}

func (l *fakeLane) Flush() {
	refs, bodies, confirms := l.refs, l.bodies, l.confirms
	l.refs, l.bodies, l.confirms = nil, nil, nil
	if len(refs) > 0 {
		l.shards.later(func() { l.deliver(l.shards.apply(refs, bodies)) })
	}
	if len(confirms) > 0 {
		l.shards.later(func() { l.deliver(&grid.Outcomes{Refs: confirms, Confirmed: true, Err: l.shards.failure()}) })
	}
}

func (s *fakeShards) later(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding {
		s.held = append(s.held, f)
		return
	}
	s.queue <- f
}

func (s *fakeShards) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *fakeShards) apply(refs []grid.Ref, bodies [][]byte) *grid.Outcomes {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &grid.Outcomes{Refs: refs, Err: s.err}
	if s.err != nil {
		return o
	}
	for _, b := range bodies {
		in := pack.NewCursor(b)
		in.Array()
		key, value := string(in.String()), in.Int()
		if value < 0 {
			e := fault.New(fault.OutOfRange, "negative")
			o.Bytes = e.Append(append(o.Bytes, byte(e.Code)))
		} else {
			o.Bytes = pack.AppendInt(pack.AppendArray(append(o.Bytes, 0), 1), s.values[key])
			s.values[key] = value
		}
		o.Ends = append(o.Ends, uint32(len(o.Bytes)))
	}
	return o
}

func (l *fakeLane) Read(_ grid.Slot, _ grid.Level, kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	in.Array()
	key := string(in.String())
	switch kind {
	case kindTrap:
		panic("planted in Read")
	case kindFill:
		return pack.AppendBytes(pack.AppendArray(out, 1), make([]byte, 60_000)), nil
	}
	l.shards.mu.Lock()
	defer l.shards.mu.Unlock()
	v, ok := l.shards.values[key]
	if !ok {
		return append(out, "must not be seen"...)[:len(out)], fault.New(fault.NotFound, "no %q", key)
	}
	return pack.AppendInt(pack.AppendArray(out, 1), v), nil
}
