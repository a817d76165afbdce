package sim

import (
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
)

// post carries hints from the nodes to the players, as gateways do: at once, or
// behind others, or not at all.
type post struct {
	w *world

	mu      sync.Mutex
	rand    *rand.Rand
	players []*player
	// told holds every message and change that was hinted. No entry is hinted
	// twice: not by another node, and not when a log is replayed.
	told map[told]bool
}

type told struct {
	key           string
	seq, revision uint64
}

func newPost(w *world) *post {
	return &post{w: w, rand: rand.New(rand.NewPCG(w.seed, 50)), told: make(map[told]bool)}
}

func (p *post) add(x *player) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.players = append(p.players, x)
}

// deliver takes the hints of one entry. Called on a node's goroutine.
func (p *post) deliver(e *grid.Effects) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range e.Hints {
		body := slices.Clone(e.Of(h.Body))
		if h.Kind == chat.KindMessage || h.Kind == chat.KindChanged {
			p.once(body)
		}
		for _, x := range p.players {
			if h.To.Session != 0 && !x.isAt(h.To) || h.To.Session == 0 && !x.isOn(e.Of(h.Stream)) {
				continue
			}
			if p.rand.IntN(8) > 0 {
				x.push(h.Kind, body, p.rand.IntN(4) == 0)
			}
		}
	}
}

// once fails if a message or a change is told a second time.
func (p *post) once(body []byte) {
	in := pack.NewCursor(body)
	e, err := chat.DecodeMessageEvent(&in)
	p.w.failIf(err != nil, "decode a push of a message: %v", err)
	t := told{e.Key, e.Message.Seq, e.Message.Revision}
	p.w.failIf(p.told[t], "message %d of %q, revision %d, was pushed twice",
		t.seq, t.key, t.revision)
	p.told[t] = true
}
