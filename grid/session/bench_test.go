package session

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// benchSessions is how many sessions a slot has in benchmarks: of as many users.
const benchSessions = 100_000

// bench is sessions, one per user, and commands for some of them.
type bench struct {
	sessions  *Sessions
	turn      grid.Turn
	effects   grid.Effects
	chance    *rand.Rand
	ids       []grid.SessionID
	body, out []byte
	failed    error
}

type nowhere struct{}

func (nowhere) Send(grid.Slot, grid.Kind, []byte) {}

func newBench() *bench {
	x := &bench{sessions: New(), chance: rand.New(rand.NewPCG(1, 2)), ids: make([]grid.SessionID, benchSessions)}
	x.turn = grid.Turn{Slot: here, Stamp: 1_700_000_000 * second, Outbox: nowhere{}, Effects: &x.effects}
	return x
}

func (x *bench) do(kind grid.Kind, r message) {
	x.body = r.Append(pack.AppendArray(x.body[:0], r.Fields()))
	x.apply(kind)
}

func (x *bench) apply(kind grid.Kind) {
	x.turn.Stamp++
	x.effects.Reset()
	var err error
	if x.out, err = x.sessions.Apply(&x.turn, kind, x.body, x.out[:0]); err != nil {
		x.failed = err
	}
}

func (x *bench) open(i int) {
	x.do(KindOpen, &OpenRequest{User: person(i), Origin: gateway, Conn: uint64(i), Secret: secret(i)})
	x.ids[i] = grid.SessionIDOf(x.turn.Stamp, here)
}

// track puts a session on a stream; keys are as prepareStream would take them.
func (x *bench) track(i int, key []byte) {
	by := ConfirmRequest{person(i), x.ids[i], gateway, uint64(i)}
	x.body = by.Append(pack.AppendArray(x.body[:0], 6))
	x.body = pack.AppendString(pack.AppendBytes(x.body, key), "away")
	x.apply(KindTrack)
}

func (x *bench) who() int { return x.chance.IntN(benchSessions) }

// BenchmarkSessions measures the memory of a session, and commands from body to
// reply among a hundred thousand.
func BenchmarkSessions(b *testing.B) {
	x := newBench()
	before := gridtest.Heap()
	report := func(name string) {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric((gridtest.Heap()-before)/benchSessions, "B/session")
		})
	}
	for i := range benchSessions {
		x.open(i)
	}
	report("memory-without-stream")
	for i := range benchSessions {
		user := person(i)
		x.track(i, grid.StatusKey(nil, user))
	}
	report("memory-with-status-stream")

	hall := []byte(room("hall"))
	b.Run("track-again", func(b *testing.B) {
		gridtest.Measure(b, func() {
			i := x.who()
			user := person(i)
			x.track(i, grid.StatusKey(nil, user))
		})
	})
	b.Run("track-and-untrack", func(b *testing.B) {
		gridtest.Measure(b, func() {
			i := x.who()
			x.track(i, hall)
			by := ConfirmRequest{person(i), x.ids[i], gateway, uint64(i)}
			x.body = pack.AppendBytes(by.Append(pack.AppendArray(x.body[:0], 5)), hall)
			x.apply(KindUntrack)
		})
	})
	b.Run("detach-and-resume", func(b *testing.B) {
		gridtest.Measure(b, func() {
			i := x.who()
			x.do(KindDetach, &DetachRequest{person(i), gateway, uint64(i), 60 * second})
			x.do(KindResume, &ResumeRequest{User: person(i), Session: x.ids[i], Origin: gateway,
				Conn: uint64(i), Secret: secret(i), Next: secret(i)})
		})
	})
	b.Run("list", func(b *testing.B) {
		gridtest.Measure(b, func() {
			r := ListRequest{User: person(x.who())}
			x.body = r.Append(pack.AppendArray(x.body[:0], r.Fields()))
			x.out, x.failed = x.sessions.Query(KindList, x.body, x.out[:0])
		})
	})
	report("memory-after-commands")
	x.turn.Floors = x.turn.Floors.With(origin(1, 2))
	b.Run("sweep", func(b *testing.B) {
		gridtest.Measure(b, func() { x.sessions.Sweep(&x.turn, 60*second) }) // the first has something to do
	})
	report("memory-detached")
	x.turn.Stamp += 60 * second
	for x.sessions.Due() <= x.turn.Stamp {
		x.effects.Reset()
		x.sessions.Tick(&x.turn)
	}
	report("memory-ended")
	if x.failed != nil || x.sessions.rows.Len() > 0 {
		b.Fatal(x.failed, x.sessions.rows.Len())
	}
}

// BenchmarkTokens measures the memory of used refresh tokens, with as many of each
// user.
func BenchmarkTokens(b *testing.B) {
	for _, each := range []int{1, 10} {
		b.Run(fmt.Sprintf("memory-%d-each", each), func(b *testing.B) {
			before := gridtest.Heap()
			s := New()
			for i := range benchSessions {
				s.spent.add(token{person(i / each), int64(i), person(i), 0})
			}
			b.ReportMetric((gridtest.Heap()-before)/benchSessions, "B/token")
			runtime.KeepAlive(s)
		})
	}
}

// BenchmarkSnapshot measures clones, what they make the next command cost, and
// encoding and decoding.
func BenchmarkSnapshot(b *testing.B) {
	x := newBench()
	for i := range benchSessions {
		x.open(i)
		user := person(i)
		x.track(i, grid.StatusKey(nil, user))
	}
	b.Run("clone", func(b *testing.B) { gridtest.Measure(b, func() { x.sessions.Clone() }) })
	b.Run("clone+1-detach", func(b *testing.B) {
		gridtest.Measure(b, func() {
			x.sessions.Clone()
			i := x.who()
			x.do(KindDetach, &DetachRequest{person(i), gateway, uint64(i), 60 * second})
		})
	})
	gridtest.MeasureSnapshot(b, Decode, x.sessions)
	if x.failed != nil {
		b.Fatal(x.failed)
	}
}
