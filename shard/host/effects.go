package host

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/invariant"
)

// effectsOf returns where the effects of an entry go: nil when nobody acts on
// them here, because another node proposed it, or an earlier incarnation of this
// one whose log is being replayed.
func (f *fsm) effectsOf(origin grid.Origin) *grid.Effects {
	if f.g.machine == nil {
		return nil // the meta group has none
	}
	if origin == f.g.host.origin || heedReplay {
		return &f.effects
	}
	return nil
}

// act hands on the effects of an entry of some bytes.
func (f *fsm) act(effects *grid.Effects, bytes int) {
	if effects == nil {
		return
	}
	h := f.g.host
	if len(effects.Hints) > 0 {
		if heed := h.hints.Load(); heed != nil {
			(*heed)(effects)
		}
	}
	if len(effects.Due) > 0 {
		h.errands.in.owes(effects.Due, bytes)
	}
	invariant.Poison(effects.Bytes)
	if cap(effects.Bytes) > keptBytesMax {
		*effects = grid.Effects{}
	}
	effects.Reset()
}
