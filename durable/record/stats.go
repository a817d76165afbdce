package record

import (
	"sync/atomic"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/meter"
)

// Stats is what the record tables hold now, and have done since they were opened.
// There are no conflicts to count: transactions that write take turns.
type Stats struct {
	Views   meter.Reading // per call of View: µs until it returned
	Updates meter.Reading // per call of Update: µs until it returned, so until it was on disk
	Turns   meter.Reading // of that: µs until it was its turn to write

	Failed  uint64 // calls that returned an error, whosever it was
	Written uint64 // transactions that wrote something
	Bytes   uint64 // that they wrote, keys and all
	Syncs   uint64 // fsyncs that made them durable, many with one

	Engine disk.Stats // of Pebble; zero once the tables are closed
}

// counters are the store's; any goroutine writes them.
type counters struct {
	views, updates, turns         meter.Histogram
	failed, written, bytes, syncs atomic.Uint64
}

// Stats returns the numbers of this moment. Any goroutine may call it; it takes
// some 30 µs, and no transaction waits for it.
func (s *Store) Stats() Stats {
	c := &s.count
	t := Stats{Views: c.views.Read(), Updates: c.updates.Read(), Turns: c.turns.Read(),
		Failed: c.failed.Load(), Written: c.written.Load(), Bytes: c.bytes.Load(),
		Syncs: c.syncs.Load()}
	if s.enter() == nil {
		t.Engine = s.stalls.Read(s.pebble)
		s.leave()
	}
	return t
}

// end notes a call that began at a time, µs, and returns its error.
func (s *Store) end(h *meter.Histogram, began int64, err error) error {
	h.Note(uint64(max(0, s.clock.Micros()-began)))
	if err != nil {
		s.count.failed.Add(1)
	}
	return err
}
