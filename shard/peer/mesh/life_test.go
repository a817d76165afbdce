package mesh

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// states are what events say of a node.
func states(events []peer.Event) (out []peer.State) {
	for _, e := range events {
		out = append(out, e.State)
	}
	return out
}

// TestDialsCross: whenever both nodes dial, and however long it takes, one connection
// stays, and nobody hears of the other.
func TestDialsCross(t *testing.T) {
	for seed := range uint64(60) {
		bubble(t, func(t *testing.T, n *memory) {
			r := mathrand.New(mathrand.NewPCG(seed, 0))
			n.delay = func() time.Duration { return time.Duration(r.IntN(3)) * time.Millisecond }
			a, heardA := start(t, memoryOptions(n, 1))
			b, heardB := start(t, memoryOptions(n, 2))
			join(a, b)
			time.Sleep(10 * time.Second)
			for _, heard := range []*seen{heardA, heardB} {
				if got := states(heard.take()); !slices.Equal(got, []peer.State{peer.Up}) {
					t.Errorf("seed %d: %v", seed, got)
				}
			}
			if got := len(n.connections()); got != 2 {
				t.Errorf("seed %d: %d ends of connections, want 2", seed, got)
			}
			both := make(chan outcome, 2)
			a.Call(2, peer.Snapshot, nil, func(_ []byte, err error) { both <- outcome{err: err} })
			b.Call(1, peer.Snapshot, nil, func(_ []byte, err error) { both <- outcome{err: err} })
			for range 2 {
				if got := <-both; got.err != nil {
					t.Errorf("seed %d: a call when both dial for snapshots: %v", seed, got.err)
				}
			}
			synctest.Wait()
			if got := len(n.connections()); got != 4 {
				t.Errorf("seed %d: %d ends of connections with those of snapshots, want 4", seed, got)
			}
			time.Sleep(2 * bulkIdleMax)
			if got := len(n.connections()); got != 2 {
				t.Errorf("seed %d: %d ends of connections long after the snapshot, want 2", seed, got)
			}
		})
	}
}

// TestSilence: a node of which nothing is heard is down, not gone, and what it was asked
// is lost; an idle one stays up. It comes back by itself.
func TestSilence(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		b, _ := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		time.Sleep(time.Minute)
		if got := heard.take(); len(got) > 0 {
			t.Fatalf("a minute without messages: %v", got)
		}
		n.part()
		began := time.Now()
		got := make(chan error, 1)
		a.Call(2, peer.Requests, []byte("x"), func(_ []byte, err error) { got <- err })
		if err := <-got; !errors.Is(err, peer.ErrLost) {
			t.Errorf("a call to a silent node: %v", err)
		}
		if took := time.Since(began); took < 3*time.Second || took > 6*time.Second {
			t.Errorf("the node was given up after %v", took)
		}
		heard.want(t, 2, 1, peer.Down)
		time.Sleep(20 * time.Second)
		if err := a.Tell(2, peer.Requests, nil); !errors.Is(err, peer.ErrUnreachable) {
			t.Errorf("a message to a node that is down: %v", err)
		}
		n.heal()
		heard.want(t, 2, 1, peer.Up)
		if took := time.Since(began); took > 35*time.Second {
			t.Errorf("it was up again after %v", took)
		}
	})
}

// TestStuck: a peer that says something but reads nothing loses the connection, and what
// waits for it is bounded until then.
func TestStuck(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		o := memoryOptions(n, 1)
		o.QueueBytesMax = 1 << 20
		a, heard := start(t, o)
		b, _ := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		synctest.Wait()
		for _, end := range n.connections() { // what a writes, b does not read
			if a.node(2).lines[forMain].mu.live.meeting.raw != end {
				end.setDeaf(true)
			}
		}
		b.mu.Lock()
		b.mu.pulse.Stop() // else it would end what it hears nothing of
		b.mu.Unlock()
		sent, err := 0, error(nil)
		for ; err == nil; sent++ {
			err = a.Tell(2, peer.Hints, make([]byte, 10_000))
		}
		if want := 1 << 20 / 10_000; !errors.Is(err, peer.ErrUnreachable) || sent < want-2 || sent > want+2 {
			t.Errorf("%d messages were taken, want about %d; then %v", sent, want, err)
		}
		if got := a.Stats().Peers[0].QueueBytes; got > 1<<20 || got < 1<<19 {
			t.Errorf("%d bytes wait", got)
		}
		for range 12 {
			b.Tell(1, peer.Hints, nil)
			time.Sleep(time.Second / 2)
		}
		if got := states(heard.take()); !slices.Equal(got, []peer.State{peer.Down, peer.Up}) {
			t.Errorf("6 s after it has stopped to read: %v", got)
		}
		if err := a.Tell(2, peer.Hints, nil); err != nil {
			t.Errorf("a message after it is up: %v", err)
		}
	})
}

// TestOneWay: who is sent everything and heard of no more is down too.
func TestOneWay(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		b, _ := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		synctest.Wait()
		b.mu.Lock()
		b.mu.pulse.Stop() // else it would end what takes nothing
		b.mu.Unlock()
		a.node(2).lines[forMain].senders.Load().meeting.raw.(*memoryConn).setDeaf(true)
		time.Sleep(6 * time.Second)
		if got := states(heard.take()); !slices.Equal(got, []peer.State{peer.Down, peer.Up}) {
			t.Errorf("6 s after the last word: %v", got)
		}
	})
}

// TestGone: a node whose process has ended is gone, not down; when it starts anew it is up
// with its new incarnation. Connections that just break make it down.
func TestGone(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		b, _ := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		time.Sleep(time.Minute)

		n.reset()
		heard.want(t, 2, 1, peer.Down)
		heard.want(t, 2, 1, peer.Up)
		time.Sleep(time.Minute)

		began := time.Now()
		b.Close()
		heard.want(t, 2, 1, peer.Gone)
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("that it is gone was known after %v", took)
		}
		time.Sleep(time.Minute)
		o := memoryOptions(n, 2)
		o.Incarnation = 2
		b, _ = start(t, o)
		join(a, b)
		heard.want(t, 2, 2, peer.Up)
		time.Sleep(time.Minute)

		// The other way round: the connections close before the listener does.
		b.SetSelf(0, testCluster)        // and it does not dial
		dying, _ := n.Listen(b.o.Listen) // where nobody accepts any more
		n.reset()
		time.Sleep(20 * time.Millisecond)
		dying.Close()
		heard.want(t, 2, 2, peer.Gone)

		if got := states(heard.take()); len(got) > 0 {
			t.Errorf("more events: %v", got)
		}
	})
}

// TestGoneIsSure: who has only dialled us is not gone because nobody listens at an address
// that was never its own; who answers there is, whichever side dialled.
func TestGoneIsSure(t *testing.T) {
	for name, test := range map[string]struct {
		address string
		want    peer.State
	}{"its own": {"b:1", peer.Gone}, "a wrong one": {"nowhere:1", peer.Down}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memory) {
				b, _ := start(t, memoryOptions(n, 1)) // the lower number dials
				a, heard := start(t, memoryOptions(n, 2))
				b.SetNodes([]peer.Node{{Number: 2, Address: a.o.Listen}})
				a.SetNodes([]peer.Node{{Number: 1, Address: test.address}})
				heard.want(t, 1, 1, peer.Up)
				time.Sleep(time.Minute)
				b.Close()
				heard.want(t, 1, 1, test.want)
				time.Sleep(time.Minute)
				if got := heard.take(); len(got) > 0 {
					t.Errorf("and then %v", got)
				}
			})
		})
	}
}

// TestRemoved: a node that is taken out of the topology is down, and cannot be reached.
func TestRemoved(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		b, heardB := start(t, memoryOptions(n, 2))
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		heardB.want(t, 1, 1, peer.Up)
		a.SetNodes(nil)
		heard.want(t, 2, 1, peer.Down)
		heardB.want(t, 1, 1, peer.Down)
		time.Sleep(10 * time.Second)
		if got := b.Stats().Peers[0]; !strings.Contains(got.Refused, "not in the topology") {
			t.Errorf("what the removed node knows: %+v", got)
		}
		if got := call(a, 2, peer.Requests, ""); !errors.Is(got.err, peer.ErrUnreachable) {
			t.Errorf("a call to a removed node: %v", got.err)
		}
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
	})
}

// TestRefusals: what must not meet is refused on both sides with a sentence that says what
// to do, is logged once on each, and reaches nothing.
func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Options)
		reason Reason
		says   string
	}{
		"secret":  {func(o *Options) { o.Secret = []byte("somebody else's secret") }, BadSecret, "secret_file"},
		"cluster": {func(o *Options) { o.Cluster = grid.ID{9} }, BadCluster, "empty data directory"},
		"ahead":   {func(o *Options) { o.Clock = offsetClock{o.Clock, 600 * time.Millisecond} }, BadClock, "NTP"},
		"behind":  {func(o *Options) { o.Clock = offsetClock{o.Clock, -600 * time.Millisecond} }, BadClock, "NTP"},
		"level":   {func(o *Options) { o.LevelMin, o.LevelMax = 2, 3 }, BadLevel, "upgrade"},
		"unknown": {func(o *Options) { o.Number = 3 }, UnknownNode, "not in the topology"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, n *memory) {
				var logs [2]bytes.Buffer
				var m [2]*Mesh
				var heard [2]*seen
				for i := range m {
					o := memoryOptions(n, uint32(i+1))
					if i == 1 {
						test.change(&o)
					}
					o.Logger = slog.New(slog.NewTextHandler(&logs[i], nil))
					m[i], heard[i] = start(t, o)
				}
				m[0].SetNodes([]peer.Node{{Number: 2, Address: m[1].o.Listen}})
				m[1].SetNodes([]peer.Node{{Number: 1, Address: m[0].o.Listen}})
				time.Sleep(time.Minute)
				m[0].Close()
				m[1].Close()
				for i := range m {
					said := logs[i].String()
					n := strings.Count(said, "was refused")
					if n < 1 || n > 3 || !strings.Contains(said, test.says) ||
						!strings.Contains(said, fmt.Sprintf("reason=%d", test.reason)) {
						t.Errorf("node %d logged %d refusals in a minute:\n%s", i+1, n, said)
					}
					if got := heard[i].take(); len(got) > 0 {
						t.Errorf("node %d heard %v", i+1, got)
					}
				}
			})
		})
	}
}

// TestClocks: clocks that differ by less than the limit are taken, and the difference is
// measured.
func TestClocks(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		o := memoryOptions(n, 2)
		o.Clock = offsetClock{o.Clock, 400 * time.Millisecond}
		b, _ := start(t, o)
		join(a, b)
		heard.want(t, 2, 1, peer.Up)
		for range 2 {
			if got := a.Stats().Peers[0]; got.ClockOffsetMicros != 400_000 || got.RoundTripMicros != 0 {
				t.Errorf("measured: %+v", got)
			}
			a.node(2).offset.Store(0) // and pings measure it again
			time.Sleep(time.Minute)
		}
	})
}

// TestTwins: a second process with the same number and incarnation is refused, and so is an
// earlier one; the first stays connected.
func TestTwins(t *testing.T) {
	bubble(t, func(t *testing.T, n *memory) {
		a, heard := start(t, memoryOptions(n, 1))
		o := memoryOptions(n, 2)
		o.Incarnation = 5
		b, _ := start(t, o)
		join(a, b)
		heard.want(t, 2, 5, peer.Up)
		for incarnation, says := range map[uint64]string{5: "two processes", 4: "old copy"} {
			o := memoryOptions(n, 2)
			o.Listen, o.Incarnation = "elsewhere:1", incarnation
			twin, heardTwin := start(t, o)
			twin.SetNodes([]peer.Node{{Number: 1, Address: a.o.Listen}})
			time.Sleep(10 * time.Second)
			if got := twin.Stats().Peers[0]; !strings.Contains(got.Refused, says) {
				t.Errorf("incarnation %d: %+v", incarnation, got)
			}
			if got := heardTwin.take(); len(got) > 0 {
				t.Errorf("incarnation %d heard %v", incarnation, got)
			}
			twin.Close()
		}
		if got := heard.take(); len(got) > 0 {
			t.Errorf("the first process: %v", got)
		}
	})
}
