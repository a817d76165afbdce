package sim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// TestALostHandOver lets a leader hand over by a message that is lost: its term has
// no lease any more, so a term must follow in which reads are answered.
func TestALostHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 3, 1)
		w.until = time.Now()
		go w.net.run()
		for _, n := range w.nodes {
			n.start()
		}
		c := w.newClient(1, newNumbers(1))
		if !c.create() {
			t.Error("the boards could not be created")
		}
		time.Sleep(time.Second) // all followers have all
		h, _ := w.leader(w.chance()).running()
		r := h.Groups()[0].Raft()
		term := r.CurrentTerm()
		w.net.setWeather(1, time.Millisecond)
		over := r.LeadershipTransfer()
		time.Sleep(100 * time.Millisecond)
		w.net.heal()
		if over.Error() == nil && r.CurrentTerm() == term {
			t.Error("leadership was handed over")
		}
		page := leaderboard.PageRequest{Board: boards[0].name, Rank: 1, Limit: 1}
		began := time.Now()
		for {
			_, ok := c.read(grid.Leader, ops[leaderboard.KindPage], boards[0].name,
				fields(page.Fields(), page.Append))
			if ok {
				break
			}
			if time.Since(began) > healWithin {
				t.Errorf("no read was answered within %v", healWithin)
				break
			}
		}
		w.close()
		if err := w.failed(); err != nil {
			t.Error(err)
		}
	})
}
