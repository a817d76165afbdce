//go:build race

package sim

// The race detector makes a run seven times as long.
const (
	raceDetector = true
	seedsDefault = 60
)
