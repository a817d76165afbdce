package load

import (
	"fmt"
	"time"
)

// Limits of what a bench may be asked for.
const (
	RateMin    = 0.01 // operations a second
	RateMax    = 10_000_000
	SecondsMax = 24 * 60 * 60
)

// CheckRate refuses a rate that no load can keep; not a number is none.
func CheckRate(rate float64) error {
	if !(rate >= RateMin && rate <= RateMax) {
		return fmt.Errorf("--rate %g: want %g to %d a second", rate, RateMin, RateMax)
	}
	return nil
}

// CheckSeconds refuses a time over which nothing can be measured.
func CheckSeconds(seconds float64) error {
	if !(seconds > 0 && seconds <= SecondsMax) {
		return fmt.Errorf("--seconds %g: want more than 0, at most %d", seconds, SecondsMax)
	}
	return nil
}

// Seconds is a time in seconds as a duration.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
