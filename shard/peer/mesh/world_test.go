package mesh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// loopback is the machine's own network.
type loopback struct{}

func (loopback) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

func (loopback) Dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return c, err
}

func draw(b []byte) { rand.Read(b) }

// testCluster is the cluster of all meshes in tests that say nothing else.
var testCluster = grid.ID{1, 2, 3}

// options are those of a node that is reached at an address of the machine.
func options(number uint32) Options {
	return Options{Network: loopback{}, Random: draw, Clock: clock.Real(),
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Listen: "127.0.0.1:0",
		Number: number, Cluster: testCluster, Incarnation: 1, LevelMin: 1, LevelMax: 1,
		Secret: []byte("the secret of all of the tests")}
}

// A seen is what was heard of events at one mesh.
type seen struct {
	mu     sync.Mutex
	events []peer.Event
	more   chan struct{}
}

func watch(m *Mesh) *seen {
	s := &seen{more: make(chan struct{}, 1)}
	m.Watch(func(e peer.Event) {
		s.mu.Lock()
		s.events = append(s.events, e)
		s.mu.Unlock()
		select {
		case s.more <- struct{}{}:
		default:
		}
	})
	return s
}

// take returns the events since the last take.
func (s *seen) take() []peer.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	return out
}

// next waits for an event, and takes it.
func (s *seen) next(t testing.TB) peer.Event {
	t.Helper()
	for limit := time.After(20 * time.Second); ; {
		s.mu.Lock()
		if len(s.events) > 0 {
			e := s.events[0]
			s.events = s.events[1:]
			s.mu.Unlock()
			return e
		}
		s.mu.Unlock()
		select {
		case <-s.more:
		case <-limit:
			t.Fatal("no event")
		}
	}
}

// want waits for an event, which must be this one.
func (s *seen) want(t testing.TB, number uint32, incarnation uint64, state peer.State) {
	t.Helper()
	want := peer.Event{Node: grid.OriginOf(number, incarnation), State: state}
	if got := s.next(t); got != want {
		t.Fatalf("event %+v, want %+v", got, want)
	}
}

// echo answers every call with its body, and what it was told.
func echo(_ grid.Origin, body []byte, answer func([]byte)) {
	if answer != nil {
		answer(append([]byte("echo "), body...))
	}
}

func open(t testing.TB, o Options) *Mesh {
	t.Helper()
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// join lets meshes know of each other.
func join(meshes ...*Mesh) {
	var nodes []peer.Node
	for _, m := range meshes {
		nodes = append(nodes, peer.Node{Number: m.o.Number, Address: m.Addr().String()})
	}
	for _, m := range meshes {
		m.SetNodes(nodes)
	}
}

// outcome is what done was called with.
type outcome struct {
	answer string
	err    error
}

func call(m *Mesh, to uint32, c peer.Channel, body string) outcome {
	got := make(chan outcome, 1)
	m.Call(to, c, []byte(body), func(answer []byte, err error) { got <- outcome{string(answer), err} })
	return <-got
}

func ask(m *Mesh, address string, c peer.Channel, body string) outcome {
	got := make(chan outcome, 1)
	m.Ask(address, c, []byte(body), func(answer []byte, err error) { got <- outcome{string(answer), err} })
	return <-got
}
