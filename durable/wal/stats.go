package wal

import (
	"cmp"
	"slices"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/meter"
)

// Stats is what the log holds now, and has done since it was opened.
type Stats struct {
	Counts
	Sync        meter.Reading // per commit: µs to write and sync it
	Groups      meter.Reading // per commit: how many groups' changes it has
	CommitBytes meter.Reading // per commit: its bytes
	Logs        []LogStats    // in order of groups
	Engine      disk.Stats    // of Pebble; zero once the log is closed
}

// Counts is what the log has counted since it was opened.
type Counts struct {
	Entries   uint64 // raft entries stored
	Calls     uint64 // calls that wrote: StoreLogs, Set, DeleteRange, Put
	Commits   uint64 // Pebble batches committed, each with one fsync
	Gathered  uint64 // commits that waited for announced entries
	Bytes     uint64 // bytes of those batches
	Forgotten uint64 // announced entries that a commit waited for in vain
}

// LogStats is the log of one group.
type LogStats struct {
	Group       uint32
	First, Last uint64 // indexes of the entries that are kept; both 0: none is
	Bytes       int64  // of these entries, up to 64 KiB and one entry too high
	Truncations uint64 // deletions from its front or of its end, since it was opened
}

// meters belong to the committer: who leads a round notes.
type meters struct{ sync, groups, bytes meter.Histogram }

func (s *Counts) count(r *round, bytes int) {
	s.Calls += uint64(r.callers)
	s.Commits++
	s.Bytes += uint64(bytes)
	if r.gathered {
		s.Gathered++
	}
}

// Stats returns the numbers of this moment. Any goroutine may call it; it takes
// some 30 µs, and no commit waits for it longer than for a copy of the counts.
func (db *DB) Stats() Stats {
	m := &db.commits.meters
	s := Stats{Sync: m.sync.Read(), Groups: m.groups.Read(), CommitBytes: m.bytes.Read()}
	db.commits.mu.Lock()
	s.Counts = db.commits.mu.counts
	db.commits.mu.Unlock()
	for _, l := range db.allLogs() {
		s.Logs = append(s.Logs, l.stats())
	}
	slices.SortFunc(s.Logs, func(a, b LogStats) int { return cmp.Compare(a.Group, b.Group) })
	db.life.RLock()
	defer db.life.RUnlock()
	if !db.life.closed {
		s.Engine = db.stalls.Read(db.pebble)
	}
	return s
}

func (l *Log) stats() LogStats {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return LogStats{Group: l.group, First: l.first, Last: l.last,
		Bytes: l.account.kept(), Truncations: l.truncations}
}
