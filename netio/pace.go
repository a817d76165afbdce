package netio

import "time"

// pace is how the round went that ended last, by which the next one is timed.
type pace struct {
	frames int // it had, and waited for the next when it ended: what may come together
	ended  time.Time
	took   time.Duration
}

// pause is how long the next round, which has so many frames, waits for more: little
// beside what the last one took, and not at all when that is long ago.
func (p *pace) pause(frames int, now time.Time) time.Duration {
	if frames >= p.frames || now.Sub(p.ended) > p.took {
		return 0
	}
	return min(roundPauseMax, p.took/10)
}
