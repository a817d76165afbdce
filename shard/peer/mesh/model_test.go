package mesh

import (
	"encoding/binary"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// A ledger checks what one node takes from another: numbers of each channel that only
// rise.
type ledger struct {
	mu      sync.Mutex
	newest  [peer.ChannelsEnd]uint64
	arrived int
}

func (l *ledger) take(t *testing.T, c peer.Channel, body []byte) {
	n := binary.BigEndian.Uint64(body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if n <= l.newest[c] {
		t.Errorf("channel %d: message %d came after %d", c, n, l.newest[c])
	}
	l.newest[c] = n
	l.arrived++
}

// TestModel: through whatever happens to connections, messages of a channel arrive in
// order and at most once, and each call is answered once: with its own answer, or as lost
// or not sent. What was neither lost nor refused has arrived. In the end both are up.
func TestModel(t *testing.T) {
	for seed := range uint64(40) {
		bubble(t, func(t *testing.T, n *memory) {
			w := newModel(t, n, mathrand.New(mathrand.NewPCG(seed, 1)))
			for range 600 {
				w.step()
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			w.check()
		})
	}
}

// A model is two nodes that call each other while connections break.
type model struct {
	t     *testing.T
	n     *memory
	r     *mathrand.Rand
	m     [2]*Mesh
	heard [2]*seen
	books [2]ledger
	sent  uint64

	mu    sync.Mutex
	calls struct{ open, done, lost, unsent int }
}

func newModel(t *testing.T, n *memory, r *mathrand.Rand) *model {
	w := &model{t: t, n: n, r: r}
	delays := mathrand.New(mathrand.NewPCG(r.Uint64(), 0))
	n.delay = func() time.Duration { return time.Duration(delays.IntN(5)) * time.Millisecond }
	for i := range w.m {
		w.m[i] = open(t, memoryOptions(n, uint32(i+1)))
		w.heard[i] = watch(w.m[i])
		for c := peer.Channel(1); c < peer.ChannelsEnd; c++ {
			w.m[i].Serve(c, func(_ grid.Origin, body []byte, answer func([]byte)) {
				w.books[i].take(t, c, body)
				answer(append([]byte(nil), body...))
			})
		}
		w.m[i].Start()
	}
	join(w.m[:]...)
	return w
}

// step lets one thing happen.
func (w *model) step() {
	switch w.r.IntN(60) {
	case 0:
		w.n.reset()
	case 1:
		if conns := w.n.connections(); len(conns) > 0 {
			conns[w.r.IntN(len(conns))].Close()
		}
	case 2:
		w.n.part()
		w.sleep(7000)
		w.n.heal()
	case 3:
		w.sleep(3000)
	default:
		w.call()
		if w.r.IntN(4) == 0 {
			w.sleep(50)
		}
	}
}

func (w *model) sleep(millis int) { time.Sleep(time.Duration(w.r.IntN(millis)) * time.Millisecond) }

func (w *model) call() {
	w.sent++
	from, c, number := w.r.IntN(2), peer.Channel(1+w.r.IntN(peer.ChannelsEnd-1)), w.sent
	body := append(binary.BigEndian.AppendUint64(nil, number), make([]byte, w.r.IntN(2)*w.r.IntN(9000))...)
	w.mu.Lock()
	w.calls.open++
	w.mu.Unlock()
	w.m[from].Call(uint32(2-from), c, body, func(answer []byte, err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls.open--
		switch {
		case err == nil && binary.BigEndian.Uint64(answer) == number:
			w.calls.done++
		case errors.Is(err, peer.ErrLost):
			w.calls.lost++
		case errors.Is(err, peer.ErrUnreachable):
			w.calls.unsent++
		default:
			w.t.Errorf("call %d: %x, %v", number, answer, err)
		}
	})
}

func (w *model) check() {
	arrived, c := w.books[0].arrived+w.books[1].arrived, w.calls
	switch {
	case c.open != 0 || uint64(c.done+c.lost+c.unsent) != w.sent:
		w.t.Errorf("of %d calls: %+v", w.sent, c)
	case arrived < c.done || arrived > c.done+c.lost:
		w.t.Errorf("%d messages arrived: %+v", arrived, c)
	case c.done < 20:
		w.t.Errorf("hardly anything was answered: %+v", c)
	}
	for i := range w.m {
		for k, e := range w.heard[i].take() {
			if (e.State == peer.Up) != (k%2 == 0) {
				w.t.Errorf("event %d of node %d: %v", k, i+1, e)
			}
		}
		if got := w.m[i].Stats().Peers[0].State; got != peer.Up {
			w.t.Errorf("in the end node %d says %v", i+1, got)
		}
	}
}
