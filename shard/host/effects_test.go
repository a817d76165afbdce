package host

import (
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// enterEntry returns an entry of an origin that lets a session enter a room.
func enterEntry(origin grid.Origin, n uint64) []byte {
	r := presence.EnterRequest{Key: []byte(roomKey(1)), Session: grid.SessionID(n), User: userOf(int(n)),
		Origin: origin, Conn: n, HasStatus: true}
	c := slot.Command{Slot: grid.SlotOf(roomKey(1)), Kind: presence.KindEnter, Body: body(r.Fields(), r.Append)}
	e := shard.Entry{Level: shard.Level, At: int64(n), Origin: uint64(origin), Number: 1 << 40, Count: 1}
	return c.Append(e.AppendHead(nil))
}

// TestEffectsAreThoseOfThisIncarnation applies entries that this incarnation of
// the node, the one before, and another node have proposed: what a replay, and a
// follower, apply. Only those of the first are acted on.
func TestEffectsAreThoseOfThisIncarnation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		synctest.Wait()
		told := make(map[grid.SessionID]int)
		h.Listen(func(e *grid.Effects) {
			for _, hint := range e.Hints {
				if hint.Kind == presence.KindEntered {
					told[hint.To.Session]++
				}
			}
		})
		f := h.group(grid.SlotOf(roomKey(1))).fsm
		for n, origin := range []grid.Origin{
			h.origin, grid.OriginOf(1, h.incarnation-1), grid.OriginOf(2, h.incarnation), h.origin,
		} {
			f.apply(1, uint64(1000+n), enterEntry(origin, uint64(n+1)))
		}
		if got := len(present(t, h, 1)); got != 4 {
			t.Fatalf("%d sessions have entered, want 4", got)
		}
		if len(told) != 2 || told[1] != 1 || told[4] != 1 {
			t.Errorf("told were %v, want sessions 1 and 4, once each", told)
		}
		if len(f.effects.Hints) != 0 || len(f.effects.Bytes) != 0 || len(f.effects.Due) != 0 {
			t.Error("effects are left for the next entry")
		}
	})
}

// TestHintsFollowOutcomes: who asked has the outcome before anybody is told what
// came of it. Gateways count on that: they know who is on a stream by outcomes.
func TestHintsFollowOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const entries = 20
		h := open(t, vfs.NewMem(), nil)
		synctest.Wait()
		order := make(chan string, 4*entries)
		h.Listen(func(e *grid.Effects) { order <- "hints" })
		lane := h.Open(func(o *grid.Outcomes) {
			order <- "outcomes"
			o.Release()
		})
		for n := range uint64(entries) {
			r := presence.EnterRequest{Key: []byte(roomKey(1)), Session: grid.SessionID(n + 1),
				User: userOf(int(n)), Origin: h.origin, Conn: n, HasStatus: true}
			b := body(r.Fields(), r.Append)
			err := lane.Write(grid.SlotOf(r.Key), presence.KindEnter, grid.RequestID{}, b, grid.Ref{})
			if err != nil {
				t.Fatal(err)
			}
			lane.Flush()
			synctest.Wait()
			if first, then := <-order, <-order; first != "outcomes" || then != "hints" {
				t.Fatalf("entry %d: %s came first, then %s", n, first, then)
			}
		}
	})
}

// TestAReplayEmitsNothing: what was pushed before a restart is not pushed again.
func TestAReplayEmitsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users = 10
		disk := vfs.NewCrashableMem()
		h := open(t, disk, nil)
		told := make(chan grid.SessionID, 2*users)
		listen := func(h *Host) {
			h.Listen(func(e *grid.Effects) {
				for _, hint := range e.Hints {
					if hint.Kind == presence.KindEntered {
						told <- hint.To.Session
					}
				}
			})
		}
		listen(h)
		c := newCaller(t, h)
		for u := range users {
			c.open(h, userOf(u), uint64(u+1), false).track(u%3, "")
		}
		synctest.Wait()
		if len(told) != users {
			t.Fatalf("%d sessions were told that they are in a room, want %d", len(told), users)
		}
		h, err := Open(Options{FS: disk.CrashClone(vfs.CrashCloneCfg{}), Dir: "data", Clock: clock.Real(), Node: 1,
			Logger: slog.New(slog.DiscardHandler), Fatal: func(err error) { panic(err) }})
		if err != nil {
			t.Fatal(err)
		}
		listen(h)
		startAll(t, h, 2, 1)
		if err := h.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		agree(t, h, users, 3)
		if len(told) != users {
			t.Errorf("%d sessions were told again that they are in a room", len(told)-users)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkAct measures what an entry without effects costs beside its commands.
func BenchmarkAct(b *testing.B) {
	h := open(b, vfs.NewMem(), nil)
	f := newFSM(h.Groups()[0])
	b.ReportAllocs()
	for range b.N {
		f.act(f.effectsOf(h.origin), 100)
	}
}
