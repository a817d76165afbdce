//go:build !mutant_replay

package host

// heedReplay is a planted bug: see mutant_replay.go.
const heedReplay = false
