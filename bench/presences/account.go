package presences

import (
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/netio/wire"
)

// marker is the status that the watcher takes behind a storm.
const marker = "the storm is over"

// account is what one member is told of who comes and goes.
type account struct {
	mu sync.Mutex
	told
}

// told sums up events.
type told struct {
	pushes  int64 // events
	moves   int64 // joins and leaves in them
	updates int64 // in them
	here    int   // how many are present, by the newest; 0: none has come
	wrong   int   // events that do not add up, and losses of events
	marked  bool  // the marker was among them
}

// take takes what the server pushes.
func (a *account) take(f wire.Frame) error {
	switch f.Kind {
	case presence.KindChanged:
		in := pack.NewCursor(f.Body)
		e, err := presence.DecodeChangedEvent(&in)
		if err != nil {
			return err
		}
		a.hear(&e)
	case wire.KindMissed:
		a.missed()
	}
	return nil
}

// hear takes an event.
func (a *account) hear(e *presence.ChangedEvent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pushes++
	a.moves += int64(e.Joins + e.Leaves)
	a.updates += int64(e.Updates)
	if a.here != 0 && a.here+e.Joins-e.Leaves != e.Count {
		a.wrong++
	}
	a.here = e.Count
	a.marked = a.marked || slices.ContainsFunc(e.Updated, func(m presence.Member) bool {
		return m.Status == marker
	})
}

// missed notes that events were dropped: a member that reads all the time must not
// miss any.
func (a *account) missed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrong++
}

func (a *account) sum() told {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told
}

// compare says how many are missing of those who should be present, and how many
// are who should not. Both lists rise.
func compare(want, got []grid.SessionID) (missing, ghosts int) {
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0] < got[0]:
			missing++
			want = want[1:]
		case len(want) == 0 || got[0] < want[0]:
			ghosts++
			got = got[1:]
		default:
			want, got = want[1:], got[1:]
		}
	}
	return missing, ghosts
}
