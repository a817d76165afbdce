package netio

import (
	"bytes"
	"strings"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// The requests of the fake feature.
const (
	kindPut   grid.Kind = 0x0501 // [key, value] → [value before]
	kindPanic grid.Kind = 0x0502 // [key]: Prepare panics
	kindGet   grid.Kind = 0x0511 // [key] → [value]
	kindFill  grid.Kind = 0x0512 // [bytes] → [that many bytes]
	kindTrap  grid.Kind = 0x0513 // [key]: the lane panics
	kindBlock grid.Kind = 0x0515 // [key] → [value]: blocks the loop for a while
	kindPart  grid.Kind = 0x0514 // [key] → [value], with the help of a worker
	kindSum   grid.Kind = 0x0516 // [key] → [value]: of two slots
	kindSay   grid.Kind = 0x0521 // [stream, text]: passed on
	kindSaid  grid.Kind = 0x05e1 // pushed: [stream, text]
)

// partsRead is the key whose value is how many reads of kindPart came before.
const partsRead = "parts read"

func fakeOps(s *fakeShards) []grid.Op {
	return append(session.Ops(), []grid.Op{
		{Kind: kindPut, Name: "fake.put", Write: true, Prepare: fields(2), Scatter: fakeScatter{s}},
		{Kind: kindSum, Name: "fake.sum", Prepare: fields(1), Scatter: fakeScatter{s}},
		{Kind: kindPanic, Name: "fake.panic", Write: true, Prepare: preparePanic},
		{Kind: kindGet, Name: "fake.get", Prepare: fields(1)},
		{Kind: kindFill, Name: "fake.fill", Prepare: fields(1)},
		{Kind: kindTrap, Name: "fake.trap", Prepare: fields(1)},
		{Kind: kindBlock, Name: "fake.block", Prepare: fields(1)},
		{Kind: kindPart, Name: "fake.part", Prepare: fields(1), Complete: s.complete},
		{Kind: kindSay, Name: "fake.say", Relay: kindSaid, Prepare: prepareSay},
	}...)
}

// complete finishes a reply by wrapping it into an array.
func (s *fakeShards) complete(body, part, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	in.Array()
	switch string(in.String()) {
	case "planted panic":
		panic("planted in Complete")
	case "block":
		s.block()
	case "planted error":
		return nil, fault.New(fault.Unavailable, "planted")
	}
	return append(append(out, 0x91), part...), nil
}

// fakeScatter finds a value at another slot, which is named by the key and "+".
type fakeScatter struct{ *fakeShards }

func (s fakeScatter) Gather(body, part []byte, read grid.Read, out []byte) ([]byte, error) {
	in, here := pack.NewCursor(body), pack.NewCursor(part)
	in.Array()
	key := string(in.String()) + "+"
	reply, err := read(grid.SlotOf(key), kindGet, get(key), nil)
	if err != nil {
		return out, err
	}
	there := pack.NewCursor(reply)
	there.Array()
	return pack.AppendInt(pack.AppendArray(out, 1), here.Int()+there.Int()), there.Done()
}

func (s fakeScatter) Learn(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned = append(s.learned, string(body))
}

func prepareSay(_ *grid.Caller, in *pack.Cursor, _ int, out []byte) (key, body []byte, err error) {
	if key, err = grid.ReadStream(in, nil); err != nil {
		return nil, nil, err
	}
	text := in.String()
	return key, pack.AppendString(grid.AppendStream(pack.AppendArray(out, 2), key), text), in.Err()
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

// fakeShards answers from a map, on a goroutine of its own. Sessions and presences
// are real, all in one slot.
type fakeShards struct {
	mu      sync.Mutex
	values  map[string]int64
	held    []func() // deliveries kept back
	holding bool     // of all but the gateway's own commands
	frozen  bool     // of these too
	refuse  error    // what Write returns
	err     error    // what becomes of every write
	lanes   int
	hints   func(*grid.Effects)
	queue   chan func()
	done    chan struct{}
	blocked chan struct{} // a loop is
	unblock chan struct{}
	ended   chan struct{} // the test has: nothing is blocked any more

	steps    grid.Steps // of all outcomes
	stamp    int64
	sessions *session.Sessions
	streams  *presence.Streams
	effects  grid.Effects
	duties   []fakeDuty
	sentOn   []grid.RequestID  // of commands that were sent on
	learned  []string          // bodies of commands that belonged elsewhere
	users    map[grid.ID]bool  // that have opened sessions
	seen     map[grid.Kind]int // commands executed, by kind
	asked    map[grid.Kind]int // commands handed in, and reads of kindPart, by kind
	away     map[awayRead]int
	nowhere  bool // KindBound is served elsewhere
}

type fakeDuty struct {
	to   grid.Slot
	kind grid.Kind
	body []byte
}

func newFakeShards() *fakeShards {
	s := &fakeShards{
		values: map[string]int64{}, queue: make(chan func(), 1<<16), done: make(chan struct{}),
		blocked: make(chan struct{}), unblock: make(chan struct{}), ended: make(chan struct{}),
		sessions: session.New(), streams: presence.New(), stamp: 1e15,
		users: map[grid.ID]bool{}, seen: map[grid.Kind]int{}, asked: map[grid.Kind]int{},
		away: map[awayRead]int{},
	}
	go func() {
		defer close(s.done)
		for f := range s.queue {
			f()
		}
	}()
	return s
}

// Send takes a duty.
func (s *fakeShards) Send(to grid.Slot, kind grid.Kind, body []byte) {
	s.duties = append(s.duties, fakeDuty{to, kind, bytes.Clone(body)})
}

// block blocks its caller until a test unblocks it, or has failed.
func (s *fakeShards) block() {
	select {
	case s.blocked <- struct{}{}:
	case <-s.ended:
		return
	}
	select {
	case <-s.unblock:
	case <-s.ended:
	}
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

// freeze also keeps back those of the gateway's own commands.
func (s *fakeShards) freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = true
}

// fail makes an error the outcome of every command; nil: no more.
func (s *fakeShards) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// refuseWith makes Write return an error; nil: no more.
func (s *fakeShards) refuseWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

func (s *fakeShards) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding, s.frozen = false, false
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

func (s *fakeShards) Listen(hints func(*grid.Effects)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hints = hints
}

func (s *fakeShards) Origin() grid.Origin { return grid.OriginOf(1, 7) }

type fakeLane struct {
	shards   *fakeShards
	deliver  grid.Deliver
	mine     fakeBatch // the gateway's own commands
	others   fakeBatch
	confirms []grid.Ref
	asks     []func()
}

type fakeBatch struct {
	refs   []grid.Ref
	kinds  []grid.Kind
	ids    []grid.RequestID
	bodies [][]byte
}

func (l *fakeLane) Write(_ grid.Slot, kind grid.Kind, id grid.RequestID, body []byte, ref grid.Ref) error {
	l.shards.mu.Lock()
	defer l.shards.mu.Unlock()
	if l.shards.refuse != nil {
		return l.shards.refuse
	}
	l.shards.asked[kind]++
	b := &l.others
	if isGatewayKind(kind) {
		b = &l.mine
	}
	b.refs, b.kinds = append(b.refs, ref), append(b.kinds, kind)
	b.ids, b.bodies = append(b.ids, id), append(b.bodies, bytes.Clone(body))
	return nil
}

// isAway says whether a key belongs to another node.
func isAway(kind grid.Kind, body []byte) bool {
	return kind>>8 == 0x05 && bytes.HasPrefix(keyOf(body), []byte("away"))
}

func keyOf(body []byte) []byte {
	in := pack.NewCursor(body)
	in.Array()
	return in.String()
}

// Ask answers as another node would that has the same values.
func (l *fakeLane) Ask(
	slot grid.Slot, level grid.Level, kind grid.Kind, body []byte, ref grid.Ref,
) error {
	if string(keyOf(body)) == "away refused" {
		return fault.New(fault.ResourceExhausted, "planted")
	}
	l.shards.noteAsked(level, kind)
	body = bytes.Clone(body)
	l.asks = append(l.asks, func() { l.deliver(l.shards.answer(level, kind, body, ref)) })
	return nil
}

func (l *fakeLane) Confirm(slot grid.Slot, ref grid.Ref) error {
	switch int(slot) {
	case slotOf("away"), slotOf("away refused"), slotOf("away part"), slotOf("away sum"):
		return grid.ErrAway
	case slotOf("lost"):
		l.shards.later(false, func() {
			l.deliver(&grid.Outcomes{Refs: []grid.Ref{ref}, Confirmed: true, Err: grid.ErrAway})
		})
		return nil
	}
	l.confirms = append(l.confirms, ref)
	return nil
}

func (l *fakeLane) Flush() {
	mine, others, confirms := l.mine, l.others, l.confirms
	l.mine, l.others, l.confirms = fakeBatch{}, fakeBatch{}, nil
	s := l.shards
	for _, ask := range l.asks {
		s.later(false, ask)
	}
	l.asks = nil
	for _, b := range []fakeBatch{mine, others} {
		if len(b.refs) > 0 {
			s.later(isGatewayKind(b.kinds[0]), func() { s.run(l.deliver, b) })
		}
	}
	if len(confirms) > 0 {
		s.later(false, func() { l.deliver(&grid.Outcomes{Refs: confirms, Confirmed: true, Err: s.failure()}) })
	}
}

func (s *fakeShards) later(mine bool, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holding && !mine || s.frozen {
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

// run executes commands, delivers their outcomes, carries out the duties, and then
// tells the hints.
func (s *fakeShards) run(deliver grid.Deliver, b fakeBatch) {
	s.mu.Lock()
	s.effects.Reset()
	o := &grid.Outcomes{Refs: b.refs, Err: s.err, Steps: s.steps}
	if s.err == nil {
		for i, body := range b.bodies {
			o.Bytes = s.apply(0, b.kinds[i], b.ids[i], body, o.Bytes)
			o.Ends = append(o.Ends, uint32(len(o.Bytes)))
		}
	}
	s.mu.Unlock()
	deliver(o)
	s.mu.Lock()
	for len(s.duties) > 0 {
		d := s.duties[0]
		s.duties = s.duties[1:]
		s.apply(d.to, d.kind, grid.RequestID{}, d.body, nil)
	}
	hints := s.hints
	s.mu.Unlock()
	if hints != nil {
		hints(&s.effects)
	}
}

func (s *fakeShards) apply(
	slot grid.Slot, kind grid.Kind, id grid.RequestID, body, out []byte,
) []byte {
	s.stamp++
	s.seen[kind]++
	t := &grid.Turn{Slot: slot, Stamp: s.stamp, Outbox: s, Effects: &s.effects}
	start := len(out)
	var err error
	if kind == session.KindOpen {
		in := pack.NewCursor(body)
		in.Array()
		user, _ := grid.ReadUser(&in)
		s.users[user] = true
	}
	switch {
	case kind>>8 == 0x02:
		out, err = s.sessions.Apply(t, kind, body, append(out, 0))
	case kind>>8 == 0x03:
		out, err = s.streams.Apply(t, kind, body, append(out, 0))
	default:
		return s.put(id, body, out)
	}
	if err != nil {
		return appendFailure(out[:start], err)
	}
	return out
}

func appendFailure(out []byte, err error) []byte {
	e := fault.Of(err)
	return e.Append(append(out, byte(e.Code)))
}

func (s *fakeShards) put(id grid.RequestID, body, out []byte) []byte {
	in := pack.NewCursor(body)
	in.Array()
	key, value := string(in.String()), in.Int()
	if strings.HasPrefix(key, "far") && !strings.HasSuffix(key, "+") {
		key += "+"
		e := grid.Elsewhere{Slot: grid.SlotOf(key), Body: pack.AppendInt(get2(key), value)}
		return e.Append(append(out, grid.StatusElsewhere), &id)
	}
	if strings.HasPrefix(key, "far") {
		s.sentOn = append(s.sentOn, id)
	}
	if value < 0 {
		return appendFailure(out, fault.New(fault.OutOfRange, "negative"))
	}
	out = pack.AppendInt(pack.AppendArray(append(out, 0), 1), s.values[key])
	s.values[key] = value
	return out
}

// duty carries out a duty, as if a stream's slot had sent it to a user's.
func (s *fakeShards) duty(kind grid.Kind, body []byte) {
	s.queue <- func() {
		s.mu.Lock()
		s.effects.Reset()
		s.apply(0, kind, grid.RequestID{}, body, nil)
		s.mu.Unlock()
		s.hints(&s.effects)
	}
}

// wait waits until all that was queued is done.
func (s *fakeShards) wait() {
	done := make(chan struct{})
	s.queue <- func() { close(done) }
	<-done
}

// commands returns how many commands of a kind were executed.
func (s *fakeShards) commands(kind grid.Kind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[kind]
}

// runsOf returns how many commands of a kind were handed in.
func (s *fakeShards) runsOf(kind grid.Kind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[kind]
}

// tell pushes to all on a stream, as if a command had done so.
func (s *fakeShards) tell(key string, kind grid.Kind, bodies ...[]byte) {
	s.queue <- func() {
		s.effects.Reset()
		t := &grid.Turn{Slot: grid.SlotOf(key)}
		for _, body := range bodies {
			s.effects.Tell(t, []byte(key), kind, append(s.effects.Begin(), body...))
		}
		s.hints(&s.effects)
	}
}

func (l *fakeLane) Read(
	_ grid.Slot, level grid.Level, kind grid.Kind, body, out []byte,
) ([]byte, error) {
	if isAway(kind, body) || kind == session.KindBound && l.shards.isAwayFromAll() {
		return out, grid.ErrAway
	}
	if level != grid.Stale {
		return l.shards.read(kind, body, out)
	}
	reply, err := l.shards.read(kind, body, grid.BeginStale(out, staleHere))
	if err != nil && err != grid.ErrPartial {
		return out, err
	}
	return reply, err
}

func (s *fakeShards) read(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	in.Array()
	key := ""
	if kind>>8 != 0x02 {
		key = string(in.String())
	}
	switch kind {
	case kindTrap:
		panic("planted in Read")
	case session.KindList:
		return s.sessions.Query(kind, body, out)
	case session.KindBound:
		return s.bound(body, out)
	case kindBlock:
		s.block()
		return pack.AppendInt(pack.AppendArray(out, 1), 7), nil
	case kindPart:
		s.mu.Lock()
		s.asked[kind]++
		s.mu.Unlock()
		if key == "large" {
			return pack.AppendBytes(out, make([]byte, 60_000)), grid.ErrPartial
		}
		return pack.AppendInt(out, 7), grid.ErrPartial
	case kindFill:
		return pack.AppendBytes(pack.AppendArray(out, 1), make([]byte, 60_000)), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key == partsRead {
		return pack.AppendInt(pack.AppendArray(out, 1), int64(s.asked[kindPart])), nil
	}
	v, ok := s.values[key]
	if kind == kindSum {
		return pack.AppendInt(out, v), grid.ErrPartial
	}
	if !ok {
		return append(out, "must not be seen"...)[:len(out)], fault.New(fault.NotFound, "no %q", key)
	}
	return pack.AppendInt(pack.AppendArray(out, 1), v), nil
}
