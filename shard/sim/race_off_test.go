//go:build !race

package sim

const (
	raceDetector = false
	seedsDefault = 300
)
