package host

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open starts a node that is its own cluster, with two shards.
func open(t testing.TB, fs vfs.FS, change func(*Options)) *Host {
	t.Helper()
	return openShards(t, fs, 2, change)
}

func openShards(t testing.TB, fs vfs.FS, shards int, change func(*Options)) *Host {
	t.Helper()
	o := Options{FS: fs, Dir: "data", Clock: clock.Real(), Logger: slog.New(slog.DiscardHandler),
		Node: 1, Fatal: func(err error) { panic(err) }}
	if change != nil {
		change(&o)
	}
	h, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	startAll(t, h, shards, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return h
}

// startAll starts all shards on a node, which sweeps against its own earlier starts.
func startAll(t testing.TB, h *Host, shards int, founders ...uint32) {
	t.Helper()
	h.SetTable(shard.NewTable(shards))
	h.SetFloors(grid.Floors{h.Origin()})
	for i := range shards {
		if err := h.Start(i, founders); err != nil {
			t.Fatal(err)
		}
	}
}

// caller asks and waits, as one event loop would.
type caller struct {
	t    testing.TB
	lane grid.Lane
	in   chan reply
	seq  uint64
}

type reply struct {
	ref       grid.Ref
	err       error
	status    fault.Code
	body      []byte
	confirmed bool
}

func newCaller(t testing.TB, h *Host) *caller {
	c := &caller{t: t, in: make(chan reply, 1<<16)}
	c.lane = h.Open(func(o *grid.Outcomes) {
		for i, ref := range o.Refs {
			r := reply{ref: ref, err: o.Err, confirmed: o.Confirmed}
			if o.Err == nil && !o.Confirmed {
				status, b := o.Body(i)
				r.status, r.body = fault.Code(status), append([]byte(nil), b...)
			}
			c.in <- r
		}
		o.Release()
	})
	return c
}

func body(n int, add func([]byte) []byte) []byte { return add(pack.AppendArray(nil, n)) }

func submitBody(board string, owner byte, score int64) []byte {
	r := leaderboard.SubmitRequest{Board: board, Owner: grid.ID{owner}, Score: score}
	return body(r.Fields(), r.Append)
}

func createBody(board string) []byte {
	r := leaderboard.CreateRequest{Board: board, Operator: leaderboard.Incr}
	return body(r.Fields(), r.Append)
}

func (c *caller) write(board string, kind grid.Kind, b []byte) reply {
	c.t.Helper()
	c.seq++
	id := grid.RequestID{Client: grid.ID{1}, Seq: c.seq, Low: c.seq}
	if err := c.lane.Write(grid.SlotOf(board), kind, id, b, grid.Ref{ID: uint32(c.seq)}); err != nil {
		c.t.Fatal(err)
	}
	c.lane.Flush()
	return <-c.in
}

func (c *caller) score(board string, owner byte, level grid.Level) int64 {
	c.t.Helper()
	r := leaderboard.OwnersRequest{Board: board, Owners: []grid.ID{{owner}}}
	b, err := c.lane.Read(grid.SlotOf(board), level, leaderboard.KindOwners, body(r.Fields(), r.Append), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if level == grid.Stale {
		var age uint32
		if age, b, err = grid.CutStale(b); err != nil || age != 0 {
			c.t.Fatalf("owner %d of %s: %d ms old, %v", owner, board, age, err)
		}
	}
	cur := pack.NewCursor(b)
	page, err := leaderboard.DecodePageReply(&cur)
	if err != nil || len(page.Records) != 1 {
		c.t.Fatalf("owner %d of %s: %+v, %v", owner, board, page, err)
	}
	return page.Records[0].Score
}

func TestWhatWasAcknowledgedIsThereAfterARestart(t *testing.T) {
	fs := vfs.NewCrashableMem()
	h := open(t, fs, func(o *Options) { o.LogBytesMax = 4 << 10 })
	c := newCaller(t, h)
	for b := range 8 {
		name := fmt.Sprint("b", b)
		if r := c.write(name, leaderboard.KindCreate, createBody(name)); r.status != fault.OK {
			t.Fatal(r)
		}
		for range 20 {
			if r := c.write(name, leaderboard.KindSubmit, submitBody(name, 1, 5)); r.status != fault.OK {
				t.Fatal(r)
			}
		}
	}
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	again := open(t, crashed, nil)
	if again.Incarnation() != h.Incarnation()+1 {
		t.Errorf("incarnation %d after %d", again.Incarnation(), h.Incarnation())
	}
	c = newCaller(t, again)
	for b := range 8 {
		for _, level := range []grid.Level{grid.Leader, grid.Stale} {
			if got := c.score(fmt.Sprint("b", b), 1, level); got != 100 {
				t.Errorf("board %d at level %d: %d, want 100", b, level, got)
			}
		}
	}
}

func TestALinearizableReadIsConfirmed(t *testing.T) {
	c := newCaller(t, open(t, vfs.NewMem(), nil))
	c.write("b", leaderboard.KindCreate, createBody("b"))
	if err := c.lane.Confirm(grid.SlotOf("b"), grid.Ref{ID: 9}); err != nil {
		t.Fatal(err)
	}
	c.lane.Flush()
	if r := <-c.in; r.err != nil || !r.confirmed || r.ref.ID != 9 {
		t.Fatalf("%+v", r)
	}
}

// Reads whose leader is not confirmed are told from commands that failed: whoever staged
// them counts the two apart.
func TestALinearizableReadIsRefused(t *testing.T) {
	for name, late := range map[string]bool{"as it comes": true, "as it waits": false} {
		t.Run(name, func(t *testing.T) {
			h := open(t, vfs.NewMem(), nil)
			c := newCaller(t, h)
			slot := grid.SlotOf("b")
			if err := c.lane.Confirm(slot, grid.Ref{ID: 9}); err != nil {
				t.Fatal(err)
			}
			if late {
				h.group(slot).confirms.close(errNotServing)
				c.lane.Flush()
			} else {
				w := waiting{c.lane.(*lane), &grid.Outcomes{Refs: []grid.Ref{{ID: 9}}}}
				h.group(slot).answerConfirms([]waiting{w}, errLeaseOver)
			}
			if r := <-c.in; r.err == nil || !r.confirmed || r.ref.ID != 9 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestEveryCommandIsAnsweredOnce closes the node under load: each command gets
// one answer, done, failed or unknown.
func TestEveryCommandIsAnsweredOnce(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	const callers, each = 4, 2000
	var wg sync.WaitGroup
	for n := range callers {
		c := newCaller(t, h)
		wg.Go(func() {
			asked := 0
			for i := range each {
				board := fmt.Sprint("b", i%7)
				id := grid.RequestID{Client: grid.ID{2, byte(n)}, Seq: uint64(i + 1), Low: uint64(i + 1)}
				ref := grid.Ref{ID: uint32(asked)}
				if c.lane.Write(grid.SlotOf(board), leaderboard.KindCreate, id, createBody(board), ref) == nil {
					asked++
				}
				c.lane.Flush()
			}
			seen := make([]bool, asked)
			for range asked {
				r := <-c.in
				if seen[r.ref.ID] {
					t.Errorf("command %d was answered twice", r.ref.ID)
				}
				seen[r.ref.ID] = true
			}
		})
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func TestACommandThatTheLogWouldRefuseIsNeverQueued(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	h.group(0).queue.bytes.Store(QueueBytesMax + 1)
	err := c.lane.Write(0, leaderboard.KindCreate, grid.RequestID{}, nil, grid.Ref{})
	if fault.CodeOf(err) != fault.ResourceExhausted {
		t.Errorf("a full queue: %v", err)
	}
	h.group(0).queue.bytes.Store(0)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	err = c.lane.Write(0, leaderboard.KindCreate, grid.RequestID{}, nil, grid.Ref{})
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a closed node: %v", err)
	}
}

func TestAnEntryThatCannotBeUnderstoodStopsTheNode(t *testing.T) {
	fatal := make(chan error, 1)
	h := open(t, vfs.NewMem(), func(o *Options) { o.Fatal = func(err error) { fatal <- err } })
	h.Groups()[0].raft.Load().Apply([]byte("no entry"), 0)
	if err := <-fatal; !strings.Contains(err.Error(), "shard 0") {
		t.Fatalf("%v", err)
	}
}

// BenchmarkWrite measures commands through lane, queue, log and machine, with
// 512 in flight on one lane, on a file system in memory.
func BenchmarkWrite(b *testing.B) {
	h := open(b, vfs.NewMem(), nil)
	done := make(chan struct{}, 1<<20)
	l := h.Open(func(o *grid.Outcomes) {
		for range o.Refs {
			done <- struct{}{}
		}
		o.Release()
	})
	body := submitBody("b", 1, 5)
	at := grid.SlotOf("b")
	err := l.Write(at, leaderboard.KindCreate, grid.RequestID{}, createBody("b"), grid.Ref{})
	if err != nil {
		b.Fatal(err)
	}
	l.Flush()
	<-done
	b.ReportAllocs()
	b.ResetTimer()
	flying := 0
	for i := range b.N {
		var id grid.RequestID
		binary.BigEndian.PutUint64(id.Client[:], uint64(i%64))
		id.Seq = uint64(i/64 + 1)
		id.Low = max(1, id.Seq-8)
		if err := l.Write(at, leaderboard.KindSubmit, id, body, grid.Ref{}); err != nil {
			b.Fatal(err)
		}
		if flying++; flying%64 == 0 {
			l.Flush()
		}
		for ; flying >= 512; flying-- {
			<-done
		}
	}
	l.Flush()
	for ; flying > 0; flying-- {
		<-done
	}
}

func TestAClockThatLiesBehindIsNamed(t *testing.T) {
	fs := vfs.NewMem()
	h := open(t, fs, nil)
	newCaller(t, h).write("b", leaderboard.KindCreate, createBody("b"))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	h = open(t, fs, func(o *Options) {
		o.Clock = shifted{clock.Real(), -time.Hour}
		o.Logger = slog.New(slog.NewTextHandler(&said, nil))
	})
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "clock is behind") {
		t.Errorf("the log says nothing of the clock: %q", said.String())
	}
}

type shifted struct {
	clock.Clock
	by time.Duration
}

func (c shifted) Micros() int64 { return c.Clock.Micros() + c.by.Microseconds() }

func TestAConfirmFlushedAfterCloseIsAnswered(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	if err := c.lane.Confirm(0, grid.Ref{ID: 1}); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	c.lane.Flush()
	if r := <-c.in; fault.CodeOf(r.err) != fault.Unavailable {
		t.Errorf("%+v", r)
	}
}

// TestLateNewsOfALostLeadership: Raft may have won again before it is heard that
// it had lost. The term that is served now goes on.
func TestLateNewsOfALostLeadership(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	c := newCaller(t, h)
	c.write("b", leaderboard.KindCreate, createBody("b"))
	c.write("b", leaderboard.KindSubmit, submitBody("b", 1, 5))
	h.group(grid.SlotOf("b")).lost()
	if got := c.score("b", 1, grid.Leader); got != 5 {
		t.Errorf("a score of %d", got)
	}
}

func TestASlotThatIsNoneIsRefused(t *testing.T) {
	c := newCaller(t, open(t, vfs.NewMem(), nil))
	err := c.lane.Write(grid.Slots, leaderboard.KindCreate, grid.RequestID{}, nil, grid.Ref{})
	if fault.CodeOf(err) != fault.InvalidArgument {
		t.Errorf("write: %v", err)
	}
	if err := c.lane.Confirm(grid.Slots, grid.Ref{}); fault.CodeOf(err) != fault.InvalidArgument {
		t.Errorf("confirm: %v", err)
	}
}

// TestEntriesAreBounded stages far more than an entry may hold at once.
func TestEntriesAreBounded(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	l := h.Open(func(o *grid.Outcomes) { o.Release() }).(*lane)
	s := &stage{}
	const commands = 5000
	for range commands {
		s.add([]byte("a command of thirty-two bytes ..."), grid.Ref{})
	}
	var q queue
	if err := q.add(l, s); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, b := range q.batches {
		if b.count > EntryCommandsMax || b.bytes > EntryBytesMax {
			t.Errorf("a batch of %d commands, %d bytes", b.count, b.bytes)
		}
		total += b.count
	}
	if total != commands {
		t.Errorf("%d commands in the queue, want %d", total, commands)
	}
}
