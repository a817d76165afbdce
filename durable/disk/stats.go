package disk

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/grid/clock"
)

// Stats is what a Pebble instance holds now, and has done since it was opened.
type Stats struct {
	WALBytes      uint64 // of its write-ahead log that a start would replay
	MemTableBytes uint64 // taken by memtables
	MemTables     int    // how many there are: more than one wait for a flush
	DiskBytes     uint64 // of all its files, those included that are about to go
	Reads         int    // places to look for a key in, at the most

	Flushes          uint64 // memtables written to tables, since the start
	Compactions      uint64 // since the start
	CompactionsUnder int    // under way now
	DebtBytes        uint64 // about what is left to compact until all is at rest

	Stalls      uint64 // times that writes had to wait for a flush or compaction
	StallMicros uint64 // µs for which they did, the present stall included
	Stalled     bool   // they do now
}

// Stalls counts the times that Pebble lets writes wait.
type Stalls struct {
	clock  clock.Clock
	count  atomic.Uint64
	micros atomic.Int64 // of stalls that are over
	since  atomic.Int64 // µs: when the present one began; 0: there is none
}

func (s *Stalls) begin() {
	s.count.Add(1)
	s.since.Store(max(1, s.clock.Micros()))
}

func (s *Stalls) end() {
	if since := s.since.Swap(0); since != 0 {
		s.micros.Add(max(0, s.clock.Micros()-since))
	}
}

// Read returns the numbers of an instance, which must be open. Any goroutine may
// call it; it takes some 20 µs.
func (s *Stalls) Read(db *pebble.DB) Stats {
	m := db.Metrics()
	t := Stats{
		WALBytes:      m.WAL.Size,
		MemTableBytes: m.MemTable.Size,
		MemTables:     int(m.MemTable.Count),
		DiskBytes:     m.DiskSpaceUsage(),
		Reads:         m.ReadAmp(),

		Flushes:          uint64(m.Flush.Count),
		Compactions:      uint64(m.Compact.Count),
		CompactionsUnder: int(m.Compact.NumInProgress),
		DebtBytes:        m.Compact.EstimatedDebt,

		Stalls:      s.count.Load(),
		StallMicros: uint64(s.micros.Load()),
	}
	if since := s.since.Load(); since != 0 {
		t.Stalled = true
		t.StallMicros += uint64(max(0, s.clock.Micros()-since))
	}
	return t
}
