package host

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

const (
	// watchMax is for how long Watch may look.
	watchMax = time.Minute
	// WatchTop is how many things of a sort Watch names.
	WatchTop = 32
	// watchRows is how many things of a sort are told apart while somebody looks, per
	// shard: a count is at most a 512th of all too high.
	watchRows = 512
)

// Heat is what the shards of a node were busy with for a while.
type Heat struct {
	Micros   int64  // for how long it was looked at, µs
	Commands uint64 // applied meanwhile, those of followers and replays too
	Slots    []Hot  // the busiest first, as in the others; exact
	// Boards, Users and Channels are what commands are about, if it is that.
	Boards, Users, Channels []Hot
}

// Hot is one slot, or one thing, that commands were about.
type Hot struct {
	Name     string // of the board or channel; the id of the user; the number of the slot
	Slot     grid.Slot
	Commands uint64 // at most so many,
	Over     uint64 // and at least so many less
}

// Watch looks at the commands that are applied, for a time of up to a minute, or until
// ctx is done, and then says what they were about. One caller at a time may: another
// gets RESOURCE_EXHAUSTED. Meanwhile each command costs a processor some 0.2 µs more,
// and the shards some 200 KB each; at other times, each entry a look at a pointer.
func (h *Host) Watch(ctx context.Context, d time.Duration) (*Heat, error) {
	if d <= 0 || d > watchMax {
		return nil, fault.New(fault.InvalidArgument, "watch for %v: use up to %v", d, watchMax)
	}
	w := newWatch(h.Groups())
	if !h.watcher.CompareAndSwap(nil, w) {
		return nil, &fault.Error{Code: fault.ResourceExhausted, Retry: time.Second,
			Message: "somebody watches this node already: ask again in a moment"}
	}
	defer h.watcher.Store(nil)
	over, began := make(chan struct{}), h.clock.Micros()
	timer := h.clock.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	select {
	case <-over:
	case <-ctx.Done():
	case <-h.stop:
	}
	heat := w.heat()
	heat.Micros = h.clock.Micros() - began
	return heat, nil
}

// watch counts what is applied while somebody looks, for each shard by itself, so that
// the appliers do not meet.
type watch struct{ shards map[int]*shardWatch }

type shardWatch struct {
	mu       sync.Mutex // the applier's, but for the one moment at the end
	commands uint64
	slots    [grid.Slots]uint64
	subjects [slot.Subjects]*meter.Sketch
}

func newWatch(groups []*Group) *watch {
	w := &watch{shards: make(map[int]*shardWatch)}
	for _, g := range groups {
		at := &shardWatch{}
		for s := range at.subjects {
			at.subjects[s] = meter.NewSketch(watchRows)
		}
		w.shards[g.number] = at
	}
	return w
}

// note counts the commands of an entry that a shard has applied.
func (w *watch) note(number int, data []byte) {
	s := w.shards[number]
	if s == nil {
		return // its replica came later
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var e shard.Entry
	if e.Decode(data) != nil {
		return // it was applied: this does not happen
	}
	var c slot.Command
	for {
		if more, err := e.Next(&c); err != nil || !more {
			return
		}
		s.commands++
		s.slots[c.Slot]++
		if sort, key := c.Subject(); sort != slot.NoSubject {
			s.subjects[sort].Note(key, 1)
		}
	}
}

// heat adds up what all shards have counted.
func (w *watch) heat() *Heat {
	h := &Heat{}
	var found [slot.Subjects]map[string]meter.Heavy
	for _, s := range w.shards {
		s.mu.Lock()
		h.Commands += s.commands
		for at, n := range s.slots {
			if n > 0 {
				h.Slots = append(h.Slots,
					Hot{Name: fmt.Sprint(at), Slot: grid.Slot(at), Commands: n})
			}
		}
		for sort := range s.subjects {
			found[sort] = merge(found[sort], s.subjects[sort].Top(watchRows))
		}
		s.mu.Unlock()
	}
	h.Slots = hottest(h.Slots)
	h.Boards = named(slot.Board, found[slot.Board])
	h.Users = named(slot.User, found[slot.User])
	h.Channels = named(slot.Channel, found[slot.Channel])
	return h
}

// merge adds what another shard has found: the stripes of a board that is spread, say.
func merge(into map[string]meter.Heavy, found []meter.Heavy) map[string]meter.Heavy {
	if into == nil {
		into = make(map[string]meter.Heavy, len(found))
	}
	for _, f := range found {
		was := into[f.Key]
		into[f.Key] = meter.Heavy{Key: f.Key, Count: was.Count + f.Count, Over: was.Over + f.Over}
	}
	return into
}

func named(sort slot.Subject, found map[string]meter.Heavy) []Hot {
	all := make([]Hot, 0, len(found))
	for key, f := range found {
		all = append(all, Hot{Name: sort.Name(key), Slot: grid.SlotOf(key),
			Commands: f.Count, Over: f.Over})
	}
	return hottest(all)
}

// hottest returns the WatchTop that have most commands, the first first.
func hottest(all []Hot) []Hot {
	slices.SortFunc(all, func(a, b Hot) int {
		return cmp.Or(cmp.Compare(b.Commands, a.Commands), cmp.Compare(a.Slot, b.Slot),
			cmp.Compare(a.Name, b.Name))
	})
	return all[:min(len(all), WatchTop)]
}
