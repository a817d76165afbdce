package leaderboard

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// routesMax is how many boards an edge knows to be spread; it then begins anew.
const routesMax = 1024

// routes is what an edge knows of boards that are spread over slots, so that it
// need not ask the root for each write. It may be wrong: the slots see to that.
// Reading takes no lock, and where no board is spread no look-up.
type routes struct {
	known atomic.Pointer[map[string]route] // nil: none; never changed in place
	mu    sync.Mutex                       // held to replace known
}

type route struct {
	born int64
	of   int
}

func (r *routes) find(name string) (to route, ok bool) {
	known := r.known.Load()
	if known == nil {
		return to, false
	}
	to, ok = (*known)[name]
	return to, ok
}

// stripe returns the stripe that holds an owner of a board, if that is known and
// is not the root.
func (r *routes) stripe(name string, owner *grid.ID) (s stripe, ok bool) {
	to, ok := r.find(name)
	if !ok {
		return s, false
	}
	s = stripe{name: name, born: to.born, of: to.of, number: stripeOf(owner, to.of)}
	return s, s.number != 0
}

// learn notes the key under which a board's slots know it: its name if it is
// not spread, so far as one of them can tell.
func (r *routes) learn(key string) {
	s, spread := parseStripe(key)
	now := route{s.born, s.of}
	if to, was := r.find(shown(key)); was == spread && to == now {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	known := map[string]route{}
	if m := r.known.Load(); m != nil && len(*m) < routesMax {
		known = maps.Clone(*m)
	}
	delete(known, shown(key))
	if spread {
		known[strings.Clone(s.name)] = now
	}
	r.known.Store(&known)
}

// Learn is grid.Scatter's.
func (r *routes) Learn(body []byte) {
	in := pack.NewCursor(body)
	if in.Array() > 0 {
		if key := in.String(); in.Err() == nil {
			r.learn(view(key))
		}
	}
}
