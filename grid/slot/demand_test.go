package slot

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/gate"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/session"
)

func TestDemands(t *testing.T) {
	d := Demands()
	for kind, want := range map[grid.Kind]gate.Demand{
		leaderboard.KindSubmit: gate.Grows, leaderboard.KindCreate: gate.Grows,
		leaderboard.KindDelete: gate.Frees, leaderboard.KindRemove: gate.Frees,
		chat.KindSend: gate.Grows, chat.KindRemove: gate.Frees,
		session.KindTrack: gate.Grows, session.KindUntrack: gate.Frees,
		session.KindOpen: gate.Enters, session.KindDetach: gate.Frees,
	} {
		if got := d[kind]; got != want {
			t.Errorf("kind %#x: demand %d, want %d", kind, got, want)
		}
	}
}
