package wal

// Stats counts what the log has done since it was opened.
type Stats struct {
	Entries   uint64 // raft entries stored
	Calls     uint64 // calls that wrote: StoreLogs, Set, DeleteRange, Put
	Commits   uint64 // Pebble batches committed, each with one fsync
	Gathered  uint64 // commits that waited for announced entries
	Bytes     uint64 // bytes of those batches
	Forgotten uint64 // announced entries that a commit waited for in vain
}

func (s *Stats) count(r *round, bytes int) {
	s.Calls += uint64(r.callers)
	s.Commits++
	s.Bytes += uint64(bytes)
	if r.gathered {
		s.Gathered++
	}
}
