package slot

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/session"
)

// Demands returns what each command asks of a node that is short of room. A kind
// that is not in it makes the state larger.
func Demands() map[grid.Kind]gate.Demand {
	// What gateways write for themselves. Only an opening is new: a session that is
	// resumed or detached is there already, and refusing it would let it linger.
	demands := map[grid.Kind]gate.Demand{
		session.KindOpen:    gate.Enters,
		session.KindResume:  gate.Frees,
		session.KindConfirm: gate.Frees,
		session.KindDetach:  gate.Frees,
	}
	for _, op := range Ops(nil) {
		if op.Write && op.Frees {
			demands[op.Kind] = gate.Frees
		}
	}
	return demands
}
