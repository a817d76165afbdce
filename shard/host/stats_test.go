package host

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// Whoever has an outcome finds it counted, and timed in every step.
func TestWhatIsAnsweredIsCounted(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	before := h.Stats()
	c := newCaller(t, h)
	c.write("b", leaderboard.KindCreate, createBody("b"))
	for i := range 5 {
		c.write("b", leaderboard.KindSubmit, submitBody("b", byte(i+1), 1))
	}
	if r := c.write("none", leaderboard.KindSubmit, submitBody("none", 1, 1)); r.status != fault.NotFound {
		t.Fatalf("%+v", r)
	}
	s := h.Stats()
	if done, failed := s.Done-before.Done, s.Errors-before.Errors; done != 6 || failed != 1 {
		t.Errorf("%d done, %d failed", done, failed)
	}
	all := s.Done + s.Errors
	for step, r := range map[string]*meter.Reading{
		"queue": &s.Queue, "commit": &s.Commit, "apply": &s.Apply, "total": &s.Total,
	} {
		if r.Count() != all {
			t.Errorf("%d of %d commands are counted in the step %q", r.Count(), all, step)
		}
	}
	if steps := s.Queue.Sum + s.Commit.Sum + s.Apply.Sum; steps != s.Total.Sum {
		t.Errorf("the steps take %d µs, and all of them %d", steps, s.Total.Sum)
	}
	if s.EntryCommands.Sum != all || s.EntryBytes.Count() != s.EntryCommands.Count() {
		t.Errorf("%d commands in entries, of %d", s.EntryCommands.Sum, all)
	}
	if n := s.Log.Commits - before.Log.Commits; n == 0 || s.Log.Sync.Count() != s.Log.Commits {
		t.Errorf("%d commits, %d of %d of them timed", n, s.Log.Sync.Count(), s.Log.Commits)
	}
	if len(s.Shards) != 2 || len(s.Log.Logs) != 2 || s.Log.Engine.WALBytes == 0 {
		t.Errorf("%+v, %+v, %+v", s.Shards, s.Log.Logs, s.Log.Engine)
	}
}

func TestWhatIsNotAcceptedIsCounted(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	g := h.group(grid.SlotOf("b"))
	write := func() error {
		return c.lane.Write(grid.SlotOf("b"), leaderboard.KindSubmit, grid.RequestID{},
			submitBody("b", 1, 1), grid.Ref{})
	}
	g.queue.bytes.Add(QueueBytesMax + 1)
	if err := write(); err != errQueueFull || h.Stats().Full != 1 {
		t.Errorf("%v, %d", err, h.Stats().Full)
	}
	g.queue.bytes.Add(-QueueBytesMax - 1)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := write(); err != errNotServing || h.Stats().Refused != 1 {
		t.Errorf("%v, %d", err, h.Stats().Refused)
	}
}

// Batches that wait are seen with their number, their size, and the age of the oldest.
func TestQueueIsSeen(t *testing.T) {
	c := newStill(1_000_000)
	h := &Host{clock: c}
	g := &Group{host: h}
	l := &lane{host: h}
	var s stage
	s.add(make([]byte, EntryBytesMax), grid.Ref{})
	s.add(make([]byte, 100), grid.Ref{})
	if err := g.queue.add(l, &s); err != nil {
		t.Fatal(err)
	}
	c.at += 70
	if err := g.queue.add(l, &s); err != nil {
		t.Fatal(err)
	}
	commands, bytes, since := g.queue.waiting()
	if commands != 4 || bytes != 2*(EntryBytesMax+100) || since != 1_000_000 {
		t.Errorf("%d commands, %d bytes, since %d", commands, bytes, since)
	}
}

// still is a clock that is set by hand.
type still struct {
	clock.Clock
	at int64
}

func newStill(at int64) *still { return &still{clock.Real(), at} }

func (s *still) Micros() int64 { return s.at }

func TestHealth(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	c.write("b", leaderboard.KindCreate, createBody("b"))
	s := h.Health()
	if !s.Ready() || len(s.Shards) != 2 {
		t.Fatalf("%+v", s)
	}
	for _, at := range s.Shards {
		if !at.Leads || !at.Led || at.Leader != "node-1" || at.Term == 0 || at.Lease != LeaseForever ||
			at.Applied == 0 || at.Lag != 0 || at.Last < at.Commit {
			t.Errorf("%+v", at)
		}
	}
	h.Groups()[1].swept.Store(false)
	if s := h.Health(); s.Ready() || s.Shards[0].Reason != "" || s.Shards[1].Reason == "" {
		t.Errorf("not swept: %+v", s)
	}
	h.Groups()[1].swept.Store(true)
	h.dead.Store(true)
	if s := h.Health(); s.Ready() || s.Reason == "" || !s.Failed {
		t.Errorf("dead: %+v", s)
	}
	h.dead.Store(false)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if s := h.Health(); s.Ready() || s.Reason != "the node is stopping" || !s.Stopping {
		t.Errorf("closed: %+v", s)
	}
}

func TestAShardWithoutALeaderIsNotReady(t *testing.T) {
	h, err := Open(Options{FS: vfs.NewMem(), Dir: "data", Clock: clock.Real(),
		Logger: slog.New(slog.DiscardHandler), Fatal: func(err error) { panic(err) },
		HeartbeatTimeout: time.Minute, Node: 1})
	if err != nil {
		t.Fatal(err)
	}
	startAll(t, h, 1, 1, 2)
	s := h.Health()
	if s.Ready() || s.Shards[0].Reason != "the shard has no leader" ||
		s.Shards[0].Leads || s.Shards[0].Led {
		t.Errorf("%+v", s)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// What the state holds is added up over slots and shards.
func TestSizes(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	for i := range 20 {
		name := fmt.Sprint("b", i)
		c.write(name, leaderboard.KindCreate, createBody(name))
		c.write(name, leaderboard.KindSubmit, submitBody(name, 1, 1))
	}
	var all slot.Sizes
	for _, z := range h.Sizes() {
		if z.Boards.Count == 0 {
			t.Errorf("a shard with %+v", z)
		}
		all.Add(&z)
	}
	if all.Boards.Count != 20 || all.Records.Count != 20 || all.Requests.Count < 10 || all.Duties.Count != 0 {
		t.Errorf("%+v", all)
	}
}

// A look at the sizes of all slots of the world, in the middle of one shard.
func BenchmarkSizes(b *testing.B) {
	m := shard.NewMachine()
	var e []byte
	for s := range grid.Slots {
		c := slot.Command{Slot: grid.Slot(s), Kind: leaderboard.KindCreate, Body: createBody("b")}
		e = c.Append(e)
	}
	head := shard.Entry{Level: shard.Level, At: 1, Count: grid.Slots}
	var entry shard.Entry
	if err := entry.Decode(append(head.AppendHead(nil), e...)); err != nil {
		b.Fatal(err)
	}
	if err := m.Apply(1, &entry, &collector{}, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if m.Sizes().Boards.Count != grid.Slots {
			b.Fatal("some are missing")
		}
	}
}
