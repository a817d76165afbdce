package snapshot

import (
	"sync/atomic"

	"github.com/thronggrid/throng/grid/meter"
)

// Stats is what a store holds, and has done since it was opened.
type Stats struct {
	Index uint64 // log index that the newest snapshot covers; 0: there is none
	Bytes int64  // of its file; 0 if it is from before the start, or there is none
	At    int64  // µs since 1970: when it was finished; 0 likewise

	Taken  uint64        // snapshots finished, or received from another node
	Failed uint64        // snapshots begun and not finished; those that run are not
	Under  int           // under way now
	Micros meter.Reading // per snapshot taken: µs from its beginning until it is durable
	Sizes  meter.Reading // per snapshot taken: bytes of its file
}

// counters are the store's; any goroutine writes them.
type counters struct {
	taken, failed atomic.Uint64
	under         atomic.Int64
	bytes, at     atomic.Int64
	micros, sizes meter.Histogram
}

// Stats returns the numbers of this moment. Any goroutine may call it; it takes
// some 1 µs, and no snapshot waits for it.
func (s *Store) Stats() Stats {
	c := &s.count
	newest, _ := s.state()
	return Stats{Index: newest.index, Bytes: c.bytes.Load(), At: c.at.Load(),
		Taken: c.taken.Load(), Failed: c.failed.Load(), Under: int(c.under.Load()),
		Micros: c.micros.Read(), Sizes: c.sizes.Read()}
}

// begun notes that a sink is open.
func (k *Sink) begun() {
	k.begin = k.store.options.Clock.Micros()
	k.store.count.under.Add(1)
}

// finished notes that the snapshot is durable.
func (k *Sink) finished() {
	c, now := &k.store.count, k.store.options.Clock.Micros()
	c.under.Add(-1)
	c.taken.Add(1)
	c.micros.Note(uint64(max(0, now-k.begin)))
	c.sizes.Note(uint64(k.size))
	if newest, _ := k.store.state(); newest == (id{k.meta.Term, k.meta.Index}) {
		c.bytes.Store(k.size)
		c.at.Store(now)
	}
}

// failed notes that there will be no snapshot.
func (k *Sink) failed() {
	k.store.count.under.Add(-1)
	k.store.count.failed.Add(1)
}
