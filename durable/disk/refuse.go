package disk

import (
	"fmt"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
)

// refuseRetry is when a client may ask again what was refused for want of space.
const refuseRetry = 2 * time.Second

// setLow begins or ends the refusal of what makes the state larger. The caller
// holds the lock.
func (s *Space) setLow(low bool) {
	if low == s.mu.low {
		return
	}
	s.mu.low = low
	log := s.o.Logger.With("dir", s.o.Dir, "free", size(s.mu.free), "of", size(s.mu.total),
		"disk_free_min", size(s.o.FreeMin), "ballast_bytes", size(s.o.BallastBytes),
		"ballast", s.mu.ballast.there)
	if !low {
		s.o.Gate.Open(gate.DiskLow)
		log.Info("there is space on the disk again: writes are taken again")
		return
	}
	s.mu.since = s.o.Clock.Micros()
	s.o.Gate.Close(gate.DiskLow, &fault.Error{
		Code: fault.ResourceExhausted, Retry: refuseRetry, Message: fmt.Sprintf(
			"the node's disk has too little space left and takes no new data until there is "+
				"more: disk_free_min is %s, and ballast_bytes %s beside it; "+
				"free space on the disk of the data directory", size(s.o.FreeMin),
			size(s.o.BallastBytes)),
	})
	log.Warn("the disk has too little space left: writes are refused and reads served " +
		"until there is more; free space on it, make it larger, or lower disk_free_min")
}

// setFull begins or ends the refusal of everything that is written. The caller
// holds the lock.
func (s *Space) setFull(full bool) {
	if full == s.mu.full {
		return
	}
	s.mu.full = full
	if !full {
		s.o.Gate.Open(gate.DiskFull)
		if s.mu.gaveUp {
			return
		}
		s.o.Logger.Info("what waited for space on the disk is written", "dir", s.o.Dir)
		return
	}
	s.o.Gate.Close(gate.DiskFull, &fault.Error{
		Code: fault.ResourceExhausted, Retry: refuseRetry,
		Message: "the node's disk is full and what it writes waits for space: " +
			"free space on the disk of the data directory; disk_free_min says how much to keep",
	})
	s.mu.timer.Reset(waitEvery)
	s.o.Logger.Error("the disk is full and the ballast is used up: what the node writes waits "+
		"for space, reads are served; free space on the disk", "dir", s.o.Dir)
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

// SpaceStats is what a Space has last seen and does.
type SpaceStats struct {
	Known        bool          // the file system says how much is free
	FreeBytes    int64         // at the last look, about a second ago at most
	TotalBytes   int64         // of the disk
	FreeMinBytes int64         // what stays free
	BallastBytes int64         // the size of the ballast; 0: there is to be none
	Ballast      bool          // it is there
	Low          bool          // what makes the state larger is refused,
	LowFor       time.Duration // for so long
	Full         bool          // everything is refused: a write waits for space
	Waiting      int           // writes that wait
}

// Stats returns what was last seen.
func (s *Space) Stats() SpaceStats {
	if s == nil {
		return SpaceStats{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := SpaceStats{
		Known: s.mu.known, FreeBytes: s.mu.free, TotalBytes: s.mu.total,
		FreeMinBytes: s.o.FreeMin, BallastBytes: s.o.BallastBytes, Ballast: s.mu.ballast.there,
		Low: s.mu.low, Full: s.mu.full, Waiting: s.mu.waiting,
	}
	if s.mu.low {
		st.LowFor = time.Duration(s.o.Clock.Micros()-s.mu.since) * time.Microsecond
	}
	return st
}
